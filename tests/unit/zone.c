/* The owner's time zone: names, days of 23 to 25 hours, and what a file with a wrong one is told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include <time.h>

#include "conf/zone.c"
#include "tests/unit/guard.h"

static void
enter(const char *zone)
{
	struct conf conf = {.time_zone = (char *)zone};

	zone_enter(&conf);
}

static int64_t
utc(int year, int mon, int mday, int hour)
{
	struct tm tm = {.tm_year = year - 1900, .tm_mon = mon - 1, .tm_mday = mday, .tm_hour = hour};

	return timegm(&tm);
}

static void
names(void **state)
{
	static const struct {
		const char *name;
		bool good;
	} cases[] = {
	    {"UTC", true},
	    {"Europe/Berlin", true},
	    {"America/Argentina/Buenos_Aires", true},
	    {"Etc/GMT+5", true},
	    {"Etc/GMT-14", true},
	    {"GMT0", true},
	    {"", false},
	    {"/etc/localtime", false},
	    {"Europe/", false},
	    {"Europe//Berlin", false},
	    {"../etc", false},
	    {"Europe/../../etc", false},
	    {"Europe/.x", false},
	    {"5", false},
	    {":UTC", false},
	    {"CET-1CEST,M3.5.0", false},
	    {"Europe/Ber lin", false},
	    {"EuropeEuropeEuropeEuropeEuropeEuropeEuropeEuropeEuropeEuropeEuro", true},
	    {"EuropeEuropeEuropeEuropeEuropeEuropeEuropeEuropeEuropeEuropeEurop", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		if (!name_zone(guarded(cases[i].name)) != cases[i].good)
			fail_msg("%s", cases[i].name);
}

static void
days(void **state)
{
	static const struct {
		const char *zone;
		int64_t hours_utc; /* of the day's first second, from midnight UTC of that date */
		int year, mon, mday, length;
	} cases[] = {
	    {"UTC", 0, 2026, 11, 22, 24}, {"Europe/Berlin", -1, 2026, 11, 22, 24},
	    {"Europe/Berlin", -2, 2026, 7, 1, 24},
	    {"Europe/Berlin", -1, 2026, 3, 29, 23}, /* the clock goes forward */
	    {"Europe/Berlin", -2, 2026, 10, 25, 25}, /* and back */
	    {"Europe/Berlin", -1, 2028, 2, 29, 24}, {"Europe/Berlin", -1, 2027, 1, 1, 24},
	    {"America/New_York", 5, 2026, 12, 31, 24}, {"Pacific/Kiritimati", -14, 2026, 12, 31, 24},
	    {"America/Santiago", 4, 2026, 9, 6, 23}, /* there is no midnight */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		int64_t start =
		    utc(cases[i].year, cases[i].mon, cases[i].mday, 0) + cases[i].hours_utc * 3600;

		enter(cases[i].zone);
		for (int64_t at = start; at < start + cases[i].length * 3600; at += 1799)
			if (zone_day(at) != start || zone_next_day(at) != start + cases[i].length * 3600)
				fail_msg("%s %d-%d-%d: %lld for %lld", cases[i].zone, cases[i].year,
				    cases[i].mon, cases[i].mday, (long long)zone_day(at), (long long)start);
	}
}

static void
texts(void **state)
{
	char text[64];

	(void)state;
	enter("Europe/Berlin");
	assert_string_equal(zone_print(utc(2026, 10, 31, 23), "%Y-%m-%d %H:%M %Z", text, sizeof(text)),
	    "2026-11-01 00:00 CET");
	assert_string_equal(zone_print(utc(2026, 7, 1, 0), "%H:%M %z", text, sizeof(text)), "02:00 +0200");
	assert_string_equal(zone_print(0, "%Y-%m-%d", text, 5), "");
	enter("Asia/Kathmandu");
	assert_string_equal(zone_print(utc(2026, 7, 1, 0), "%H:%M", text, sizeof(text)), "05:45");
	enter("UTC");
	assert_string_equal(
	    zone_print(utc(2028, 2, 29, 0), "%d %b %H:%M", text, sizeof(text)), "29 Feb 00:00");
}

/* The first line that a file with this zone is told, "" where it is good. */
static const char *
checked(const char *zone)
{
	static char line[512];
	const char *text = "billing: {time-zone: x}\n";
	struct conf_text texts = {"lodge.yaml", span_str(text)};
	struct conf_errors errors = {0};
	struct report report = {.texts = &texts, .n_texts = 1, .errors = &errors};
	struct conf conf = {.time_zone = (char *)zone, .time_zone_place = {0, 1, 22}};

	zone_check(&report, &conf);
	report_end(&report);
	conf_first_error(&errors, line, sizeof(line));
	conf_errors_free(&errors);
	return line;
}

static void
only_zones_that_there_are(void **state)
{
	(void)state;
	assert_string_equal(checked("Europe/Berlin"), "");
	assert_string_equal(checked("UTC"), "");
	assert_string_equal(checked("Etc/GMT+5"), "");
	assert_string_equal(checked("Europe/Atlantis"),
	    "lodge.yaml:1:22: error: time-zone: Europe/Atlantis is none of /usr/share/zoneinfo");
	assert_string_not_equal(checked("Europe"), ""); /* a folder */
	assert_string_not_equal(checked("tzdata.zi"), ""); /* no zone */
	assert_string_not_equal(checked("Europe/Berlin/x"), "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(names),
	    cmocka_unit_test(days),
	    cmocka_unit_test(texts),
	    cmocka_unit_test(only_zones_that_there_are),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
