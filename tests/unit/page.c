/* Pages: nothing comes in unescaped, charts have the heights of their numbers, a quota says what it leads to. */
#include "web/metrics.h"
#include "tests/unit/guard.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

enum { DAY_S = 86400 };

/* 2026-11-20 12:00:00 UTC in the period of November. */
static const int64_t now = 1795176000, from = 1793491200, until = 1796083200;
static const struct viewer owner = {WHO_OWNER, "", false}, inside = {WHO_TENANT, "alice", true};

static const char *
text_of(struct out *o)
{
	out_plain(o, " "); /* room for an end */
	assert_false(o->failed);
	o->ptr[--o->len] = '\0';
	return o->ptr;
}

static bool
has(struct out *o, const char *what)
{
	return strstr(text_of(o), what) != NULL;
}

/* --- the writer --------------------------------------------------------------------------------------------------- */

static void
nothing_comes_in_unescaped(void **state)
{
	const char *volatile nothing = NULL;
	struct out o = {0};

	(void)state;
	out_html(&o, "<a b=\"%s\">%s%c%%%u %zu %" PRIu64 " %.1f</a>", "\"><script>'", "<&>\n\x1b[2J\x7f", '<',
	    7u, (size_t)8, (uint64_t)9, 1.25);
	assert_string_equal(
	    text_of(&o), "<a b=\"&quot;&gt;&lt;script&gt;&#39;\">&lt;&amp;&gt;  [2J &lt;%7 8 9 1.2</a>");
	out_free(&o);
	out_html(&o, "%s", nothing);
	out_plain(&o, "<%s>", "<");
	assert_string_equal(text_of(&o), "<<>");
	out_free(&o);
}

static void
a_page_has_an_end(void **state)
{
	struct out o = {0};

	(void)state;
	for (int i = 0; i < OUT_MAX / 16 + 1; i++)
		out_html(&o, "0123456789abcdef");
	assert_true(o.failed);
	assert_true(o.len <= OUT_MAX);
	out_free(&o);
}

static void
units(void **state)
{
	static const struct {
		int64_t value;
		const char *want;
	} cases[] = {{0, " x=\"0\""}, {150, " x=\"1.5\""}, {105, " x=\"1.05\""}, {-50, " x=\"-0.5\""},
	    {-250, " x=\"-2.5\""}, {1200, " x=\"12\""}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct out o = {0};

		out_unit(&o, "x", cases[i].value);
		assert_string_equal(text_of(&o), cases[i].want);
		out_free(&o);
	}
}

/* --- charts -------------------------------------------------------------------------------------------------------- */

