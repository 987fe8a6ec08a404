/* Shares, bars and rates for people. */
#include "base/figure.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

static void
percents(void **state)
{
	static const struct {
		uint64_t part, whole;
		unsigned want;
	} cases[] = {
	    {0, 0, 0},
	    {5, 0, 0},
	    {0, 100, 0},
	    {199, 200, 99},
	    {200, 200, 100},
	    {201, 200, 100},
	    {202, 200, 101},
	    {UINT64_MAX, UINT64_MAX, 100},
	    {UINT64_MAX - 1, UINT64_MAX, 99},
	    {UINT64_MAX, 1, PERCENT_MAX},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		assert_int_equal(percent_of(cases[i].part, cases[i].whole), cases[i].want);
}

static void
bars(void **state)
{
	static const struct {
		uint64_t part, whole;
		size_t cells;
		const char *want;
	} cases[] = {
	    {0, 10, 5, "░░░░░"},
	    {1, 10, 5, "░░░░░"},
	    {2, 10, 5, "█░░░░"},
	    {9, 10, 5, "████░"},
	    {10, 10, 5, "█████"},
	    {UINT64_MAX, 10, 5, "█████"},
	    {UINT64_MAX - 1, UINT64_MAX, 3, "██░"},
	    {1, 0, 3, "░░░"},
	    {1, 1, 0, ""},
	};
	char out[BAR_TEXT];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		assert_string_equal(
		    bar_print(cases[i].part, cases[i].whole, cases[i].cells, out), cases[i].want);
	assert_int_equal(strlen(bar_print(1, 1, 1000, out)), BAR_CELLS * 3);
}

static void
rates(void **state)
{
	static const struct {
		uint64_t bit_s;
		const char *want;
	} cases[] = {
	    {0, "0 bit/s"},
	    {999, "999 bit/s"},
	    {1000, "1.0 kbit/s"},
	    {12345678, "12 Mbit/s"},
	    {UINT64_MAX, "18 Ebit/s"},
	};
	char out[RATE_TEXT];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		assert_string_equal(rate_print(cases[i].bit_s, out), cases[i].want);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(percents),
	    cmocka_unit_test(bars),
	    cmocka_unit_test(rates),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
