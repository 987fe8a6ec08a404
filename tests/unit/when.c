/* Times as people type and read them, with clocks that are put forward and back. */
#include "ledger/when.h"
#include "tests/unit/guard.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

enum { HOUR = 3600, DAY = 86400 };

/* 2026-03-29 01:00 UTC and 2026-10-25 01:00 UTC: central Europe's clocks go forward and back. */
static const int64_t forward = 1774746000, back = 1792890000;

static int64_t
berlin(int64_t at)
{
	return at >= forward && at < back ? 2 * HOUR : HOUR;
}

/* Its clocks change while they show a day that UTC has not reached. */
static int64_t
sydney(int64_t at)
{
	return at >= 1775318400 && at < 1791043200 ? 10 * HOUR : 11 * HOUR;
}

static int64_t
kolkata(int64_t at)
{
	(void)at;
	return 5 * HOUR + HOUR / 2;
}

static int64_t
west(int64_t at)
{
	(void)at;
	return -9 * HOUR - HOUR / 2;
}

static void
typed(void **state)
{
	static const struct {
		const char *text;
		zone_of *zone;
		int64_t want; /* -1: refused */
	} days[] = {
	    {"2026-11-22", zone_utc, 1795305600},
	    {"2026-11-22", berlin, 1795305600 - HOUR},
	    {"2026-11-22", kolkata, 1795305600 - 5 * HOUR - HOUR / 2},
	    {"2026-11-22", west, 1795305600 + 9 * HOUR + HOUR / 2},
	    {"2026-03-29", berlin, forward - 2 * HOUR},
	    {"2026-03-30", berlin, forward - 2 * HOUR + 23 * HOUR},
	    {"2026-10-25", berlin, back - 3 * HOUR},
	    {"2026-10-26", berlin, back - 3 * HOUR + 25 * HOUR},
	    {"2026-10-04", sydney, 1791043200 - 2 * HOUR},
	    {"2026-10-05", sydney, 1791043200 - 2 * HOUR + 23 * HOUR},
	    {"2028-02-29", zone_utc, 1835395200},
	    {"2026-02-29", zone_utc, -1},
	    {"2026-13-01", zone_utc, -1},
	    {"2026-00-01", zone_utc, -1},
	    {"2026-11-00", zone_utc, -1},
	    {"2026-11-31", zone_utc, -1},
	    {"1969-11-01", zone_utc, -1},
	    {"9999-01-01", zone_utc, -1},
	    {"2026-11-2", zone_utc, -1},
	    {"2026-11-022", zone_utc, -1},
	    {"2026-11-22 ", zone_utc, -1},
	    {"2026/11/22", zone_utc, -1},
	    {"+026-11-22", zone_utc, -1},
	    {"2026-11", zone_utc, -1},
	    {"", zone_utc, -1},
	};
	static const struct {
		const char *text;
		int64_t want;
	} months[] = {
	    {"2026-11", 1793491200},
	    {"1970-01", 0},
	    {"2026-00", -1},
	    {"2026-13", -1},
	    {"2026-1", -1},
	    {"2026-11-01", -1},
	    {"202611", -1},
	    {"", -1},
	};
	int64_t got;

	(void)state;
	for (size_t i = 0; i < sizeof(days) / sizeof(*days); i++) {
		int status = when_day(guarded(days[i].text), days[i].zone, &got);

		if (days[i].want == -1 ? status != -1 : status != 0 || got != days[i].want)
			fail_msg("%s", days[i].text);
	}
	for (size_t i = 0; i < sizeof(months) / sizeof(*months); i++) {
		int status = when_month(guarded(months[i].text), &got);

		if (months[i].want == -1 ? status != -1 : status != 0 || got != months[i].want)
			fail_msg("%s", months[i].text);
	}
}

static void
shown(void **state)
{
	char out[2 * WHEN_TEXT];

	(void)state;
	assert_string_equal(when_iso(1795319232, zone_utc, out), "2026-11-22T03:47:12Z");
	assert_string_equal(when_iso(1795319232, berlin, out), "2026-11-22T04:47:12+01:00");
	assert_string_equal(when_iso(1795319232, west, out), "2026-11-21T18:17:12-09:30");
	assert_string_equal(when_hour(1795319232, kolkata, out), "2026-11-22 09:17");
	assert_string_equal(when_date(1795319232, west, out), "2026-11-21");
	assert_string_equal(when_period(1793491200, 1796083200, out), "1 to 30 November 2026");
	assert_string_equal(when_period(1794700800, 1797292800, out), "15 November to 14 December 2026");
	assert_string_equal(when_period(1796774400, 1799452800, out), "9 December 2026 to 8 January 2027");
}

