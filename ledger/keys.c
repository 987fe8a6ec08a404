/* The names of the billing keys; see keys.h. */
#include "ledger/keys.h"

#include <stdio.h>
#include <time.h>

enum { DAY_S = 86400 };

const char *
key_of(const char *host, const char *guest, const char *suffix, char out[KEY_TEXT])
{
	if (host)
		snprintf(out, KEY_TEXT, "lodge:src:%.253s:{%.32s}:%.31s", host, guest, suffix);
	else
		snprintf(out, KEY_TEXT, "lodge:{%.32s}:%.31s", guest, suffix);
	return out;
}

/* Years are held to four digits: a clock can say anything. */
static struct tm
utc(int64_t at)
{
	time_t t = at < 0 ? 0 : (time_t)at;
	struct tm tm = {0};

	if (!gmtime_r(&t, &tm) || tm.tm_year > 9999 - 1900)
		tm = (struct tm){.tm_year = 9999 - 1900, .tm_mon = 11, .tm_mday = 31};
	return tm;
}

int64_t
slot_start(enum slot_kind kind, int64_t at)
{
	static const int64_t length[SLOT_KINDS] = {
	    [SLOT_5M] = 300,
	    [SLOT_HOUR] = 3600,
	    [SLOT_DAY] = DAY_S,
	};

	return at < 0 ? 0 : at - at % length[kind];
}

static int
month_days(int year, int mon)
{
	static const int days[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

	if (mon == 1 && year % 4 == 0 && (year % 100 != 0 || year % 400 == 0))
		return 29;
	return days[mon];
}

static int64_t
period_day(int year, int mon, uint8_t day)
{
	int last = month_days(year, mon);
	struct tm tm = {.tm_year = year - 1900, .tm_mon = mon, .tm_mday = day < last ? day : last};

	return timegm(&tm);
}

int64_t
period_start(int64_t at, uint8_t day)
{
	struct tm tm = utc(at);
	int64_t start = period_day(tm.tm_year + 1900, tm.tm_mon, day);

	if (start <= (at < 0 ? 0 : at))
		return start;
	if (tm.tm_mon == 0)
		return period_day(tm.tm_year + 1899, 11, day);
	return period_day(tm.tm_year + 1900, tm.tm_mon - 1, day);
}

int64_t
period_end(int64_t at, uint8_t day)
{
	struct tm tm = utc(at);
	int64_t start = period_day(tm.tm_year + 1900, tm.tm_mon, day);

	if (start > (at < 0 ? 0 : at))
		return start;
	if (tm.tm_mon == 11)
		return period_day(tm.tm_year + 1901, 0, day);
	return period_day(tm.tm_year + 1900, tm.tm_mon + 1, day);
}

const char *
key_period(int64_t start, char out[KEY_SUFFIX])
{
	struct tm tm = utc(start);

	snprintf(out, KEY_SUFFIX, "m:%04d%02d%02d", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday);
	return out;
}

const char *
key_slot(enum slot_kind kind, int64_t start, char out[KEY_SUFFIX])
{
	struct tm tm = utc(start);
	int year = tm.tm_year + 1900;

	if (kind == SLOT_DAY)
		snprintf(out, KEY_SUFFIX, "d:%04d", year);
	else
		snprintf(out, KEY_SUFFIX, "%s:%04d%02d%02d", kind == SLOT_5M ? "5m" : "h", year,
		    tm.tm_mon + 1, tm.tm_mday);
	return out;
}

const char *
key_slot_field(enum slot_kind kind, int64_t start, char out[KEY_SUFFIX])
{
	struct tm tm = utc(start);

	if (kind == SLOT_DAY)
		snprintf(out, KEY_SUFFIX, "%02d%02d", tm.tm_mon + 1, tm.tm_mday);
	else if (kind == SLOT_HOUR)
		snprintf(out, KEY_SUFFIX, "%02d", tm.tm_hour);
	else
		snprintf(out, KEY_SUFFIX, "%02d%02d", tm.tm_hour, tm.tm_min);
	return out;
}

/* Two digits, or -1. */
static int
two_digits(struct span text, size_t at)
{
	unsigned tens = (unsigned char)text.ptr[at] - '0', ones = (unsigned char)text.ptr[at + 1] - '0';

	return tens > 9 || ones > 9 ? -1 : (int)(tens * 10 + ones);
}

/* "MMDD" of the year of at; 31 February is none. */
static int64_t
day_at(int64_t at, int month, int day)
{
	int year = utc(at).tm_year + 1900;

	if (month < 1 || month > 12 || day < 1 || day > month_days(year, month - 1))
		return -1;
	return period_day(year, month - 1, (uint8_t)day);
}

int64_t
key_slot_at(enum slot_kind kind, int64_t at, struct span field)
{
	int first, second = 0;

	if (field.len != (kind == SLOT_HOUR ? 2u : 4u))
		return -1;
	first = two_digits(field, 0);
	if (kind != SLOT_HOUR)
		second = two_digits(field, 2);
	if (first == -1 || second == -1)
		return -1;
	if (kind == SLOT_DAY)
		return day_at(at, first, second);
	if (first > 23 || second > 55 || second % 5 != 0)
		return -1;
	return slot_start(SLOT_DAY, at) + first * 3600 + second * 60;
}

int64_t
key_slot_next(enum slot_kind kind, int64_t at)
{
	struct tm tm = utc(at);

	if (kind != SLOT_DAY)
		return slot_start(SLOT_DAY, at) + DAY_S;
	tm = (struct tm){.tm_year = tm.tm_year + 1, .tm_mday = 1};
	return timegm(&tm);
}

int64_t
key_slot_expire(enum slot_kind kind)
{
	static const int64_t days[SLOT_KINDS] = {
	    [SLOT_5M] = 40,
	    [SLOT_HOUR] = 400,
	    [SLOT_DAY] = 3 * 366,
	};

	return days[kind] * DAY_S;
}
