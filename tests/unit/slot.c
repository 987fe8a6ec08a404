/* Bytes by time: every byte in one slot of each kind, whatever the clock does. */
#include "acct/book.h"

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

/* The clock goes back and forth by a day: the one taken up again costs none of the others its place. */
static void
days_taken_up_again(void **state)
{
	static const int days[] = {0, 1, 0, -1, 0};
	static struct slots s;

	(void)state;
	for (size_t i = 0; i < sizeof(days) / sizeof(*days); i++)
		add(&s, T0 + days[i] * 86400, 1 << i, i + 1);
	assert_int_equal(s.open[SLOT_DAY].v[SLOT_TO_GUEST], 1 + 4 + 16);
	assert_int_equal(closed(&s, SLOT_DAY, T0 + 86400)->v[SLOT_TO_GUEST], 2);
	assert_int_equal(closed(&s, SLOT_DAY, T0 - 86400)->v[SLOT_TO_GUEST], 8);
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

/* --- a clock that jumps, a journal that is read again, and a Redis that only moves forward --------- */

enum { KINDS = SLOT_KINDS + 1, PLACES = 4096, PERIODS = SLOT_KINDS };

/* Bytes by the start of what they lie in; each kind for itself, the periods last. */
struct places {
	size_t n[KINDS];
	int64_t start[KINDS][PLACES];
	uint64_t bytes[KINDS][PLACES];
};

static uint64_t *
place(struct places *p, int kind, int64_t start)
{
	size_t i = 0;

	while (i < p->n[kind] && p->start[kind][i] != start)
		i++;
	if (i == p->n[kind]) {
		assert_true(i < PLACES);
		p->n[kind]++;
		p->start[kind][i] = start;
		p->bytes[kind][i] = 0;
	}
	return &p->bytes[kind][i];
}

static void
forward(struct places *redis, int kind, int64_t start, uint64_t bytes)
{
	uint64_t *held = place(redis, kind, start);

	if (bytes > *held)
		*held = bytes;
}

/* What lodge-acct would tell Redis that holds base. */
static void
tell(struct places *redis, struct account *a, uint64_t base)
{
	struct slots *s = &a->slots;

	for (int kind = 0; kind < SLOT_KINDS; kind++) {
		const struct slot *list = slots_closed(s, kind);

		for (size_t i = 0; i < s->n_closed[kind]; i++)
			if (list[i].seq > base && !list[i].unknown)
				forward(redis, kind, list[i].start, list[i].v[SLOT_TO_GUEST]);
		if (!s->open[kind].unknown)
			forward(redis, kind, s->open[kind].start, s->open[kind].v[SLOT_TO_GUEST]);
	}
	for (size_t i = 0; i < s->n_periods; i++)
		if (s->periods[i].seq > base && !s->periods[i].unknown)
			forward(redis, PERIODS, s->periods[i].start, s->periods[i].sum.v[REC_BYTES]);
	if (!s->period.unknown)
		forward(redis, PERIODS, s->period.start, s->period.sum.v[REC_BYTES]);
}

static void
held_at(struct places *redis, int64_t at, uint64_t held[SLOT_KINDS][SLOT_FIELDS])
{
	memset(held, 0, SLOT_KINDS * sizeof(*held));
	for (int kind = 0; kind < SLOT_KINDS; kind++)
		held[kind][SLOT_TO_GUEST] = *place(redis, kind, slot_start(kind, at));
}

/* Asks Redis for what is unknown, one time after the other, as lodge-acct does. */
static void
ask(struct places *redis, struct account *a)
{
	uint64_t held[SLOT_KINDS][SLOT_FIELDS];
	int64_t at;

	for (int n = 0; (at = slots_unknown(&a->slots)) != -1; n++) {
		struct record period = {0};

		assert_true(n < 1000);
		held_at(redis, at, held);
		/* The period that begins there, if one does. */
		period.v[REC_BYTES] = *place(redis, PERIODS, at - at % 86400);
		slots_known(&a->slots, at, held, at - at % 86400, &period, ++a->seq);
	}
}

/* The journal is written and read again, as after a kill. */
static void
kill_and_start(struct book *book, struct account **a)
{
	struct bytes totals = {0}, closed = {0};
	struct book back = {0};

	assert_int_equal(book_encode(book, BOOK_TOTALS, 1, &totals), 0);
	assert_int_equal(book_encode(book, BOOK_CLOSED, 1, &closed), 0);
	assert_int_equal(book_decode(span_of(totals.ptr, totals.len), &back), 0);
	assert_int_equal(book_decode(span_of(closed.ptr, closed.len), &back), 0);
	free(totals.ptr);
	free(closed.ptr);
	book_free(book);
	*book = back;
	*a = book_find(book, "alice");
}

/* The journal is lost: all goes on from what Redis holds. */
static void
lose_journal(struct places *redis, struct account *a, int64_t now, uint8_t day)
{
	uint64_t held[SLOT_KINDS][SLOT_FIELDS];
	struct record period = {0};

	a->slots = (struct slots){0};
	a->seq++;
	slots_turn(&a->slots, now, day, a->seq);
	held_at(redis, now, held);
	period.v[REC_BYTES] = *place(redis, PERIODS, period_start(now, day));
	slots_take(&a->slots, held, &period);
}

/* Over midnight, the end of a month, a day, a hundred days, and mostly a little further. */
static int64_t
step(int64_t now)
{
	int64_t far = (int64_t)rand() % (100 * 86400);

	switch (rand() % 24) {
	case 0:
		return now - 86400;
	case 1:
		return now + 86400;
	case 2:
		return now - far;
	case 3:
		return now + far;
	case 4:
		return period_start(now, 1) - 1 - rand() % 3;
	case 5:
		return slot_start(SLOT_DAY, now) + (rand() % 2 ? 86400 : -1);
	case 6:
		return now - rand() % (3 * 86400);
	default:
		return now + rand() % 400;
	}
}

/*
 * Whatever the clock does, every byte is in the slot, hour, day and period in which the clock stood when it moved, once,
 * and in no other: none moved, none lost, none in a time that the clock had not shown.
 */
static void
every_byte_where_the_clock_stood(void **state)
{
	static struct places truth, redis;

	(void)state;
	srand(5);
	for (int run = 0; run < 300; run++) {
		struct book book = {0};
		struct account *a = book_add(&book, "alice");
		int64_t now = T0 + rand() % 86400;
		uint8_t day = (uint8_t)(1 + rand() % 31);
		uint64_t told = 0, sum = 0, found;

		truth = redis = (struct places){0};
		for (int i = 0; i < 250; i++) {
			struct record delta = {.ts = now};

			delta.v[REC_BYTES] = (uint64_t)rand() % 1000;
			sum += delta.v[REC_BYTES];
			slots_turn(&a->slots, now, day, a->seq + 1);
			slots_add(&a->slots, &delta);
			a->seq++;
			for (int kind = 0; kind < SLOT_KINDS; kind++)
				*place(&truth, kind, slot_start(kind, now)) += delta.v[REC_BYTES];
			*place(&truth, PERIODS, period_start(now, day)) += delta.v[REC_BYTES];
			if (rand() % 8 == 0)
				kill_and_start(&book, &a);
			if (rand() % 4 == 0) {
				now += rand() % 100; /* Redis is late; nothing else happens meanwhile */
				continue;
			}
			ask(&redis, a);
			tell(&redis, a, told);
			told = a->seq;
			if (rand() % 50 == 0) {
				lose_journal(&redis, a, now, day);
				told = a->seq;
			}
			now = step(now);
			if (now < T0 - 3000 * 86400ll)
				now = T0;
		}
		ask(&redis, a);
		tell(&redis, a, told);
		for (int kind = 0; kind < KINDS; kind++) {
			found = 0;
			for (size_t i = 0; i < redis.n[kind]; i++) {
				found += redis.bytes[kind][i];
				if (redis.bytes[kind][i] != *place(&truth, kind, redis.start[kind][i]))
					fail_msg("run %d kind %d at %lld: %llu for %llu", run, kind,
					    (long long)redis.start[kind][i],
					    (unsigned long long)redis.bytes[kind][i],
					    (unsigned long long)*place(&truth, kind, redis.start[kind][i]));
			}
			assert_int_equal(found, sum);
		}
		book_free(&book);
	}
}

/* Come back to after it was dropped, a slot waits for what Redis holds of it, and only that slot. */
static void
a_slot_that_is_kept_no_longer(void **state)
{
	static struct slots s;
	uint64_t held[SLOT_KINDS][SLOT_FIELDS] = {{0}};
	struct record nothing = {0};

	(void)state;
	for (int i = 0; i < 400; i++)
		add(&s, T0 + i * 300ll, 1, (uint64_t)i + 1);
	assert_int_equal(slots_unknown(&s), -1);
	add(&s, T0 + 50 * 300, 1, 500); /* dropped */
	assert_int_equal(slots_unknown(&s), T0 + 50 * 300);
	assert_true(s.open[SLOT_5M].unknown);
	assert_false(s.open[SLOT_DAY].unknown); /* kept */
	held[SLOT_5M][SLOT_TO_GUEST] = 1;
	held[SLOT_DAY][SLOT_TO_GUEST] = 77;
	assert_false(slots_known(&s, T0 + 51 * 300, held, 0, &nothing, 501)); /* another's */
	assert_true(s.open[SLOT_5M].unknown);
	assert_false(slots_known(&s, T0 + 50 * 300 + 7, held, 0, &nothing, 501));
	assert_int_equal(slots_unknown(&s), -1);
	assert_int_equal(s.open[SLOT_5M].v[SLOT_TO_GUEST], 2);
	assert_int_equal(s.open[SLOT_DAY].v[SLOT_TO_GUEST], 289);
	/* Closed before the answer came: news. */
	add(&s, T0 + 51 * 300, 1, 502);
	add(&s, T0 + 399 * 300 + 1, 1, 503);
	assert_int_equal(slots_unknown(&s), T0 + 51 * 300);
	assert_true(slots_known(&s, T0 + 51 * 300, held, 0, &nothing, 504));
	assert_int_equal(closed(&s, SLOT_5M, T0 + 51 * 300)->v[SLOT_TO_GUEST], 2);
	assert_int_equal(closed(&s, SLOT_5M, T0 + 51 * 300)->seq, 504);
}

/*
 * In a running period: the open one closes as it is, under its name, and the one that the new day makes begins empty at
 * the start that it would have had; the day taken back, the first is gone on with.
 */
static void
a_billing_day_that_changes_and_back(void **state)
{
	static const struct {
		uint8_t first, then;
		int64_t first_start, then_start;
	} cases[] = {
	    {1, 15, T0 - 21 * 86400, T0 - 7 * 86400},
	    {1, 22, T0 - 21 * 86400, T0},
	    {1, 31, T0 - 21 * 86400, T0 - 22 * 86400},
	    {23, 30, T0 - 30 * 86400, T0 - 23 * 86400},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		static struct slots s;
		struct record delta = {0};

		s = (struct slots){0};
		delta.v[REC_BYTES] = 5;
		slots_turn(&s, T0, cases[i].first, 1);
		slots_add(&s, &delta);
		assert_int_equal(s.period.start, cases[i].first_start);
		assert_true(slots_turn(&s, T0 + 1, cases[i].then, 2));
		slots_add(&s, &delta);
		slots_add(&s, &delta);
		assert_int_equal(s.period.start, cases[i].then_start);
		assert_int_equal(s.period.sum.v[REC_BYTES], 10);
		assert_false(s.period.unknown);
		assert_int_equal(s.periods[0].start, cases[i].first_start);
		assert_int_equal(s.periods[0].sum.v[REC_BYTES], 5);
		assert_true(slots_turn(&s, T0 + 2, cases[i].first, 3));
		slots_add(&s, &delta);
		assert_int_equal(s.period.start, cases[i].first_start);
		assert_int_equal(s.period.sum.v[REC_BYTES], 10);
		/* Days and hours do not care. */
		assert_int_equal(s.open[SLOT_DAY].v[SLOT_TO_GUEST], 20);
	}
}

/* A day that was another's for so long that its period is kept no longer: only the period is unknown. */
static void
a_billing_day_of_long_ago(void **state)
{
	static const uint8_t days[] = {1, 8, 15, 20, 21, 1};
	static struct slots s;
	const uint64_t none[SLOT_KINDS][SLOT_FIELDS] = {{0}};
	struct record delta = {0}, held = {0};

	(void)state;
	delta.v[REC_BYTES] = 5;
	for (size_t i = 0; i < sizeof(days); i++) {
		assert_int_equal(slots_unknown(&s), -1);
		slots_turn(&s, T0 + (int64_t)i, days[i], i + 1);
		slots_add(&s, &delta);
	}
	assert_int_equal(slots_unknown(&s), T0 - 21 * 86400);
	held.v[REC_BYTES] = 5;
	slots_known(&s, T0 - 21 * 86400, none, T0 - 21 * 86400, &held, 9);
	assert_int_equal(slots_unknown(&s), -1);
	assert_int_equal(s.period.sum.v[REC_BYTES], 10);
}

/* Back to a sequence: what closed under it or before stays, of what came after nothing does. */
static void
back_to_older_numbers(void **state)
{
	static struct slots s;

	(void)state;
	add(&s, T0, 1, 1);
	add(&s, T0 + 300, 2, 2);
	add(&s, T0 + 9 * 86400, 4, 3); /* another day and period */
	add(&s, T0 + 9 * 86400 + 300, 8, 4);
	add(&s, T0 + 40 * 86400, 16, 5); /* and another */
	slots_go_back(&s, 3);
	assert_int_equal(s.n_closed[SLOT_5M], 2);
	assert_int_equal(closed(&s, SLOT_5M, T0)->v[SLOT_TO_GUEST], 1);
	assert_int_equal(closed(&s, SLOT_5M, T0 + 300)->v[SLOT_TO_GUEST], 2);
	assert_int_equal(s.n_closed[SLOT_HOUR], 1);
	assert_int_equal(s.n_closed[SLOT_DAY], 1);
	assert_int_equal(closed(&s, SLOT_DAY, T0)->v[SLOT_TO_GUEST], 3);
	assert_int_equal(s.n_periods, 1);
	assert_int_equal(s.periods[0].sum.v[REC_BYTES], 3);
	for (int kind = 0; kind < SLOT_KINDS; kind++)
		assert_int_equal(s.open[kind].v[SLOT_TO_GUEST], 0);
	assert_true(record_is_zero(&s.period.sum));
	/* Nothing is open that a turn could close. */
	assert_false(slots_turn(&s, T0 + 80 * 86400, 1, 6));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(slots_close_in_time),
	    cmocka_unit_test(clock_steps),
	    cmocka_unit_test(a_day_is_kept),
	    cmocka_unit_test(every_byte_in_one_slot),
	    cmocka_unit_test(days_taken_up_again),
	    cmocka_unit_test(another_billing_day),
	    cmocka_unit_test(a_billing_day_that_changes_and_back),
	    cmocka_unit_test(a_billing_day_of_long_ago),
	    cmocka_unit_test(a_slot_that_is_kept_no_longer),
	    cmocka_unit_test(every_byte_where_the_clock_stood),
	    cmocka_unit_test(back_to_older_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