/* Days follow each other, each begins where a clock shows midnight, and each moment lies in its own. */
static void
days_law(void **state)
{
	static zone_of *const zones[] = {zone_utc, berlin, kolkata, west, sydney};

	(void)state;
	for (size_t z = 0; z < 5; z++) {
		for (int64_t at = forward - 3 * DAY; at < back + 3 * DAY; at += 1717) {
			int64_t start = day_start(at, zones[z]), next = day_after(at, 1, zones[z]);
			char out[WHEN_TEXT], day[WHEN_TEXT];

			assert_true(start <= at && at < next);
			assert_int_equal((start + zones[z](start)) % DAY, 0);
			assert_int_equal(day_start(next, zones[z]), next);
			assert_int_equal(day_start(next - 1, zones[z]), start);
			when_date(at, zones[z], day);
			assert_string_equal(when_date(start, zones[z], out), day);
			assert_int_equal(when_day(span_str(day), zones[z], &next), 0);
			assert_int_equal(next, start);
		}
	}
}

/* A year's hours make days: none is lost, and the days on which clocks change have 23 and 25 of them. */
static void
hours_of_days(void **state)
{
	enum { HOURS = 365 * 24 };
	struct history history = {calloc(HOURS, sizeof(*history.list)), HOURS};
	uint64_t sum = 0, least = 24, most = 24;

	(void)state;
	for (int i = 0; i < HOURS; i++)
		history.list[i] =
		    (struct dated){.start = 1767222000 + i * HOUR, /* 2026-01-01 00:00 in Berlin */
			.v[SLOT_BILLED] = 1,
			.v[SLOT_UNCLASSIFIED] = 2};
	hours_to_days(&history, berlin);
	assert_int_equal(history.n, 365);
	for (size_t i = 0; i < history.n; i++) {
		uint64_t n = history.list[i].v[SLOT_BILLED];

		sum += n;
		least = n < least ? n : least;
		most = n > most ? n : most;
		assert_int_equal(history.list[i].v[SLOT_UNCLASSIFIED], 2 * n);
		assert_int_equal(history.list[i].start, day_start(history.list[i].start, berlin));
	}
	assert_int_equal(sum, HOURS);
	assert_int_equal(least, 23);
	assert_int_equal(most, 25);
	free(history.list);
}

/* Each day counts to the period that it lies in, and none goes missing. */
static void
periods_of_days(void **state)
{
	enum { DAYS = 365 };
	struct history history = {calloc(DAYS, sizeof(struct dated)), DAYS};
	uint64_t sum = 0;

	(void)state;
	for (int i = 0; i < DAYS; i++)
		history.list[i] = (struct dated){.start = 1767225600 + i * 24 * HOUR, /* 2026-01-01 */
		    .v[SLOT_BILLED] = 1,
		    .v[SLOT_UNCLASSIFIED] = 2};
	days_to_periods(&history, 15);
	assert_int_equal(history.n, 13);
	assert_int_equal(history.list[0].start, 1765756800); /* 2025-12-15 */
	assert_int_equal(history.list[0].v[SLOT_BILLED], 14);
	assert_int_equal(history.list[1].v[SLOT_BILLED], 31);
	assert_int_equal(history.list[2].v[SLOT_BILLED], 28); /* from 15 February */
	assert_int_equal(history.list[12].v[SLOT_BILLED], 17);
	for (size_t i = 0; i < history.n; i++) {
		sum += history.list[i].v[SLOT_BILLED];
		assert_int_equal(history.list[i].v[SLOT_UNCLASSIFIED], 2 * history.list[i].v[SLOT_BILLED]);
		assert_int_equal(history.list[i].start, period_start(history.list[i].start, 15));
	}
	assert_int_equal(sum, DAYS);
	free(history.list);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(typed),
	    cmocka_unit_test(shown),
	    cmocka_unit_test(days_law),
	    cmocka_unit_test(hours_of_days),
	    cmocka_unit_test(periods_of_days),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
