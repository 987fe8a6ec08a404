/* The owner's time zone: names, how far clocks there are ahead, and what a file with a wrong one is told. */
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
offsets(void **state)
{
	static const struct {
		const char *zone;
		int year, mon, mday, hour;
		int minutes;
	} cases[] = {
	    {"UTC", 2026, 11, 22, 0, 0},
	    {"Europe/Berlin", 2026, 11, 22, 0, 60},
	    {"Europe/Berlin", 2026, 7, 1, 0, 120},
	    {"Europe/Berlin", 2026, 3, 29, 0, 60}, /* an hour before the clock goes forward */
	    {"Europe/Berlin", 2026, 3, 29, 1, 120},
	    {"Europe/Berlin", 2026, 10, 25, 0, 120}, /* and back */
	    {"Europe/Berlin", 2026, 10, 25, 1, 60},
	    {"Europe/Berlin", 2028, 2, 29, 12, 60},
	    {"America/New_York", 2026, 12, 31, 23, -300},
	    {"Asia/Kathmandu", 2026, 7, 1, 0, 345},
	    {"Pacific/Kiritimati", 2026, 12, 31, 0, 840},
	    {"Etc/GMT+5", 2026, 12, 31, 0, -300},
	    {"Europe/Atlantis", 2026, 12, 31, 0, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		int64_t at = utc(cases[i].year, cases[i].mon, cases[i].mday, cases[i].hour);

		enter(cases[i].zone);
		if (zone_offset(at) != cases[i].minutes * 60)
			fail_msg("%s %lld: %lld", cases[i].zone, (long long)at, (long long)zone_offset(at));
	}
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
	    cmocka_unit_test(offsets),
	    cmocka_unit_test(only_zones_that_there_are),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
