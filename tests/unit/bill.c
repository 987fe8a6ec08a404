/* What a period will come to, what is left of a quota, and the table of all guests. */
#include "ledger/bill.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

enum { DAY = 86400, HOUR = 3600 };

/* 20 November 2026, noon; the period is that month. */
static const int64_t now = 1795176000, until = 1796083200, midnight = 1795132800;

static struct dated
day(int ago, uint64_t billed)
{
	return (struct dated){.start = midnight - ago * DAY, .v[SLOT_BILLED] = billed};
}

static void
projections(void **state)
{
	static const struct {
		const char *what;
		uint64_t billed;
		struct {
			int ago;
			uint64_t billed;
		} days[4];
		bool known;
		uint64_t want;
	} cases[] = {
	    {"nothing ever", 0, {{0}}, true, 0},
	    {"nothing these days", 700, {{8, 700}}, true, 700},
	    /* 10.5 days are left; 7.5 days of pace */
	    {"a steady pace of 100 a day", 1950, {{7, 700}, {0, 50}}, true, 1950 + 1050},
	    {"an older day is no part of it", 1950, {{8, 1000000}, {7, 700}, {0, 50}}, true, 1950 + 1050},
	    {"since yesterday only", 150, {{1, 100}, {0, 50}}, true, 150 + 1050},
	    {"since this morning", 50, {{0, 50}}, true, 50 + 1050},
	    {"days without a bill do not begin it", 50, {{5, 0}, {0, 50}}, true, 50 + 1050},
	    {"a day to come counts for nothing", 50, {{0, 50}, {-1, 999}}, true, 50 + 1050},
	    {"as much as there can be", UINT64_MAX - 5, {{0, UINT64_MAX}}, true, UINT64_MAX},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct dated days[4];
		uint64_t got;

		for (size_t d = 0; d < 4; d++)
			days[d] = day(cases[i].days[d].ago, cases[i].days[d].billed);
		if (bill_project(cases[i].billed, days, 4, now, until, &got) != cases[i].known ||
		    got != cases[i].want)
			fail_msg("%s: %llu", cases[i].what, (unsigned long long)got);
	}
}

static void
projections_at_the_edges(void **state)
{
	struct dated first = day(0, 50);
	uint64_t got;

	(void)state;
	assert_false(bill_project(50, &first, 1, midnight + HOUR - 1, until, &got));
	assert_int_equal(got, 50);
	assert_true(bill_project(50, &first, 1, midnight + HOUR, until, &got));
	assert_int_equal(got, 50 + 50 * ((until - midnight) / HOUR - 1));
	assert_true(bill_project(50, &first, 1, until, until, &got));
	assert_int_equal(got, 50);
	assert_true(bill_project(50, &first, 1, until + 5 * DAY, until, &got));
	assert_int_equal(got, 50);
	assert_true(bill_project(50, NULL, 0, 0, until, &got));
	assert_int_equal(got, 50);
	assert_int_equal(pace_from(now), midnight - 7 * DAY);
	assert_int_equal(pace_from(5), 0);
}

/* With one pace over the whole of it, every moment projects the same, and never less than what is billed. */
static void
a_steady_pace(void **state)
{
	const int64_t from = until - 30 * DAY;

	(void)state;
	for (int64_t t = from + HOUR; t < until; t += 1237) {
		struct dated days[PACE_DAYS + 1];
		size_t n = 0;
		uint64_t got;

		for (int64_t at = pace_from(t) < from ? from : pace_from(t); at <= t; at += DAY) {
			int64_t end = at + DAY < t ? at + DAY : t;

			days[n++] =
			    (struct dated){.start = at, .v[SLOT_BILLED] = (uint64_t)(end - at) * 1000};
		}
		assert_true(bill_project((uint64_t)(t - from) * 1000, days, n, t, until, &got));
		assert_int_equal(got, 30 * DAY * 1000ull);
	}
}

