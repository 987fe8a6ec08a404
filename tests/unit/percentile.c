/* The 95th percentile: a table made by hand, then the definition itself against sorting all samples. */
#include "ledger/percentile.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

enum { T0 = 1795305600 }; /* 2026-11-22 00:00:00 UTC */

static void
by_hand(void **state)
{
	static const struct {
		size_t samples, n;
		uint64_t bytes[24], want;
	} cases[] = {
	    {0, 0, {0}, 0},
	    {1, 1, {7}, 7},
	    {1, 0, {0}, 0},
	    {19, 1, {7}, 7}, /* ceil(18.05) = 19: the largest */
	    {20, 1, {7}, 0}, /* 19 of 20: one does not count */
	    {20, 2, {9, 7}, 7},
	    {21, 2, {7, 9}, 7},
	    {39, 2, {7, 9}, 7},
	    {40, 2, {7, 9}, 0},
	    {40, 3, {5, 9, 7}, 5},
	    {20, 20, {20, 19, 18, 17, 16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1}, 19},
	    {21, 21, {0, 20, 19, 18, 17, 16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1}, 19},
	    {8928, 20, {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1}, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		uint64_t bytes[24];

		memcpy(bytes, cases[i].bytes, sizeof(bytes));
		assert_int_equal(percentile_95(bytes, cases[i].n, cases[i].samples), cases[i].want);
	}
}

static int
by_size(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/* As the definition says: all samples written out, the missing ones as 0, and the one of rank ceil(95 n / 100). */
static void
as_defined(void **state)
{
	(void)state;
	srand(95);
	for (int run = 0; run < 3000; run++) {
		size_t samples = 1 + (size_t)rand() % 600, n = (size_t)rand() % (samples + 1);
		uint64_t all[600] = {0}, given[600];

		for (size_t i = 0; i < n; i++)
			all[i] = given[i] =
			    (uint64_t)rand() % 50 ? (uint64_t)rand() : UINT64_MAX - (uint64_t)rand();
		qsort(all, samples, sizeof(*all), by_size);
		assert_true(percentile_95(given, n, samples) == all[(95 * samples + 99) / 100 - 1]);
	}
}

static void
rates(void **state)
{
	(void)state;
	assert_int_equal(percentile_rate(0), 0);
	assert_int_equal(percentile_rate(37), 0); /* 0.99 bit/s */
	assert_int_equal(percentile_rate(38), 1);
	assert_int_equal(percentile_rate(37500000), 1000000); /* 1 Mbit/s for 5 minutes */
	assert_int_equal(percentile_rate(37499999), 999999);
	assert_true(percentile_rate(UINT64_MAX) == UINT64_MAX / 75 * 2 + UINT64_MAX % 75 * 2 / 75);
}

static void
samples(void **state)
{
	(void)state;
	assert_int_equal(percentile_samples(T0, T0), 0);
	assert_int_equal(percentile_samples(T0, T0 + 299), 0);
	assert_int_equal(percentile_samples(T0, T0 + 300), 1);
	assert_int_equal(percentile_samples(T0 + 1, T0 + 300), 0); /* cut */
	assert_int_equal(percentile_samples(T0 + 1, T0 + 601), 1);
	assert_int_equal(percentile_samples(T0 + 300, T0), 0);
	assert_int_equal(percentile_samples(0, 600), 2);
	assert_int_equal(percentile_samples(-5, 600), 2);
	assert_int_equal(percentile_samples(5, -600), 0);
	for (int day = 1; day <= 31; day++) /* a whole period of this month */
		assert_int_equal(
		    percentile_samples(period_start(T0, (uint8_t)day), period_end(T0, (uint8_t)day)),
		    (period_end(T0, (uint8_t)day) - period_start(T0, (uint8_t)day)) / 300);
}

/* What lies outside, or is cut by an end, is no sample; each direction and unit is for itself. */
static void
of_a_history(void **state)
{
	static struct dated list[100];
	const struct history history = {list, 100};
	struct percentile p;

	(void)state;
	for (int i = 0; i < 100; i++)
		list[i] = (struct dated){T0 + i * 300, {[SLOT_TO_GUEST] = (uint64_t)i * 75,
							   [SLOT_FROM_GUEST] = (uint64_t)i * 150,
							   [SLOT_WIRE_TO_GUEST] = (uint64_t)i * 225,
							   [SLOT_WIRE_FROM_GUEST] = (uint64_t)i * 300,
							   [SLOT_BILLED] = UINT64_MAX}};
	assert_int_equal(percentile_of(&history, T0, T0 + 100 * 300, &p), 0);
	assert_int_equal(p.samples, 100);
	assert_int_equal(p.recorded, 100);
	assert_int_equal(p.tap[TO_GUEST], 94 * 2);
	assert_int_equal(p.tap[FROM_GUEST], 94 * 4);
	assert_int_equal(p.wire[TO_GUEST], 94 * 6);
	assert_int_equal(p.wire[FROM_GUEST], 94 * 8);
	assert_int_equal(percentile_of(&history, T0 + 1, T0 + 41 * 300 - 1, &p), 0); /* slots 1 to 39 */
	assert_int_equal(p.samples, 39);
	assert_int_equal(p.recorded, 39);
	assert_int_equal(p.tap[TO_GUEST], 38 * 2);
	assert_int_equal(percentile_of(&history, T0 - 200 * 300, T0 + 100 * 300, &p), 0);
	assert_int_equal(p.samples, 300);
	assert_int_equal(p.tap[TO_GUEST], 84 * 2);
	assert_int_equal(percentile_of(&history, T0, T0, &p), 0);
	assert_int_equal(p.samples, 0);
	assert_int_equal(p.wire[TO_GUEST], 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(by_hand),
	    cmocka_unit_test(as_defined),
	    cmocka_unit_test(rates),
	    cmocka_unit_test(samples),
	    cmocka_unit_test(of_a_history),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
