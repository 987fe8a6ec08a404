/* Which server holds which key. */
#include "ledger/place.h"
#include "tests/unit/guard.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

/* The wanted slots are redis-server 7.0's own (CLUSTER KEYSLOT). */
static void
slots(void **state)
{
	static const struct {
		const char *key;
		uint16_t slot;
	} cases[] = {
	    {"", 0},
	    {"123456789", 12739},
	    {"lodge:guests", 1863},
	    {"alice", 749},
	    {"lodge:{alice}:cur", 749},
	    {"lodge:src:host.example:{alice}:5m:20261122", 749},
	    {"a{alice}b{bob}", 749},
	    {"{}alice", 1660},
	    {"{alice", 1235},
	    {"alice}{", 11596},
	    {"x{{alice}", 1235},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		if (place_slot(guarded(cases[i].key)) != cases[i].slot)
			fail_msg("%s: %u", cases[i].key, place_slot(guarded(cases[i].key)));
}

static void
places(void **state)
{
	static struct places p;
	char name[20];

	(void)state;
	places_begin(&p);
	places_seed(&p, "localhost", 6379);
	assert_int_equal(p.n, 1);
	assert_int_equal(p.of_slot[749], 0);
	assert_int_equal(places_add(&p, 0, span_str("10.0.0.7"), 6379), 1);
	assert_int_equal(places_add(&p, 0, span_str("10.0.0.7"), 6380), 2);
	assert_int_equal(places_add(&p, 0, span_str("10.0.0.7"), 6379), 1);
	assert_int_equal(places_add(&p, 0, span_str(""), 6379), 0);
	assert_int_equal(places_add(&p, 2, span_str(""), 6379), 1);
	assert_int_equal(p.n, 3);
	places_serve(&p, 100, 749, 2);
	assert_int_equal(p.of_slot[99], 0);
	assert_int_equal(p.of_slot[100], 2);
	assert_int_equal(p.of_slot[749], 2);
	assert_int_equal(p.of_slot[750], 0);
	places_serve(&p, 16383, 16383, 1);
	assert_int_equal(p.of_slot[16383], 1);
	places_serve(&p, 5, 4, 1);
	assert_int_equal(p.of_slot[5], 0);
	for (size_t i = p.n; i < PLACES_MAX; i++) {
		snprintf(name, sizeof(name), "node%zu", i);
		assert_int_equal(places_add(&p, 0, span_str(name), 1), i);
	}
	assert_int_equal(places_add(&p, 0, span_str("one.more"), 1), -1);
	assert_int_equal(places_add(&p, 0, span_str("node63"), 1), 63);
}

/* A socket has no host that its server's «same host» could mean. */
static void
nowhere(void **state)
{
	static struct places p;
	char longest[PLACE_HOST_MAX + 2];

	(void)state;
	places_begin(&p);
	places_seed(&p, "", 0);
	assert_int_equal(places_add(&p, 0, span_str(""), 6379), -1);
	memset(longest, 'a', sizeof(longest));
	assert_int_equal(places_add(&p, 0, span_of(longest, PLACE_HOST_MAX + 1), 1), -1);
	assert_int_equal(places_add(&p, 0, span_of(longest, PLACE_HOST_MAX), 1), 1);
	assert_int_equal(strlen(p.list[1].host), PLACE_HOST_MAX);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(slots),
	    cmocka_unit_test(places),
	    cmocka_unit_test(nowhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