static void
axes_are_readable(void **state)
{
	static const struct {
		uint64_t most, step;
		unsigned n;
		const char *name;
	} cases[] = {
	    {0, 1, 1, "B"},
	    {1, 1, 1, "B"},
	    {4, 1, 4, "B"},
	    {5, 2, 3, "B"},
	    {999, 500, 2, "kB"},
	    {1000, 500, 2, "kB"},
	    {1001, 500, 3, "kB"},
	    {3900000, 1000000, 4, "MB"},
	    {4100000000, 2000000000, 3, "GB"},
	    {12345678901234, 5000000000000, 3, "TB"},
	    {UINT64_MAX, 5000000000000000000u, 4, "EB"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct scale s = chart_scale(cases[i].most);

		assert_int_equal(s.step, cases[i].step);
		assert_int_equal(s.n, cases[i].n);
		assert_string_equal(s.name, cases[i].name);
	}
	/* The law: the last tick is not below, the one before is, and there are few. */
	for (uint64_t most = 1; most < UINT64_MAX / 7; most = most * 7 / 3 + 1) {
		struct scale s = chart_scale(most);

		assert_true(s.n >= 1 && s.n <= CHART_TICKS);
		assert_true((__uint128_t)s.step * s.n >= most && s.step * (s.n - 1) < most);
	}
}

static void
bars_have_their_heights(void **state)
{
	struct chart c = {.id = "day", .title = "A <title>", .guest = "alice", .n = 2};
	struct out o = {0};

	(void)state;
	c.bars[0].v[TO_GUEST] = 3000;
	c.bars[0].v[FROM_GUEST] = 1000; /* all of the axis, which ends at 4 kB */
	c.bars[1].v[TO_GUEST] = 1000;
	snprintf(c.bars[0].when, CHART_WHEN, "<b>");
	chart_put(&o, &c);
	assert_true(has(&o, "A &lt;title&gt;"));
	assert_false(has(&o, "<b>"));
	/* 140 units are 4 kB: 3 of them 105, up to 59; 1 of them 35. */
	assert_true(has(&o, "y=\"59\" width=\"123.12\" height=\"105\"/>"));
	assert_true(has(&o, "y=\"24\" width=\"123.12\" height=\"35\"/>"));
	assert_true(has(&o, "y=\"129\" width=\"123.12\" height=\"35\"/>"));
	assert_true(has(&o, "<td>3.0 kB<td>1.0 kB"));
	out_free(&o);
	c.bars[0] = c.bars[1] = (struct chart_bar){0};
	chart_put(&o, &c);
	assert_true(has(&o, "nothing moved"));
	out_free(&o);
	c.bars[1].v[TO_GUEST] = c.bars[1].v[FROM_GUEST] = UINT64_MAX;
	chart_put(&o, &c);
	assert_false(has(&o, "=\"-"));
	assert_true(has(&o, "in all 18 EB to the guest and 18 EB from it"));
	out_free(&o);
}

/* --- quotas -------------------------------------------------------------------------------------------------------- */

static struct bill
bill(uint64_t billed, enum quota_then then, uint64_t projected)
{
	struct bill b = {.guest = "alice",
	    .found = true,
	    .from = from,
	    .until = until,
	    .quota = {then, .month_bytes = 100000000000, .throttle_bit_s = 1000000},
	    .projected_known = projected > 0,
	    .projected = projected};

	b.sum.v[REC_BILLED] = billed;
	return b;
}

static void
quotas_say_what_follows(void **state)
{
	static const struct {
		uint64_t billed, projected;
		enum quota_then then;
		const char *want;
	} cases[] = {
	    {1, 0, QUOTA_NONE, "No quota"},
	    {40000000000, 60000000000, QUOTA_CUT,
		"60\u00a0GB left until 1 December. When it is used up, alice is cut off"},
	    {40000000000, 0, QUOTA_THROTTLE, "alice is held to 1.0\u00a0Mbit/s each way for the rest"},
	    {40000000000, 60000000000, QUOTA_WARN, "that is told, and nothing is held back"},
	    /* 60 GB more in 10.5 days: the 30 that are left are used up in half of that. */
	    {70000000000, 130000000000, QUOTA_CUT, "used up around 25 November, and alice is then cut off"},
	    {70000000000, 130000000000, QUOTA_WARN, "used up around 25 November</strong>; that is told"},
	    {100000000000, 130000000000, QUOTA_CUT,
		"The quota is used up: alice is cut off until 1 December."},
	    {200000000000, 0, QUOTA_THROTTLE,
		"used up: alice is held to 1.0\u00a0Mbit/s each way until 1 December."},
	    {100000000000, 0, QUOTA_WARN, "is used up.</strong> Nothing is held back"},
	};
	const struct page p = {
	    .now = now, .zone = zone_utc, .zone_name = "UTC", .viewer = &owner, .read_at = now};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct bill b = bill(cases[i].billed, cases[i].then, cases[i].projected);
		struct out o = {0};

		page_quota(&o, &p, &b);
		if (!has(&o, cases[i].want))
			print_error("%s\n", o.ptr);
		assert_true(has(&o, cases[i].want));
		out_free(&o);
	}
}

