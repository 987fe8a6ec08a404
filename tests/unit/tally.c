/* Bytes in equal bytes counted, whatever is dropped, late or seen early. */
#include "acct/tally.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdlib.h>

static const struct kernel zero;

static void
see(struct tally *t, enum direction d, enum traffic class, uint64_t bytes, uint64_t wire)
{
	tally_add(t, &(struct frame){.direction = d, .class = class, .bytes = bytes, .wire = wire});
}

static uint64_t
classified(const struct record *r, enum direction d)
{
	return r->v[REC_WAN + d] + r->v[REC_HOST + d] + r->v[REC_GUESTS + d];
}

static void
seen_and_counted(void **state)
{
	struct tally t;
	struct record r;
	struct kernel now = {.bytes = {3000, 500}, .packets = {3, 2}};

	(void)state;
	tally_begin(&t, &zero);
	see(&t, TO_GUEST, CLASS_WAN, 2000, 2100);
	see(&t, TO_GUEST, CLASS_HOST, 700, 700);
	see(&t, TO_GUEST, CLASS_GUESTS, 300, 300);
	see(&t, FROM_GUEST, CLASS_WAN, 400, 480);
	see(&t, FROM_GUEST, CLASS_HOST, 100, 100);
	tally_poll(&t, &now, false, &r);
	assert_int_equal(r.v[REC_BYTES], 3000);
	assert_int_equal(r.v[REC_BYTES + FROM_GUEST], 500);
	assert_int_equal(r.v[REC_PACKETS], 3);
	assert_int_equal(r.v[REC_PACKETS + FROM_GUEST], 2);
	assert_int_equal(r.v[REC_WAN], 2000);
	assert_int_equal(r.v[REC_WAN_WIRE], 2100);
	assert_int_equal(r.v[REC_WIRE], 3100);
	assert_int_equal(r.v[REC_HOST], 700);
	assert_int_equal(r.v[REC_GUESTS], 300);
	assert_int_equal(r.v[REC_UNCLASSIFIED], 0);
	tally_poll(&t, &now, false, &r);
	assert_true(record_is_zero(&r));
}

/* The frames of a second that the capture's blocks still hold are not unclassified; a poll later they are. */
static void
late_frames(void **state)
{
	struct tally t;
	struct record r;
	struct kernel now = {.bytes = {1000, 0}, .packets = {2, 0}};

	(void)state;
	tally_begin(&t, &zero);
	tally_poll(&t, &now, false, &r);
	assert_true(record_is_zero(&r));
	see(&t, TO_GUEST, CLASS_WAN, 600, 600);
	tally_poll(&t, &now, false, &r);
	assert_int_equal(r.v[REC_BYTES], 1000);
	assert_int_equal(r.v[REC_PACKETS], 2);
	assert_int_equal(r.v[REC_WAN], 600);
	assert_int_equal(r.v[REC_UNCLASSIFIED], 400);
}

static void
early_frames(void **state)
{
	struct tally t;
	struct record r;
	struct kernel now = zero;

	(void)state;
	tally_begin(&t, &zero);
	see(&t, TO_GUEST, CLASS_WAN, 600, 600);
	tally_poll(&t, &now, false, &r);
	assert_true(record_is_zero(&r));
	now.bytes[TO_GUEST] = 600;
	now.packets[TO_GUEST] = 1;
	tally_poll(&t, &now, false, &r);
	assert_int_equal(r.v[REC_WAN], 600);
	assert_int_equal(r.v[REC_UNCLASSIFIED], 0);
	assert_int_equal(r.v[REC_UNDELIVERED], 0);
}

static void
the_last_poll_waits_for_nothing(void **state)
{
	struct tally t;
	struct record r;
	struct kernel now = {.bytes = {1000, 70}, .packets = {2, 1}};

	(void)state;
	tally_begin(&t, &zero);
	see(&t, TO_GUEST, CLASS_WAN, 600, 600);
	tally_poll(&t, &now, true, &r);
	assert_int_equal(r.v[REC_BYTES], 1000);
	assert_int_equal(r.v[REC_UNCLASSIFIED], 400);
	assert_int_equal(r.v[REC_UNCLASSIFIED + FROM_GUEST], 70);
}

static void
a_slow_guest(void **state)
{
	struct tally t;
	struct record r;
	struct kernel now = zero;

	(void)state;
	tally_begin(&t, &zero);
	tally_poll(&t, &now, false, &r);
	for (int i = 0; i < 100; i++)
		see(&t, TO_GUEST, CLASS_WAN, 1000, 1000);
	now = (struct kernel){.bytes = {60000, 0}, .packets = {60, 0}, .dropped = 35};
	tally_poll(&t, &now, false, &r);
	assert_int_equal(r.v[REC_BYTES], 60000);
	assert_int_equal(r.v[REC_WAN], 60000);
	assert_int_equal(r.v[REC_UNDELIVERED], 35000);
	/* Five wait in the tap's queue; then they are read. */
	now = (struct kernel){.bytes = {65000, 0}, .packets = {65, 0}, .dropped = 35};
	tally_poll(&t, &now, false, &r);
	assert_int_equal(r.v[REC_BYTES], 5000);
	assert_int_equal(r.v[REC_WAN], 5000);
	assert_int_equal(r.v[REC_UNDELIVERED], 0);
	assert_int_equal(r.v[REC_UNCLASSIFIED], 0);
}

