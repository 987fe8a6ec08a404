/* Quotas: what is told, how often, and what is to follow. */
#include "acct/book.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <stdlib.h>

enum { T0 = 1793491200 }; /* 2026-11-01 00:00:00 UTC */

static struct period
used(uint64_t bytes)
{
	struct period period = {.start = T0};

	period.sum.v[REC_BILLED] = bytes;
	return period;
}

/* The thresholds told of, as a number: 80, 100, 80100, 0. */
static unsigned
told(const struct quota *quota, struct period *period)
{
	struct event event;
	unsigned all = 0;

	while (event_next(quota, period, period->sum.v[REC_BILLED], &event)) {
		assert_int_equal(event.quota, quota->month_bytes);
		assert_int_equal(event.billed, period->sum.v[REC_BILLED]);
		assert_int_equal(event.period, period->start);
		assert_int_equal(event.then, quota->then);
		all = all * 1000 + event.percent;
	}
	return all;
}

static void
thresholds(void **state)
{
	static const struct {
		uint64_t quota, billed;
		unsigned told;
	} cases[] = {
	    {1000, 0, 0},
	    {1000, 799, 0},
	    {1000, 800, 80},
	    {1000, 999, 80},
	    {1000, 1000, 80100},
	    {1000, UINT64_MAX, 80100},
	    {1001, 800, 0}, /* 800.8 */
	    {1001, 801, 80},
	    {1, 0, 0},
	    {1, 1, 80100},
	    {UINT64_MAX, UINT64_MAX - 1, 80},
	    {UINT64_MAX, UINT64_MAX, 80100},
	    {UINT64_MAX, UINT64_MAX / 5 * 4 - 1, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		for (enum quota_then then = QUOTA_NONE; then <= QUOTA_CUT; then++) {
			struct quota quota = {.then = then, .month_bytes = cases[i].quota};
			struct period period = used(cases[i].billed);

			assert_int_equal(told(&quota, &period), then == QUOTA_NONE ? 0 : cases[i].told);
			assert_int_equal(told(&quota, &period), 0); /* once */
		}
}

static void
once_a_period(void **state)
{
	struct quota quota = {.then = QUOTA_WARN, .month_bytes = 1000};
	unsigned seen80 = 0, seen100 = 0;
	struct period period = used(0);

	(void)state;
	for (uint64_t bytes = 0; bytes < 3000; bytes += 7) {
		struct event event;

		period.sum.v[REC_BILLED] = bytes;
		while (event_next(&quota, &period, period.sum.v[REC_BILLED], &event)) {
			seen80 += event.percent == 80;
			seen100 += event.percent == 100;
		}
	}
	assert_int_equal(seen80, 1);
	assert_int_equal(seen100, 1);
	/* Another size begins anew; what lies behind it is told, what lies ahead later. */
	quota.month_bytes = 10000;
	assert_int_equal(told(&quota, &period), 0);
	period.sum.v[REC_BILLED] = 8000;
	assert_int_equal(told(&quota, &period), 80);
	quota.month_bytes = 5000;
	assert_int_equal(told(&quota, &period), 80100);
	/* What only its kind changes does not. */
	quota.then = QUOTA_CUT;
	assert_int_equal(told(&quota, &period), 0);
	/* A period of which not all is known waits. */
	period = used(1000000);
	period.unknown = true;
	assert_int_equal(told(&quota, &period), 0);
	period.unknown = false;
	event_pass(&quota, &period, period.sum.v[REC_BILLED]);
	assert_int_equal(told(&quota, &period), 0);
}

static void
curbs(void **state)
{
	struct guest guest = {
	    .name = "alice", .quota = {.then = QUOTA_THROTTLE, .month_bytes = 1000, .throttle_bit_s = 64000}};
	struct period period = used(999);
	char text[CURB_TEXT];
	struct curb curb;

	(void)state;
	curb = event_curb(&guest, &period, period.sum.v[REC_BILLED]);
	assert_string_equal(curb_print(&curb, text), "quota lift alice");
	period.sum.v[REC_BILLED] = 1000;
	curb = event_curb(&guest, &period, period.sum.v[REC_BILLED]);
	assert_string_equal(curb_print(&curb, text), "quota 20261101.1000 throttle alice 64000");
	guest.quota.then = QUOTA_CUT;
	curb = event_curb(&guest, &period, period.sum.v[REC_BILLED]);
	assert_string_equal(curb_print(&curb, text), "quota 20261101.1000 cut alice");
	guest.quota.month_bytes = 1001;
	curb = event_curb(&guest, &period, period.sum.v[REC_BILLED]);
	assert_string_equal(curb_print(&curb, text), "quota lift alice");
	guest.quota = (struct quota){.then = QUOTA_WARN, .month_bytes = 10};
	curb = event_curb(&guest, &period, period.sum.v[REC_BILLED]);
	assert_string_equal(curb_print(&curb, text), "quota lift alice");
	guest.quota = (struct quota){.then = QUOTA_CUT, .month_bytes = UINT64_MAX};
	period = used(UINT64_MAX);
	period.start = INT64_MAX;
	memset(guest.name, 'x', CONF_GUEST_NAME_MAX);
	curb = event_curb(&guest, &period, period.sum.v[REC_BILLED]);
	assert_null(curb_parse(span_str(curb_print(&curb, text)), &curb));
	assert_string_equal(curb.mark, "99991231.18446744073709551615");
}

/* A quota is the guest's, not a host's: what others told of the same period counts, and of another does not. */
static void
what_other_hosts_told(void **state)
{
	struct guest guest = {
	    .name = "alice", .quota = {.then = QUOTA_THROTTLE, .month_bytes = 1000, .throttle_bit_s = 64000}};
	struct account a = {.elsewhere = {.start = T0, .billable = {7, 9}, .billed = 500}};
	uint64_t had[DIRECTIONS];
	struct event event;

	(void)state;
	a.slots.period = used(299);
	a.slots.period.sum.v[REC_BILLABLE + FROM_GUEST] = 1;
	assert_int_equal(account_used(&a), 799);
	assert_false(event_next(&guest.quota, &a.slots.period, account_used(&a), &event));
	a.slots.period.sum.v[REC_BILLED]++;
	assert_true(event_next(&guest.quota, &a.slots.period, account_used(&a), &event));
	assert_int_equal(event.billed, 800);
	assert_int_equal(event_curb(&guest, &a.slots.period, account_used(&a)).then, QUOTA_NONE);
	a.elsewhere.billed = 700;
	assert_int_equal(event_curb(&guest, &a.slots.period, account_used(&a)).then, QUOTA_THROTTLE);
	account_had(&a, had);
	assert_int_equal(had[TO_GUEST], 7);
	assert_int_equal(had[FROM_GUEST], 10);
	/* An emptied Redis takes nothing back; another period has its own. */
	assert_false(account_elsewhere(&a, &(struct elsewhere){T0, {0, 0}, 0}));
	assert_int_equal(account_used(&a), 1000);
	assert_true(account_elsewhere(&a, &(struct elsewhere){T0, {0, 12}, 0}));
	account_had(&a, had);
	assert_int_equal(had[TO_GUEST], 7);
	assert_int_equal(had[FROM_GUEST], 13);
	assert_false(account_elsewhere(&a, &(struct elsewhere){-1, {1, 1}, 1}));
	a.slots.period.start++;
	assert_int_equal(account_used(&a), 300);
	account_had(&a, had);
	assert_int_equal(had[TO_GUEST], 0);
	assert_true(account_elsewhere(&a, &(struct elsewhere){T0 + 1, {0, 0}, 5}));
	assert_int_equal(account_used(&a), 305);
}

static void
the_last_ones_are_kept(void **state)
{
	struct event list[EVENTS_KEEP] = {0};
	size_t n = 0;

	(void)state;
	for (uint64_t seq = 1; seq <= EVENTS_KEEP + 3; seq++) {
		struct event event = {.seq = seq};

		event_keep(list, &n, &event);
		assert_int_equal(n, seq < EVENTS_KEEP ? seq : EVENTS_KEEP);
		assert_int_equal(list[n - 1].seq, seq);
	}
	assert_int_equal(list[0].seq, 4);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(thresholds),
	    cmocka_unit_test(once_a_period),
	    cmocka_unit_test(curbs),
	    cmocka_unit_test(what_other_hosts_told),
	    cmocka_unit_test(the_last_ones_are_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