static void
lefts_and_sums(void **state)
{
	struct bill list[2] = {
	    {.from = 10, .until = 20, .projected_known = true, .projected = 70, .found = true},
	    {.from = 10, .until = 20, .projected_known = true, .projected = UINT64_MAX},
	};
	struct bill sum;

	(void)state;
	list[0].sum.v[REC_BILLED] = 60;
	list[0].quota = (struct quota){QUOTA_CUT, .month_bytes = 100};
	assert_int_equal(bill_left(&list[0]), 40);
	list[0].sum.v[REC_BILLED] = 101;
	assert_int_equal(bill_left(&list[0]), 0);
	list[1].sum.v[REC_BILLED] = 9;
	sum = bill_sum(list, 2);
	assert_int_equal(sum.sum.v[REC_BILLED], 110);
	assert_int_equal(sum.from, 10);
	assert_int_equal(sum.until, 20);
	assert_true(sum.found);
	assert_true(sum.projected_known);
	assert_int_equal(sum.projected, UINT64_MAX);
	list[1].until = 21;
	list[1].projected_known = false;
	sum = bill_sum(list, 2);
	assert_int_equal(sum.from, 0);
	assert_int_equal(sum.until, 0);
	assert_false(sum.projected_known);
}

static void
expect_table(const struct bill *list, size_t n, size_t width, const char *want)
{
	struct table table;
	char *text = NULL;
	size_t size = 0;
	FILE *to = open_memstream(&text, &size);

	assert_int_equal(bill_table(&table, list, n, width), 0);
	table_print(&table, to);
	table_free(&table);
	fclose(to);
	assert_string_equal(text, want);
	free(text);
}

static void
tables(void **state)
{
	struct bill list[2] = {
	    {.guest = "alice", .projected_known = true, .projected = 90000000000, .p95_known = true},
	    {.guest = "bob"},
	};

	(void)state;
	list[0].sum.v[REC_BYTES + TO_GUEST] = 50000000000;
	list[0].sum.v[REC_BYTES + FROM_GUEST] = 1234567;
	list[0].sum.v[REC_BILLED] = 50001234567;
	list[0].quota = (struct quota){QUOTA_CUT, .month_bytes = 100000000000};
	list[0].p95[TO_GUEST] = 1500000;
	list[0].p95[FROM_GUEST] = 20;
	expect_table(list, 2, 0,
	    "GUEST  TO GUEST  FROM GUEST  BILLED   QUOTA   LEFT  USED              PROJECTED      95% TO  "
	    "95% FROM\n"
	    "alice     50 GB      1.2 MB   50 GB  100 GB  50 GB  █████░░░░░  50 %      90 GB  1.5 Mbit/s  20 "
	    "bit/s\n"
	    "bob         0 B         0 B     0 B       -      -                            -           -     "
	    "    -\n"
	    "all       50 GB      1.2 MB   50 GB       -      -                            -           -     "
	    "    -\n");
	expect_table(list, 1, 80,
	    "GUEST  TO GUEST  FROM GUEST  BILLED   QUOTA   LEFT  USED              PROJECTED\n"
	    "alice     50 GB      1.2 MB   50 GB  100 GB  50 GB  █████░░░░░  50 %      90 GB\n");
	expect_table(list, 1, 60,
	    "GUEST  TO GUEST  BILLED  USED              PROJECTED\n"
	    "alice     50 GB   50 GB  █████░░░░░  50 %      90 GB\n");
	expect_table(list, 1, 10,
	    "GUEST  BILLED  USED              PROJECTED\n"
	    "alice   50 GB  █████░░░░░  50 %      90 GB\n");
	expect_table(list, 0, 0,
	    "GUEST  TO GUEST  FROM GUEST  BILLED  QUOTA  LEFT  USED  PROJECTED  95% TO  95% FROM\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(projections),
	    cmocka_unit_test(projections_at_the_edges),
	    cmocka_unit_test(a_steady_pace),
	    cmocka_unit_test(lefts_and_sums),
	    cmocka_unit_test(tables),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