/* What waited for a guest that ended explains nothing that comes later. */
static void
a_guest_that_ends(void **state)
{
	struct tally t;
	struct record r;
	struct kernel now = zero;

	(void)state;
	tally_begin(&t, &zero);
	see(&t, TO_GUEST, CLASS_WAN, 9000, 9000);
	see(&t, FROM_GUEST, CLASS_WAN, 70, 70);
	now.bytes[TO_GUEST] = 1000;
	tally_poll(&t, &now, false, &r);
	tally_purge(&t, &r);
	assert_int_equal(r.v[REC_WAN], 1000);
	assert_int_equal(r.v[REC_UNDELIVERED], 8000);
	see(&t, TO_GUEST, CLASS_HOST, 500, 500);
	now.bytes[TO_GUEST] = 1500;
	now.bytes[FROM_GUEST] = 70;
	tally_poll(&t, &now, false, &r);
	assert_int_equal(r.v[REC_HOST], 500);
	assert_int_equal(r.v[REC_WAN], 0);
	assert_int_equal(r.v[REC_WAN + FROM_GUEST], 70);
	assert_int_equal(r.v[REC_UNDELIVERED], 0);
}

static void
drops_from_before_explain_nothing(void **state)
{
	const struct kernel before = {.dropped = 10};
	struct kernel now = {.dropped = 1000};
	struct tally t;
	struct record r;

	(void)state;
	tally_begin(&t, &before);
	tally_poll(&t, &now, false, &r);
	see(&t, TO_GUEST, CLASS_WAN, 600, 600);
	tally_poll(&t, &now, false, &r);
	assert_int_equal(r.v[REC_UNDELIVERED], 0);
}

static void
goes_on_from_a_baseline(void **state)
{
	const struct kernel done = {.bytes = {5000, 100}, .packets = {5, 1}, .dropped = 3};
	struct kernel now = {.bytes = {5600, 100}, .packets = {6, 1}, .dropped = 3};
	struct tally t;
	struct record r;

	(void)state;
	tally_begin(&t, &done);
	see(&t, TO_GUEST, CLASS_WAN, 600, 600);
	tally_poll(&t, &now, false, &r);
	assert_int_equal(r.v[REC_BYTES], 600);
	assert_int_equal(r.v[REC_PACKETS], 1);
}

/* Any order of frames, losses, polls and drops: each byte of the kernel's leaves once, and has a name. */
static void
bytes_in_equal_bytes_counted(void **state)
{
	(void)state;
	srand(7);
	for (int run = 0; run < 300; run++) {
		struct tally t;
		struct kernel now = zero;
		struct record sum = {0}, r;

		tally_begin(&t, &zero);
		for (int step = 0; step < 400; step++) {
			enum direction d = rand() % 2;
			uint64_t bytes = 60 + (uint64_t)rand() % 70000;
			int fate = rand() % 10;

			if (fate != 0) /* the ring dropped it */
				see(&t, d, rand() % CLASSES, bytes, bytes + bytes / 30);
			if (fate == 1 && d == TO_GUEST) {
				now.dropped++;
			} else {
				now.bytes[d] += bytes;
				now.packets[d]++;
			}
			if (rand() % 20 != 0)
				continue;
			tally_poll(&t, &now, false, &r);
			record_add(&sum, &r);
			for (d = 0; d < DIRECTIONS; d++) {
				assert_int_equal(
				    sum.v[REC_BYTES + d], classified(&sum, d) + sum.v[REC_UNCLASSIFIED + d]);
				assert_true(sum.v[REC_BYTES + d] <= now.bytes[d]);
				assert_true(sum.v[REC_WIRE + d] >= sum.v[REC_BYTES + d]);
				assert_true(r.v[REC_BYTES + d] < 1ull << 40);
			}
		}
		tally_poll(&t, &now, true, &r);
		record_add(&sum, &r);
		for (int d = 0; d < DIRECTIONS; d++) {
			assert_int_equal(sum.v[REC_BYTES + d], now.bytes[d]);
			assert_int_equal(sum.v[REC_PACKETS + d], now.packets[d]);
			assert_int_equal(
			    sum.v[REC_BYTES + d], classified(&sum, d) + sum.v[REC_UNCLASSIFIED + d]);
		}
	}
}

static void
numbers_of_any_size(void **state)
{
	const uint64_t huge = 1ull << 62;
	struct kernel now = {.bytes = {huge, 0}, .packets = {1, 0}};
	struct tally t;
	struct record r;

	(void)state;
	tally_begin(&t, &zero);
	see(&t, TO_GUEST, CLASS_WAN, huge - 1, huge - 1);
	see(&t, TO_GUEST, CLASS_HOST, 1, 1);
	tally_poll(&t, &now, false, &r);
	assert_int_equal(r.v[REC_WAN], huge - 1);
	assert_int_equal(r.v[REC_HOST], 1);
}