static void
a_bar_ends_with_its_quota(void **state)
{
	static const struct {
		uint64_t billed, quota;
		const char *width, *class;
	} cases[] = {
	    {0, 1000, "class=\"t\" width=\"0\"", "\"bar\""},
	    {799, 1000, "class=\"t\" width=\"799\"", "\"bar\""},
	    {800, 1000, "class=\"t\" width=\"800\"", "\"bar near\""},
	    {1000, 1000, "class=\"t\" width=\"1000\"", "\"bar over\""},
	    {UINT64_MAX, 1, "class=\"t\" width=\"1000\"", "\"bar over\""},
	    {UINT64_MAX - 1, UINT64_MAX, "class=\"t\" width=\"999\"", "\"bar near\""},
	    {1, 0, "class=\"t\" width=\"1000\"", "\"bar over\""}, /* of nothing all is used */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct bill b = bill(cases[i].billed, QUOTA_CUT, 0);
		struct out o = {0};

		b.quota.month_bytes = cases[i].quota;
		page_bar(&o, &b);
		assert_true(has(&o, cases[i].width) && has(&o, cases[i].class));
		out_free(&o);
	}
}

/* --- pages --------------------------------------------------------------------------------------------------------- */

static void
each_says_what_it_has_to(void **state)
{
	struct page p = {.now = now, .zone = zone_utc, .zone_name = "UTC", .viewer = &owner, .read_at = now};
	struct shown alice = {.bill = bill(70000000000, QUOTA_CUT, 0), .day = 1, .read_at = now};
	struct shown bob = {.bill = bill(5, QUOTA_NONE, 0), .day = 1, .read_at = now};
	const struct shown *const both[] = {&alice, &bob};
	struct dated hour = {.start = now - 3600, .v = {2000, 1000, 4000, 2000, 6000, 0}};
	struct out o = {0};

	(void)state;
	bob.bill.gone = true;
	snprintf(bob.bill.guest, sizeof(bob.bill.guest), "bob");
	alice.hours = (struct history){&hour, 1};
	page_home(&o, &p, both, 2, 0);
	assert_true(
	    has(&o, "href=\"/g/alice\"") && has(&o, "70&#8239;% of 100 GB") && has(&o, "not in the file"));
	assert_false(has(&o, "class=\"trouble\""));
	out_free(&o);

	page_guest(&o, &p, &alice);
	assert_true(
	    has(&o, "20 November, 11:00: 2.0 kB to the guest, 1.0 kB from it") && has(&o, "day 20 of 30"));
	assert_true(has(&o, "All guests"));
	out_free(&o);
	p.wire = true; /* what is billed is what is shown */
	p.viewer = &inside;
	page_guest(&o, &p, &alice);
	assert_true(has(&o, "20 November, 11:00: 4.0 kB to the guest, 2.0 kB from it"));
	assert_false(has(&o, "All guests") || has(&o, "/leave"));
	out_free(&o);

	p.why = "redis <gone>";
	p.read_at = now - 125;
	page_guest(&o, &p, &alice);
	assert_true(has(&o, "last known numbers, of 2026-11-20 11:57 (UTC), 2m5s old"));
	assert_false(has(&o, "gone")); /* which is the owner's to know */
	out_free(&o);
	p.viewer = &owner;
	page_guest(&o, &p, &alice);
	assert_true(has(&o, "redis &lt;gone&gt;"));
	out_free(&o);
	p.read_at = 0;
	page_empty(&o, &p);
	assert_true(has(&o, "No number is known yet"));
	out_free(&o);
	p.why = NULL;
	p.read_at = now - OLD_S - 1;
	page_guest(&o, &p, &alice);
	assert_true(has(&o, "The ledger takes its time") && has(&o, "31s old"));
	out_free(&o);
	p.read_at = now - OLD_S;
	page_guest(&o, &p, &alice);
	assert_false(has(&o, "class=\"trouble\""));
	out_free(&o);
	p.spoilt = "h:20261120 <b> is no slot";
	page_guest(&o, &p, &alice);
	assert_true(has(&o, "numbers cannot be read") && has(&o, "h:20261120 &lt;b&gt; is no slot"));
	out_free(&o);
	bob.read_at = 0; /* never read: no number is made up */
	snprintf(bob.spoilt, sizeof(bob.spoilt), "no number");
	page_home(&o, &p, both, 2, 0);
	assert_true(has(&o, "cannot be read") && has(&o, "<td class=\"billed\">–"));
	out_free(&o);
	page_home(&o, &p, both, 0, 0);
	assert_true(has(&o, "Nobody lives here yet"));
	out_free(&o);
	page_refused(&o, 403);
	assert_true(has(&o, "Not for you"));
	assert_false(has(&o, "alice"));
	out_free(&o);
}

