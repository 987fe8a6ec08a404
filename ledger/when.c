/* Times as people type and read them; see when.h. */
#include "ledger/when.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

enum { DAY_S = 86400, YEAR_MIN = 1970, YEAR_MAX = 9998 };

int64_t
zone_utc(int64_t at)
{
	(void)at;
	return 0;
}

const char *const when_months[12] = {"January", "February", "March", "April", "May", "June", "July", "August",
    "September", "October", "November", "December"};

struct tm
when_clock(int64_t at, zone_of *zone)
{
	time_t t = at + zone(at);
	struct tm tm = {0};

	gmtime_r(&t, &tm);
	return tm;
}

/* When such a clock shows that. */
static int64_t
when_shown(int64_t clock, zone_of *zone)
{
	return clock - zone(clock - zone(clock));
}

/* "N-N" … of exactly these widths. -1: other text. */
static int
digits(struct span text, const size_t *widths, size_t n, int *out)
{
	for (size_t i = 0; i < n; i++) {
		if (i > 0 && (text.len == 0 || text.ptr[0] != '-'))
			return -1;
		text = i > 0 ? span_from(text, 1) : text;
		if (text.len < widths[i])
			return -1;
		out[i] = 0;
		for (size_t d = 0; d < widths[i]; d++) {
			unsigned digit = (unsigned char)text.ptr[d] - '0';

			if (digit > 9)
				return -1;
			out[i] = out[i] * 10 + (int)digit;
		}
		text = span_from(text, widths[i]);
	}
	return text.len == 0 && out[0] >= YEAR_MIN && out[0] <= YEAR_MAX ? 0 : -1;
}

int
when_month(struct span text, int64_t *start)
{
	int got[2];
	struct tm tm;

	if (digits(text, (const size_t[]){4, 2}, 2, got) == -1 || got[1] < 1 || got[1] > 12)
		return -1;
	tm = (struct tm){.tm_year = got[0] - 1900, .tm_mon = got[1] - 1, .tm_mday = 1};
	*start = timegm(&tm);
	return 0;
}

int
when_day(struct span text, zone_of *zone, int64_t *start)
{
	int got[3];
	struct tm tm;

	if (digits(text, (const size_t[]){4, 2, 2}, 3, got) == -1)
		return -1;
	tm = (struct tm){.tm_year = got[0] - 1900, .tm_mon = got[1] - 1, .tm_mday = got[2]};
	*start = when_shown(timegm(&tm), zone);
	/* 31 November is another day by now. */
	return tm.tm_mon == got[1] - 1 && tm.tm_mday == got[2] ? 0 : -1;
}

int64_t
day_start(int64_t at, zone_of *zone)
{
	return day_after(at, 0, zone);
}

int64_t
day_after(int64_t at, int days, zone_of *zone)
{
	int64_t clock = at + zone(at), in_day = clock % DAY_S;

	return when_shown(clock - (in_day < 0 ? in_day + DAY_S : in_day) + days * DAY_S, zone);
}

const char *
when_date(int64_t at, zone_of *zone, char out[WHEN_TEXT])
{
	struct tm tm = when_clock(at, zone);

	snprintf(out, WHEN_TEXT, "%04d-%02d-%02d", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday);
	return out;
}

const char *
when_hour(int64_t at, zone_of *zone, char out[WHEN_TEXT])
{
	struct tm tm = when_clock(at, zone);

	snprintf(out, WHEN_TEXT, "%04d-%02d-%02d %02d:%02d", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday,
	    tm.tm_hour, tm.tm_min);
	return out;
}

const char *
when_iso(int64_t at, zone_of *zone, char out[WHEN_TEXT])
{
	struct tm tm = when_clock(at, zone);
	int64_t east = zone(at), minutes = (east < 0 ? -east : east) / 60;
	int n = snprintf(out, WHEN_TEXT, "%04d-%02d-%02dT%02d:%02d:%02d", tm.tm_year + 1900, tm.tm_mon + 1,
	    tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec);

	if (zone == zone_utc)
		snprintf(out + n, WHEN_TEXT - (size_t)n, "Z");
	else
		snprintf(out + n, WHEN_TEXT - (size_t)n, "%c%02d:%02d", east < 0 ? '-' : '+',
		    (int)(minutes / 60 % 100), (int)(minutes % 60));
	return out;
}

const char *
when_period(int64_t from, int64_t until, char out[2 * WHEN_TEXT])
{
	struct tm a = when_clock(from, zone_utc), b = when_clock(until - 1, zone_utc);
	size_t n = 0, room = 2 * WHEN_TEXT;

	n = (size_t)snprintf(out, room, "%d", a.tm_mday);
	if (a.tm_mon != b.tm_mon || a.tm_year != b.tm_year)
		n += (size_t)snprintf(out + n, room - n, " %s", when_months[a.tm_mon]);
	if (a.tm_year != b.tm_year)
		n += (size_t)snprintf(out + n, room - n, " %d", a.tm_year + 1900);
	snprintf(out + n, room - n, " to %d %s %d", b.tm_mday, when_months[b.tm_mon], b.tm_year + 1900);
	return out;
}

/* Rows, by time, that begin at once become one. */
static void
fold(struct history *history)
{
	size_t n = 0;

	for (size_t i = 0; i < history->n; i++) {
		struct dated *last = n > 0 ? &history->list[n - 1] : NULL, row = history->list[i];

		if (!last || last->start != row.start)
			history->list[n++] = row;
		else
			for (int f = 0; f < SLOT_FIELDS; f++)
				last->v[f] =
				    last->v[f] + row.v[f] < row.v[f] ? UINT64_MAX : last->v[f] + row.v[f];
	}
	history->n = n;
}

void
hours_to_days(struct history *history, zone_of *zone)
{
	for (size_t i = 0; i < history->n; i++)
		history->list[i].start = day_start(history->list[i].start, zone);
	fold(history);
}

void
days_to_periods(struct history *history, uint8_t day)
{
	for (size_t i = 0; i < history->n; i++)
		history->list[i].start = period_start(history->list[i].start, day);
	fold(history);
}
