/* An older journal, a Redis that is down and knows more, and taps that come and go meanwhile: no byte is lost or doubled. */
#include "acct/unmet.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

static struct kernel
at(uint64_t bytes)
{
	return (struct kernel){{bytes, 10 * bytes}, {bytes / 2, bytes / 3}, 1};
}

static struct life
tap(uint32_t ifindex, uint64_t bytes)
{
	return (struct life){.boot = "boot/1", .tap = "tap2", .ifindex = ifindex, .done = at(bytes)};
}

static void
cases(void **state)
{
	static const struct {
		const char *what;
		uint64_t journal; /* how far tap 1 is counted there */
		unsigned held; /* which tap Redis knows, 0 being none, and how far it was counted */
		uint64_t redis;
		uint64_t ends[4]; /* what tap 1, 2 … counted until it ended; 0: it lives */
		uint64_t owed, from; /* what is owed, and from where the one that lives is counted */
	} rows[] = {
	    {"it lives", 100, 1, 300, {0}, 0, 300},
	    {"it has ended", 100, 1, 300, {1000}, 700, 0},
	    {"and nothing moved before it did", 100, 1, 300, {300}, 0, 0},
	    {"and so has the one after it", 100, 1, 300, {1000, 50}, 750, 0},
	    {"and the one after that", 100, 1, 300, {1000, 50, 7}, 757, 0},
	    {"Redis knows none of them", 100, 0, 0, {1000, 50}, 950, 0},
	    {"Redis knows another", 100, 9, 300, {1000, 50}, 950, 0},
	    {"Redis knows the living one alone", 100, 2, 20, {1000}, 900, 20},
	    {"Redis knows it further than it came", 100, 1, 2000, {1000}, 0, 0},
	    {"and one after it has ended", 100, 1, 2000, {1000, 50}, 50, 0},
	    {"it ended uncounted, and Redis knows the next one", 100, 2, 300, {100, 1000}, 700, 0},
	    {"it was never counted", 0, 1, 300, {1000}, 700, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct kernel journal = at(rows[i].journal), now = at(1 << 20), from, want = at(rows[i].from);
		struct life held = rows[i].held ? tap(rows[i].held, rows[i].redis) : (struct life){0}, life;
		struct unmet u = {0};
		struct record owed;
		uint32_t k = 0;

		unmet_begin(&u, 77, &journal);
		unmet_begin(&u, 99, &now); /* it has begun */
		for (; rows[i].ends[k] != 0; k++) {
			life = tap(k + 1, rows[i].ends[k]);
			unmet_end(&u, &life);
			unmet_life(&u, &(struct kernel){0});
		}
		life = tap(k + 1, 1 << 20);
		from = unmet_owed(&u, &held, &life, &now, &owed);
		if (owed.v[REC_BYTES] != rows[i].owed || from.bytes[0] != rows[i].from)
			fail_msg("%s: owed %u, from %u", rows[i].what, (unsigned)owed.v[REC_BYTES],
			    (unsigned)from.bytes[0]);
		assert_int_equal(owed.v[REC_BYTES + FROM_GUEST], 10 * rows[i].owed);
		assert_int_equal(owed.v[REC_UNCLASSIFIED], rows[i].owed);
		assert_int_equal(owed.v[REC_WIRE + FROM_GUEST], 10 * rows[i].owed);
		if (rows[i].from)
			assert_memory_equal(&from, &want, sizeof(from));
		assert_int_equal(u.seq, 77);
	}
}

/* Left to another guest and come back to: what it counted before is owed, so it goes on from there. */
static void
one_that_comes_back(void **state)
{
	struct kernel journal = at(100), now = at(1 << 20), from;
	struct life held = tap(1, 300), life = tap(1, 1000);
	struct unmet u = {0};
	struct record owed;

	(void)state;
	unmet_begin(&u, 1, &journal);
	unmet_end(&u, &life);
	from = unmet_owed(&u, &held, &life, &now, &owed);
	assert_int_equal(owed.v[REC_BYTES], 700);
	assert_int_equal(from.bytes[0], 1000);
	life = tap(1, 1500);
	unmet_end(&u, &life);
	unmet_owed(&u, &held, &life, &now, &owed);
	assert_int_equal(owed.v[REC_BYTES], 1200);
}

static void
heard_of(void **state)
{
	struct unmet u = {0}, zero = {0};
	struct life life = tap(1, 1000);

	(void)state;
	unmet_life(&u, &life.done);
	unmet_end(&u, &life);
	assert_memory_equal(&u, &zero, sizeof(u));
	/* Interfaces that never were have nothing to end. */
	unmet_begin(&u, 1, &zero.from);
	unmet_end(&u, &(struct life){0});
	assert_string_equal(u.ended.boot, "");
}

/*
 * Whoever counts, in however many lives: what Redis holds and what is owed and what the living one counts from there on is
 * what all of them counted.
 */
static void
every_byte_once(void **state)
{
	(void)state;
	srand(7);
	for (int run = 0; run < 5000; run++) {
		/* Lives of the tap, of which the journal knows one and Redis the same, further. */
		uint64_t redis = (uint64_t)rand() % 1000, journal = redis - (uint64_t)rand() % (redis + 1);
		uint64_t counted = redis + (uint64_t)rand() % 1000, all = counted;
		struct life held = tap(1, redis), life = tap(1, counted);
		struct kernel start = at(journal), from;
		struct unmet u = {0};
		struct record owed;
		uint32_t n = (uint32_t)rand() % 4;

		unmet_begin(&u, 5, &start);
		for (uint32_t i = 0; i < n; i++) {
			unmet_end(&u, &life);
			unmet_life(&u, &(struct kernel){0});
			counted = (uint64_t)rand() % 1000;
			all += counted;
			life = tap(i + 2, counted);
		}
		from = unmet_owed(&u, &held, &life, &life.done, &owed);
		assert_int_equal(redis + owed.v[REC_BYTES] + (counted - from.bytes[0]), all);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(cases),
	    cmocka_unit_test(one_that_comes_back),
	    cmocka_unit_test(heard_of),
	    cmocka_unit_test(every_byte_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
