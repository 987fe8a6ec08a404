/* Curbs: the line that orders one, and what becomes of it in the plan. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "conf/curb.h"
#include "natd/plan.h"
#include "natd/ruleset.h"
#include "tests/unit/guard.h"

#define LONGEST "abcdefghijklmnopqrstuvwxyz-12345" /* CONF_GUEST_NAME_MAX bytes */

static const struct {
	const char *line, *name; /* name NULL: refused */
	enum quota_then then;
	uint64_t bit_s;
} lines[] = {
    {"throttle alice 1000000", "alice", QUOTA_THROTTLE, 1000000},
    {"throttle alice 1Mbit", "alice", QUOTA_THROTTLE, 1000000},
    {"throttle alice 8kbit", "alice", QUOTA_THROTTLE, 8000},
    {"throttle alice 1000Gbit", "alice", QUOTA_THROTTLE, 1000000000000},
    {"cut alice", "alice", QUOTA_CUT, 0},
    {"lift alice", "alice", QUOTA_NONE, 0},
    {"cut " LONGEST, LONGEST, QUOTA_CUT, 0},
    {"quota lift alice", "alice", QUOTA_NONE, 0},
    {"quota 20261101.5 lift alice", "alice", QUOTA_NONE, 0},
    {"quota 20261101.5 cut alice", "alice", QUOTA_CUT, 0},
    {"quota 1234567890123456789012345678901 cut alice", "alice", QUOTA_CUT, 0},
    {"quota 20261101.18446744073709551615 throttle " LONGEST " 1000000000000", LONGEST, QUOTA_THROTTLE,
	1000000000000},
    {.line = "quota"},
    {.line = "quota cut alice"},
    {.line = "quota throttle alice 1Mbit"},
    {.line = "quota 1"},
    {.line = "quota 1x cut alice"},
    {.line = "quota x1 cut alice"},
    {.line = "quota 1  cut alice"},
    {.line = "quota 12345678901234567890123456789012 cut alice"},
    {.line = "quota quota 1 cut alice"},
    {.line = "1 cut alice"},
    {.line = ""},
    {.line = "cut"},
    {.line = "cut "},
    {.line = "cut " LONGEST "6"},
    {.line = "cut alice now"},
    {.line = "Cut alice"},
    {.line = " cut alice"},
    {.line = "lift  alice"},
    {.line = "throttle alice"},
    {.line = "throttle alice "},
    {.line = "throttle alice 7999"},
    {.line = "throttle alice 1000000000001"},
    {.line = "throttle alice 100000000000000000000000001000000"},
    {.line = "throttle alice 1M"},
    {.line = "throttle alice -1000000"},
    {.line = "throttle alice 1000000 "},
    {.line = "status"},
};

static void
test_lines(void **state)
{
	struct curb curb;

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		const char *why = curb_parse(guarded(lines[i].line), &curb);

		if (!lines[i].name) {
			if (!why)
				fail_msg("taken: «%s»", lines[i].line);
			continue;
		}
		assert_null(why);
		assert_string_equal(curb.guest, lines[i].name);
		assert_int_equal(curb.then, lines[i].then);
		assert_int_equal(curb.bit_s, lines[i].bit_s);
	}
}

/* What is printed parses to the same, and fits. */
static void
test_printed(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		struct curb curb, again;
		char text[CURB_TEXT];

		if (curb_parse(span_str(lines[i].line), &curb))
			continue;
		assert_null(curb_parse(span_str(curb_print(&curb, text)), &again));
		assert_memory_equal(&curb, &again, sizeof(curb));
	}
}

static struct facts
plan_with(struct curbs *curbs)
{
	static const char text[] =
	    "guests:\n  alice: {address: 192.168.77.2}\n  bob: {address: 192.168.77.3}\n";
	struct plan_host host = {.wan = "eth0", .curbs = curbs};
	struct conf_text texts = {"test", span_str(text)};
	struct conf_host none = {.hostname = "h"};
	struct conf_errors errors = {0};
	struct facts facts;
	struct conf conf;

	assert_int_equal(conf_parse(&texts, 1, &none, &conf, &errors), 0);
	assert_int_equal(plan_facts(&conf, &host, &facts), 0);
	conf_free(&conf);
	conf_errors_free(&errors);
	return facts;
}