static void
billing_rules(void **state)
{
	static const struct {
		struct billing billing;
		uint64_t billed;
	} cases[] = {
	    {{COUNT_WIRE, SCOPE_WAN, DIRECTION_BOTH, 1}, 110 + 7 + 44 + 3},
	    {{COUNT_TAP, SCOPE_WAN, DIRECTION_BOTH, 1}, 100 + 7 + 40 + 3},
	    {{COUNT_WIRE, SCOPE_ALL, DIRECTION_BOTH, 1}, 137 + 64},
	    {{COUNT_TAP, SCOPE_ALL, DIRECTION_BOTH, 1}, 127 + 60},
	    {{COUNT_TAP, SCOPE_WAN, DIRECTION_TO_GUEST, 1}, 107},
	    {{COUNT_TAP, SCOPE_WAN, DIRECTION_FROM_GUEST, 1}, 43},
	    {{COUNT_TAP, SCOPE_WAN, DIRECTION_MAX, 1}, 107},
	};
	struct record period = {0}, delta = {0};

	(void)state;
	delta.v[REC_BYTES] = 127;
	delta.v[REC_WIRE] = 137;
	delta.v[REC_WAN] = 100;
	delta.v[REC_WAN_WIRE] = 110;
	delta.v[REC_HOST] = 20;
	delta.v[REC_UNCLASSIFIED] = 7;
	delta.v[REC_BYTES + FROM_GUEST] = 60;
	delta.v[REC_WIRE + FROM_GUEST] = 64;
	delta.v[REC_WAN + FROM_GUEST] = 40;
	delta.v[REC_WAN_WIRE + FROM_GUEST] = 44;
	delta.v[REC_HOST + FROM_GUEST] = 17;
	delta.v[REC_UNCLASSIFIED + FROM_GUEST] = 3;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		tally_bill(&cases[i].billing, &period.v[REC_BILLABLE], &delta);
		assert_int_equal(delta.v[REC_BILLED], cases[i].billed);
	}
}

/* The larger direction of the period, however the two take turns in growing. */
static void
max_of_the_period(void **state)
{
	const struct billing billing = {COUNT_TAP, SCOPE_ALL, DIRECTION_MAX, 1};
	struct record period = {0};

	(void)state;
	srand(3);
	for (int i = 0; i < 1000; i++) {
		struct record delta = {0};

		delta.v[REC_BYTES] = (uint64_t)rand() % 1000;
		delta.v[REC_BYTES + FROM_GUEST] = (uint64_t)rand() % 1000;
		tally_bill(&billing, &period.v[REC_BILLABLE], &delta);
		record_add(&period, &delta);
		assert_int_equal(period.v[REC_BILLED], period.v[REC_BYTES] > period.v[REC_BYTES + 1]
							   ? period.v[REC_BYTES]
							   : period.v[REC_BYTES + 1]);
	}
}

/*
 * The larger direction over all that a period holds, also where part of it was counted before it was known what there was:
 * by another host, or by this one in a time that the clock came back to.
 */
static void
max_that_is_known_late(void **state)
{
	struct billing billing = {COUNT_TAP, SCOPE_ALL, DIRECTION_MAX, 1};

	(void)state;
	srand(4);
	for (int i = 0; i < 2000; i++) {
		struct record before = {0}, after = {0}, delta;
		uint64_t *had = &before.v[REC_BILLABLE], whole, want;

		billing.direction = (enum count_direction)(rand() % 4);
		for (int k = rand() % 4; k > 0; k--) {
			delta = (struct record){0};
			delta.v[REC_BYTES + rand() % 2] = (uint64_t)rand() % 1000;
			tally_bill(&billing, had, &delta);
			record_add(&before, &delta);
		}
		for (int k = rand() % 4; k > 0; k--) {
			delta = (struct record){0};
			delta.v[REC_BYTES + rand() % 2] = (uint64_t)rand() % 1000;
			tally_bill(&billing, NULL, &delta);
			record_add(&after, &delta);
		}
		whole = before.v[REC_BILLED] + after.v[REC_BILLED] + tally_owed(&billing, had, &after);
		delta = before;
		record_add(&delta, &after);
		tally_bill(&billing, (const uint64_t[DIRECTIONS]){0}, &delta);
		want = delta.v[REC_BILLED];
		assert_int_equal(whole, want);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(seen_and_counted),
	    cmocka_unit_test(late_frames),
	    cmocka_unit_test(early_frames),
	    cmocka_unit_test(the_last_poll_waits_for_nothing),
	    cmocka_unit_test(a_slow_guest),
	    cmocka_unit_test(a_guest_that_ends),
	    cmocka_unit_test(drops_from_before_explain_nothing),
	    cmocka_unit_test(goes_on_from_a_baseline),
	    cmocka_unit_test(bytes_in_equal_bytes_counted),
	    cmocka_unit_test(numbers_of_any_size),
	    cmocka_unit_test(billing_rules),
	    cmocka_unit_test(max_of_the_period),
	    cmocka_unit_test(max_that_is_known_late),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
