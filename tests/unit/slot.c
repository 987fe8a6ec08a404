/* Bytes by time: every byte in one slot of each kind, whatever the clock does. */
#include "acct/slot.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdlib.h>

enum { T0 = 1795305600 }; /* 2026-11-22 00:00:00 UTC */

static void
add(struct slots *s, int64_t now, uint64_t bytes, uint64_t seq)
{
	struct record delta = {.ts = now};

	delta.v[REC_BYTES] = bytes;
	slots_turn(s, now, 1, seq);
	slots_add(s, &delta);
}

static const struct slot *
closed(struct slots *s, enum slot_kind kind, int64_t start)
{
	const struct slot *list = slots_closed(s, kind), *found = NULL;

	for (size_t i = 0; i < s->n_closed[kind]; i++)
		if (list[i].start == start) {
			assert_null(found);
			found = &list[i];
		}
	return found;
}

static void
slots_close_in_time(void **state)
{
	static struct slots s;

	(void)state;
	add(&s, T0 + 10, 100, 1);
	add(&s, T0 + 299, 20, 2);
	assert_false(slots_turn(&s, T0 + 299, 1, 3));
	assert_true(slots_turn(&s, T0 + 300, 1, 3));
	assert_int_equal(closed(&s, SLOT_5M, T0)->v[SLOT_TO_GUEST], 120);
	assert_int_equal(closed(&s, SLOT_5M, T0)->seq, 3);
	assert_int_equal(s.open[SLOT_5M].start, T0 + 300);
	assert_int_equal(s.open[SLOT_HOUR].v[SLOT_TO_GUEST], 120);
	/* Nothing moved: nothing closes. */
	assert_false(slots_turn(&s, T0 + 600, 1, 4));
	assert_true(slots_turn(&s, T0 + 3600, 1, 5));
	assert_int_equal(closed(&s, SLOT_HOUR, T0)->v[SLOT_TO_GUEST], 120);
	assert_true(slots_turn(&s, T0 + 86400, 1, 6));
	assert_int_equal(closed(&s, SLOT_DAY, T0)->v[SLOT_TO_GUEST], 120);
	assert_true(slots_turn(&s, T0 + 9 * 86400, 1, 7));
	assert_int_equal(s.n_periods, 1);
	assert_int_equal(s.periods[0].sum.v[REC_BYTES], 120);
}

/* Back and forth over a boundary: bytes stay where the clock put them, and a slot is in one place only. */
static void
clock_steps(void **state)
{
	static struct slots s;

	(void)state;
	add(&s, T0 + 100, 1, 1);
	add(&s, T0 + 400, 10, 2);
	add(&s, T0 + 150, 100, 3); /* back: the first slot is taken up again */
	assert_int_equal(s.open[SLOT_5M].start, T0);
	assert_int_equal(s.open[SLOT_5M].v[SLOT_TO_GUEST], 101);
	assert_int_equal(closed(&s, SLOT_5M, T0 + 300)->v[SLOT_TO_GUEST], 10);
	add(&s, T0 + 450, 1000, 4);
	assert_int_equal(closed(&s, SLOT_5M, T0)->v[SLOT_TO_GUEST], 101);
	assert_int_equal(s.open[SLOT_5M].v[SLOT_TO_GUEST], 1010);
	/* Years ahead by mistake, and back: what came meanwhile stays there, what follows does not. */
	add(&s, T0 + 86400 * 3000ll, 7, 5);
	add(&s, T0 + 460, 5, 6);
	assert_int_equal(s.open[SLOT_5M].start, T0 + 300);
	assert_int_equal(s.open[SLOT_5M].v[SLOT_TO_GUEST], 1015);
	assert_int_equal(closed(&s, SLOT_5M, T0 + 86400 * 3000ll)->v[SLOT_TO_GUEST], 7);
	assert_int_equal(s.period.sum.v[REC_BYTES], 1116);
}

static void
a_day_is_kept(void **state)
{
	static struct slots s;

	(void)state;
	for (int i = 0; i < 600; i++)
		add(&s, T0 + i * 300ll, 1, (uint64_t)i + 1);
	assert_int_equal(s.n_closed[SLOT_5M], KEEP_5M);
	assert_int_equal(s.closed_5m[0].start, T0 + (599 - KEEP_5M) * 300ll);
	assert_int_equal(s.closed_5m[KEEP_5M - 1].start, T0 + 598 * 300ll);
	assert_int_equal(s.n_closed[SLOT_HOUR], KEEP_HOUR);
	for (size_t i = 1; i < KEEP_5M; i++)
		assert_true(s.closed_5m[i - 1].seq < s.closed_5m[i].seq);
}

/* No byte is lost or doubled among slots while all of them are still kept. */
static void
every_byte_in_one_slot(void **state)
{
	(void)state;
	srand(11);
	for (int run = 0; run < 50; run++) {
		static struct slots s;
		uint64_t sum = 0, found = 0;
		int64_t now = T0;

		s = (struct slots){0};
		for (int i = 0; i < 200; i++) {
			uint64_t bytes = (uint64_t)rand() % 1000;

			now += rand() % 700 - 200;
			add(&s, now, bytes, (uint64_t)i + 1);
			sum += bytes;
		}
		for (size_t i = 0; i < s.n_closed[SLOT_5M]; i++)
			if (s.closed_5m[i].start != s.open[SLOT_5M].start)
				found += s.closed_5m[i].v[SLOT_TO_GUEST];
		assert_int_equal(found + s.open[SLOT_5M].v[SLOT_TO_GUEST], sum);
	}
}

static void
another_billing_day(void **state)
{
	static struct slots s;
	struct record delta = {0};

	(void)state;
	delta.v[REC_BYTES] = 5;
	slots_turn(&s, T0, 1, 1);
	slots_add(&s, &delta);
	assert_true(slots_turn(&s, T0, 15, 2));
	assert_int_equal(s.period.start, T0 - 7 * 86400);
	assert_int_equal(s.period.sum.v[REC_BYTES], 0);
	assert_int_equal(s.periods[0].sum.v[REC_BYTES], 5);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(slots_close_in_time),
	    cmocka_unit_test(clock_steps),
	    cmocka_unit_test(a_day_is_kept),
	    cmocka_unit_test(every_byte_in_one_slot),
	    cmocka_unit_test(another_billing_day),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