/* Facts of the plan that are there with the curb and not without: their number, and the limit's rate. */
static size_t
planned(enum quota_then then, uint64_t bit_s, uint64_t *bytes_s)
{
	struct curb curb = {.guest = "alice", .then = then, .bit_s = bit_s};
	struct curbs curbs = {&curb, 1}, none = {0};
	struct facts without = plan_with(&none), with = plan_with(&curbs);
	struct limit_value value;
	size_t more = 0;

	*bytes_s = 0;
	for (size_t w = 0, n = 0; w < with.n; w++) {
		if (n < without.n && fact_same(&without.list[n], &with.list[w])) {
			n++;
			continue;
		}
		more++;
		if (with.list[w].kind == FACT_LIMIT) {
			memcpy(&value, with.list[w].value, sizeof(value));
			*bytes_s = value.bytes_s;
			assert_true(value.burst >= 65536);
		} else {
			assert_int_equal(with.list[w].kind, FACT_ELEMENT);
			assert_memory_equal(with.list[w].key, "tap2", 5);
		}
	}
	assert_int_equal(with.n, without.n + more);
	facts_free(&with);
	facts_free(&without);
	return more;
}

static void
test_plan(void **state)
{
	uint64_t bytes_s;

	(void)state;
	assert_int_equal(planned(QUOTA_CUT, 0, &bytes_s), 1);
	assert_int_equal(
	    planned(QUOTA_THROTTLE, 1000000, &bytes_s), 4); /* a limit and who it is for, each way */
	assert_int_equal(bytes_s, 125000);
	/* The kernel computes with rate and burst times a second in nanoseconds, in 64 bits. */
	assert_int_equal(planned(QUOTA_THROTTLE, 1000000000000, &bytes_s), 4);
	assert_true(bytes_s + THROTTLE_BURST < UINT64_MAX / 1000000000);
}

/* What orders leave in force, and what each changed: hand before quota, and no mark comes back that was lifted by hand. */
static const struct {
	const char *order, *in_force; /* "": nothing */
	enum curb_change change;
} orders[] = {
    {"lift alice", "", CURB_SAME},
    {"quota lift alice", "", CURB_SAME},
    {"quota 1.5 throttle alice 8000", "quota 1.5 throttle alice 8000", CURB_CHANGED},
    {"quota 1.5 throttle alice 8000", "quota 1.5 throttle alice 8000", CURB_SAME},
    {"quota 1.5 cut alice", "quota 1.5 cut alice", CURB_CHANGED},
    {"cut bob", "quota 1.5 cut alice", CURB_CHANGED},
    {"throttle alice 9000", "throttle alice 9000", CURB_CHANGED},
    {"quota lift alice", "throttle alice 9000", CURB_CHANGED},
    {"quota 1.5 cut alice", "throttle alice 9000", CURB_CHANGED},
    {"lift alice", "", CURB_CHANGED},
    {"lift alice", "", CURB_SAME},
    {"quota 1.5 cut alice", "", CURB_LIFTED},
    {"quota 1.5 throttle alice 8000", "", CURB_LIFTED},
    {"cut alice", "cut alice", CURB_CHANGED},
    {"quota 1.5 cut alice", "cut alice", CURB_LIFTED},
    {"lift alice", "", CURB_CHANGED},
    {"quota 1.6 cut alice", "quota 1.6 cut alice", CURB_CHANGED}, /* another size */
    {"quota lift alice", "", CURB_CHANGED},
    {"quota 1.6 cut alice", "quota 1.6 cut alice", CURB_CHANGED},
    {"lift alice", "", CURB_CHANGED},
    {"quota lift alice", "", CURB_CHANGED}, /* the note goes with the period */
    {"quota 1.6 cut alice", "quota 1.6 cut alice", CURB_CHANGED},
};

static void
test_orders(void **state)
{
	struct curbs curbs = {0}, fresh;
	const struct curb *found;
	enum curb_change change;
	char text[CURB_TEXT];

	(void)state;
	for (size_t i = 0; i < sizeof(orders) / sizeof(*orders); i++) {
		struct curb order;

		assert_null(curb_parse(guarded(orders[i].order), &order));
		assert_int_equal(curbs_after(&curbs, &order, &fresh, &change), 0);
		if (change != orders[i].change)
			fail_msg("%zu: %s: change %d", i, orders[i].order, change);
		free(curbs.list);
		curbs = fresh;
		found = curbs_find(&curbs, "alice");
		if (strcmp(found ? curb_print(found, text) : "", orders[i].in_force) != 0)
			fail_msg("%zu: %s: in force %s", i, orders[i].order, found ? text : "nothing");
		assert_true(i < 5 || curbs_find(&curbs, "bob"));
		assert_true(curbs.n <= 3); /* two of hers, one of his */
	}
	free(curbs.list);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_lines),
	    cmocka_unit_test(test_printed),
	    cmocka_unit_test(test_orders),
	    cmocka_unit_test(test_plan),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
