/* A quota in words; see page.h. */
#include "base/figure.h"
#include "base/table.h"
#include "web/page.h"

#include <stdio.h>

enum { BAR_WIDTH = 1000 };

void
page_bar(struct out *o, const struct bill *b)
{
	uint64_t billed = b->sum.v[REC_BILLED], quota = b->quota.month_bytes;
	unsigned percent = quota ? percent_of(billed, quota) : 100; /* of nothing all is used */
	int64_t part = percent >= 100 ? BAR_WIDTH : (int64_t)((__uint128_t)billed * BAR_WIDTH / quota);

	out_html(o,
	    "<svg class=\"bar%s\" viewBox=\"0 0 %d 10\" preserveAspectRatio=\"none\" role=\"img\" "
	    "aria-label=\"%u "
	    "per cent of the quota used\"><rect class=\"b\" width=\"%d\" height=\"10\"/>",
	    percent >= 100  ? " over"
	    : percent >= 80 ? " near"
			    : "",
	    BAR_WIDTH, percent, BAR_WIDTH);
	out_html(o, "<rect class=\"t\" width=\"%d\" height=\"10\"/></svg>", (int)part);
}

_Static_assert((int)RATE_TEXT < (int)WHOLE_TEXT, "a rate with a longer blank");

const char *
page_whole(const char *text, char out[WHOLE_TEXT])
{
	size_t blank = strcspn(text, " ");

	snprintf(out, WHOLE_TEXT, "%.*s%s%s", (int)blank, text, text[blank] ? "\u00a0" : "",
	    text[blank] ? text + blank + 1 : "");
	return out;
}

/* What is done, to follow «is» or «will be». */
static void
put_then(struct out *o, const struct quota *q)
{
	char rate[RATE_TEXT], text[WHOLE_TEXT];

	if (q->then == QUOTA_CUT)
		out_html(o, "cut off");
	else
		out_html(o, "held to %s each way", page_whole(rate_print(q->throttle_bit_s, rate), text));
}

static void
put_used_up(struct out *o, const struct page *p, const struct bill *b)
{
	char day[DAY_TEXT];

	if (b->quota.then == QUOTA_WARN) {
		out_html(
		    o, "<strong>The quota is used up.</strong> Nothing is held back: it is a warning only.");
		return;
	}
	out_html(o, "<strong>The quota is used up: %s is ", b->guest);
	put_then(o, &b->quota);
	out_html(o, " until %s.</strong>", page_day(b->until, zone_utc, day));
	(void)p;
}

/* When it is used up at the pace of the projection; 0: not in this period. */
static int64_t
used_up_at(const struct page *p, const struct bill *b)
{
	uint64_t billed = b->sum.v[REC_BILLED], left = bill_left(b);

	if (!b->projected_known || b->projected <= b->quota.month_bytes || b->projected <= billed ||
	    b->until <= p->now)
		return 0;
	return p->now +
	       (int64_t)((__uint128_t)left * (uint64_t)(b->until - p->now) / (b->projected - billed));
}

void
page_quota(struct out *o, const struct page *p, const struct bill *b)
{
	char size[SIZE_TEXT], text[WHOLE_TEXT], day[DAY_TEXT];
	int64_t at = used_up_at(p, b);

	if (b->quota.then == QUOTA_NONE) {
		out_html(o, "<p class=\"say\">No quota: what is used is billed.</p>");
		return;
	}
	out_html(o, "<p class=\"say\">");
	if (bill_left(b) == 0) {
		put_used_up(o, p, b);
		out_html(o, "</p>");
		return;
	}
	out_html(o, "%s left until %s. ", page_whole(size_print(bill_left(b), size), text),
	    page_day(b->until, zone_utc, day));
	if (at && b->quota.then == QUOTA_WARN) {
		out_html(o,
		    "<strong>At the pace of the last days it is used up around %s</strong>; that is told, "
		    "and "
		    "nothing is held back.",
		    page_day(at, p->zone, day));
	} else if (at) {
		out_html(o, "<strong>At the pace of the last days it is used up around %s, and %s is then ",
		    page_day(at, p->zone, day), b->guest);
		put_then(o, &b->quota);
		out_html(o, "</strong> for the rest of the period.");
	} else if (b->quota.then == QUOTA_WARN) {
		out_html(o, "When it is used up that is told, and nothing is held back.");
	} else {
		out_html(o, "When it is used up, %s is ", b->guest);
		put_then(o, &b->quota);
		out_html(o, " for the rest of the period.");
	}
	out_html(o, "</p>");
}
