/* New connections a second of one client: never more than were paid for, whoever else comes. */
#include "proxy/rate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

static struct rate_table *
table(void)
{
	struct rate_table *t = calloc(1, sizeof(*t));

	t->seed = 42;
	return t;
}

static struct limit_key
client(unsigned n)
{
	struct ip at = {.family = 4, .b = {10, (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n}};

	return limit_client(&at);
}

static unsigned
take(struct rate_table *t, unsigned n, uint64_t now, unsigned per_second, unsigned tries)
{
	struct limit_key key = client(n);
	unsigned got = 0;

	while (tries-- > 0)
		got += rate_take(t, &key, now, per_second);
	return got;
}

/* A second's worth at once; then as the bucket fills; full again after a second. */
static void
test_bucket(void **state)
{
	static const unsigned rates[] = {1, 2, 3, 7, 200, 1000, 1000000};

	(void)state;
	for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
		/* Where the clock's lower bits begin again, too. */
		for (int wraps = 0; wraps < 2; wraps++) {
			struct rate_table *t = table();
			uint64_t now = wraps ? (1ull << 40) - 500000 : 1;
			unsigned r = rates[i] < 5000 ? rates[i] : 5000, n;

			n = take(t, 1, now, rates[i], r);
			assert_int_equal(n, r);
			if (r == rates[i]) {
				assert_int_equal(take(t, 1, now, rates[i], 10), 0);
				now += 1000000 / rates[i];
				assert_int_equal(take(t, 1, now, rates[i], 10), 1);
				assert_int_equal(take(t, 1, now, rates[i], 10), 0);
			}
			now += 1000000;
			assert_int_equal(take(t, 1, now, rates[i], r), r);
			free(t);
		}
	}
}

/* Over any time, whatever the gaps: no more than a second's worth and what the time gave. */
static void
test_sum(void **state)
{
	struct rate_table *t = table();
	uint64_t begin = 1ull << 41, now = begin;
	unsigned got = 0, seed = 3;

	(void)state;
	for (int i = 0; i < 200000; i++) {
		now += (unsigned)rand_r(&seed) % 3000;
		got += take(t, 1, now, 100, 1);
		assert_true(got <= 100 + (now - begin) / 10000 + 1);
	}
	assert_true(got >= (now - begin) / 10000 - 1);
	free(t);
}

/* Clients do not pay for each other, a /64 is one, and a long absence is no debt. */
static void
test_clients(void **state)
{
	struct rate_table *t = table();
	struct ip a = {.family = 6, .b = {0x20, 1, [7] = 1, [15] = 1}}, b = a;
	struct limit_key ka, kb;

	(void)state;
	for (unsigned n = 0; n < 1000; n++)
		assert_int_equal(take(t, n, 5, 3, 5), 3);
	b.b[15] = 9;
	ka = limit_client(&a);
	kb = limit_client(&b);
	assert_true(rate_take(t, &ka, 5, 1));
	assert_false(rate_take(t, &kb, 5, 1));
	b.b[7] = 2;
	kb = limit_client(&b);
	assert_true(rate_take(t, &kb, 5, 1));
	for (uint64_t days = 1; days < 40; days++)
		assert_int_equal(take(t, 7, days * 86400 * RATE_SECOND_US, 3, 5), 3);
	free(t);
}

/* Ten times more clients than there is room for: the busy one is still held to its rate. */
static void
test_crowd(void **state)
{
	struct rate_table *t = table();
	unsigned got = 0;

	(void)state;
	for (unsigned n = 0; n < 10 * RATE_CELLS; n++) {
		if (n % 1000 == 0)
			got += take(t, 0, 10 + n / 10, 10, 20);
		take(t, n + 1, 10 + n / 10, 200, 1);
	}
	assert_true(got <= 12);
	free(t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_bucket),
	    cmocka_unit_test(test_sum),
	    cmocka_unit_test(test_clients),
	    cmocka_unit_test(test_crowd),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