static void
a_long_list_has_pages(void **state)
{
	enum { N = 2 * HOME_ROWS + 3 };
	static struct shown all[N];
	static const struct shown *list[N];
	struct page p = {.now = now, .zone = zone_utc, .zone_name = "UTC", .viewer = &owner, .read_at = now};
	static const struct {
		size_t n;
		unsigned part;
		const char *first, *last, *says, *not ;
	} cases[] = {
	    {N, 0, "guest-0000<", "guest-0399<", "1 to 400 of 803", "rel=\"prev\""},
	    {N, 1, "guest-0400<", "guest-0799<", "href=\"/\" rel=\"prev\"", "guest-0399<"},
	    {N, 2, "guest-0800<", "guest-0802<", "href=\"/page/2\" rel=\"prev\"", "rel=\"next\""},
	    {N, 3, "guest-0000<", "guest-0399<", "href=\"/page/2\" rel=\"next\"",
		"guest-0400<"}, /* no such */
	    {HOME_ROWS, 0, "guest-0000<", "guest-0399<", "803 B", "aria-label=\"pages\""},
	};

	(void)state;
	for (size_t i = 0; i < N; i++) {
		all[i] = (struct shown){.bill = bill(1, QUOTA_CUT, 5), .day = 1, .read_at = now};
		snprintf(all[i].bill.guest, sizeof(all[i].bill.guest), "guest-%04zu", i);
		list[i] = &all[i];
	}
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct out o = {0};

		page_home(&o, &p, list, cases[i].n, cases[i].part);
		assert_true(has(&o, cases[i].first) && has(&o, cases[i].last));
		assert_false(has(&o, cases[i].not ));
		assert_true(i == 4 ? has(&o, "400 B") : has(&o, cases[i].says) && has(&o, "803 B"));
		out_free(&o);
	}
}

static void
metrics_have_all(void **state)
{
	struct page p = {.now = now, .zone = zone_utc, .zone_name = "UTC", .viewer = &owner, .read_at = now};
	struct shown alice = {.bill = bill(7, QUOTA_CUT, 0), .read_at = now}, bob = {.bill = alice.bill};
	const struct shown *const list[] = {&alice, &bob};
	struct out o = {0};

	(void)state;
	for (int i = 0; i < RECORD_FIELDS; i++)
		alice.total.v[i] = 100 + (uint64_t)i;
	snprintf(bob.bill.guest, sizeof(bob.bill.guest), "bob");
	snprintf(bob.spoilt, sizeof(bob.spoilt), "no number");
	metrics_put(&o, &p, list, 2);
	assert_true(
	    has(&o, "\nlodge_guest_readable{guest=\"alice\"} 1\nlodge_guest_readable{guest=\"bob\"} 0\n"));
	assert_false(has(&o, "bytes{guest=\"bob\"") || has(&o, "total{guest=\"bob\"")); /* never read */
	assert_true(has(&o, "\nlodge_ledger_up 1\n"));
	assert_true(has(
	    &o, "\nlodge_guest_bytes_total{guest=\"alice\",direction=\"from_guest\",class=\"wan\"} 107\n"));
	assert_true(has(&o, "\nlodge_guest_quota_bytes{guest=\"alice\"} 100000000000\n"));
	assert_true(has(&o, "\n# TYPE lodge_guest_packets_total counter\n"));
	assert_true(has(&o, "\nlodge_guest_period_billed_bytes{guest=\"alice\"} 7\n"));
	out_free(&o);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(nothing_comes_in_unescaped),
	    cmocka_unit_test(a_page_has_an_end),
	    cmocka_unit_test(units),
	    cmocka_unit_test(axes_are_readable),
	    cmocka_unit_test(bars_have_their_heights),
	    cmocka_unit_test(quotas_say_what_follows),
	    cmocka_unit_test(a_bar_ends_with_its_quota),
	    cmocka_unit_test(each_says_what_it_has_to),
	    cmocka_unit_test(a_long_list_has_pages),
	    cmocka_unit_test(metrics_have_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
