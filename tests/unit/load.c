/* What a process takes of the host, by the kernel's line about it. */
#include "cli/load.h"
#include "tests/unit/guard.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

#define FIELDS                                                                                               \
	" S 1 2 3 0 -1 4194560 10 20 30 40 7 8 9 10 20 0 1 0 12345 99999744 5000 18446744073709551615 1 1"
#define HUGE_FIELDS " S 1 2 3 0 -1 4 1 2 3 4 99999999999999999999 8 9 10 20 0 1 0 5 6 7 8 9"

static void
processes(void **state)
{
	static const struct {
		const char *text;
		bool good;
	} cases[] = {
	    {"12 (linux.uml)" FIELDS, true},
	    {"12 (a b) c) (d))" FIELDS, true}, /* a name is what its owner likes */
	    {"12 ()" FIELDS, true},
	    {"12 (\377\n)" FIELDS, true},
	    {"12 (linux.uml)" HUGE_FIELDS, false},
	    {"12 (linux.uml) S 1 2 3 0 -1 4 1 2 3 4 -7 8 9 10 20 0 1 0 5 6 7 8 9", false},
	    {"12 linux.uml" FIELDS, false},
	    {"12 (linux.uml)", false},
	    {")", false},
	    {"", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct load load = {.ticks = 1, .pages = 2};

		assert_int_equal(load_take(guarded(cases[i].text), &load), cases[i].good);
		assert_int_equal(load.there, cases[i].good);
		assert_int_equal(load.ticks, cases[i].good ? 35 : 1);
		assert_int_equal(load.pages, cases[i].good ? 5000 : 2);
	}
}

/* Cut anywhere it says what the whole says, or nothing. */
static void
prefixes(void **state)
{
	const char *whole = "12 (linux.uml)" FIELDS;

	(void)state;
	for (size_t n = 0; n < strlen(whole); n++) {
		const char *copy = guard_copy(whole, n);
		struct load load = {0};

		if (load_take(span_of(copy, n), &load)) {
			assert_int_equal(load.ticks, 34);
			assert_int_equal(load.pages, 5000);
		} else {
			assert_int_equal(load.ticks, 0);
		}
		guard_free(copy, n);
	}
}

/* Time adds up, memory is that of the largest. */
static void
several(void **state)
{
	struct load load = {0};

	(void)state;
	assert_true(load_take(guarded("1 (a)" FIELDS), &load));
	assert_true(load_take(guarded("2 (b) S 1 2 3 0 -1 4 1 2 3 4 100 0 0 0 20 0 1 0 5 6 70 8 9"), &load));
	assert_int_equal(load.ticks, 134);
	assert_int_equal(load.pages, 5000);
}

static void
percents(void **state)
{
	static const struct {
		struct load before, now;
		double seconds;
		bool known;
		unsigned percent;
	} cases[] = {
	    {{true, 100, 0}, {true, 150, 0}, 1, true, 50},
	    {{true, 100, 0}, {true, 100, 0}, 1, true, 0},
	    {{true, 100, 0}, {true, 300, 0}, 1, true, 200},
	    {{true, 0, 0}, {true, UINT64_MAX, 0}, 1, true, 9999},
	    {{true, 100, 0}, {true, 99, 0}, 1, false, 0}, /* another start */
	    {{false, 0, 0}, {true, 99, 0}, 1, false, 0},
	    {{true, 99, 0}, {false, 0, 0}, 1, false, 0},
	    {{true, 1, 0}, {true, 2, 0}, 0, false, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		unsigned got = 0;

		assert_int_equal(load_percent(&cases[i].before, &cases[i].now, cases[i].seconds, 100, &got),
		    cases[i].known);
		assert_int_equal(got, cases[i].percent);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(processes), cmocka_unit_test(prefixes),
	    cmocka_unit_test(several), cmocka_unit_test(percents)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
