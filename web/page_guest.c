/* One guest's page; see page.h. */
#include "base/figure.h"
#include "base/table.h"
#include "web/page.h"

#include <inttypes.h>

enum { DAY_S = 86400 };

static void
put_title(struct out *o, const struct page *p, const struct shown *g)
{
	const struct bill *b = &g->bill;
	char text[2 * WHEN_TEXT];
	int64_t day = (p->now - b->from) / DAY_S + 1, days = (b->until - b->from) / DAY_S;

	out_html(o, "<h1>%s</h1><p class=\"under\">%s", b->guest, when_period(b->from, b->until, text));
	if (p->now >= b->from && p->now < b->until)
		out_html(o, ", day %" PRId64 " of %" PRId64, day, days);
	if (b->gone)
		out_html(o, ". <strong>The file does not name this guest any more.</strong>");
	out_html(o, "</p>");
}

static void
put_billed(struct out *o, const struct page *p, const struct shown *g)
{
	const struct bill *b = &g->bill;
	char size[SIZE_TEXT];

	out_html(o,
	    "<section class=\"billed\" aria-labelledby=\"b\"><h2 id=\"b\">Billed</h2><p class=\"lead\"><span "
	    "class=\"big\">%s</span>",
	    size_print(b->sum.v[REC_BILLED], size));
	if (b->quota.then != QUOTA_NONE) {
		out_html(o, " <span class=\"of\">of %s</span></p>", size_print(b->quota.month_bytes, size));
		page_bar(o, b);
	} else {
		out_html(o, "</p>");
	}
	page_quota(o, p, b);
	out_html(o, "</section>");
}

/* The script puts what moves this second there; without it, it is what moved in the last minutes. */
static void
put_now(struct out *o, const struct shown *g)
{
	static const char *const words[] = {[TO_GUEST] = "to the guest", [FROM_GUEST] = "from the guest"};
	static const char *const ids[] = {[TO_GUEST] = "to", [FROM_GUEST] = "from"};
	char rate[RATE_TEXT];

	out_html(o,
	    "<section class=\"now\" aria-labelledby=\"n\" data-live=\"/g/%s/live\"><h2 id=\"n\">Now <small "
	    "id=\"how\">in the last minutes</small></h2><dl>",
	    g->bill.guest);
	for (int d = 0; d < DIRECTIONS; d++)
		out_html(o, "<div class=\"%s\"><dt>%s<dd id=\"%s\">%s</div>", d == TO_GUEST ? "t" : "f",
		    words[d], ids[d], g->rate_known ? rate_print(g->rate[d], rate) : "–");
	out_html(o, "</dl><svg id=\"trace\" viewBox=\"0 0 60 20\" preserveAspectRatio=\"none\" "
		    "aria-hidden=\"true\"><path class=\"f\"/><path class=\"t\"/></svg><p id=\"most\" "
		    "class=\"key\"></p></section>");
}

static void
put_fact(struct out *o, const char *what, const char *how, const char *value)
{
	out_html(o, "<div><dt>%s <small>%s</small><dd>%s</div>", what, how, value);
}

static void
put_facts(struct out *o, const struct page *p, const struct shown *g)
{
	const struct bill *b = &g->bill;
	char text[40], age[SPAN_TEXT];
	int64_t since = p->now - b->sum.ts;

	out_html(o, "<section class=\"facts\" aria-labelledby=\"f\"><h2 id=\"f\">This period</h2><dl>");
	if (p->now < b->until)
		put_fact(o, "Expected", "at the pace of the last days",
		    b->projected_known ? size_print(b->projected, text) : "not known yet");
	put_fact(
	    o, "95th percentile", "to the guest", b->p95_known ? rate_print(b->p95[TO_GUEST], text) : "–");
	put_fact(o, "95th percentile", "from the guest",
	    b->p95_known ? rate_print(b->p95[FROM_GUEST], text) : "–");
	if (b->sum.ts > 0) {
		out_html(o, "<div><dt>Last byte<dd>%s ago</div>",
		    span_print(since > 0 ? (uint64_t)since : 0, age));
	} else {
		out_html(o, "<div><dt>Last byte<dd>none yet</div>");
	}
	out_html(o, "</dl></section>");
}

static void
put_class(struct out *o, const char *what, const char *how, const struct record *r, enum record_field field)
{
	char to[SIZE_TEXT], from[SIZE_TEXT];

	out_html(o, "<tr><th scope=\"row\">%s", what);
	if (how[0])
		out_html(o, " <small>%s</small>", how);
	out_html(o, "<td title=\"%" PRIu64 " bytes\">%s<td title=\"%" PRIu64 " bytes\">%s",
	    r->v[field + TO_GUEST], size_print(r->v[field + TO_GUEST], to), r->v[field + FROM_GUEST],
	    size_print(r->v[field + FROM_GUEST], from));
}

static void
put_classes(struct out *o, const struct shown *g)
{
	const struct record *r = &g->bill.sum;

	out_html(o, "<section class=\"classes\" aria-labelledby=\"c\"><h2 id=\"c\">Between "
		    "whom</h2><table><thead><tr><td>"
		    "<th scope=\"col\">To the guest<th scope=\"col\">From it<tbody>");
	put_class(o, "Internet", "", r, REC_WAN);
	put_class(o, "Host", "", r, REC_HOST);
	put_class(o, "Other guests", "", r, REC_GUESTS);
	if (r->v[REC_UNCLASSIFIED + TO_GUEST] + r->v[REC_UNCLASSIFIED + FROM_GUEST] > 0)
		put_class(o, "Unclassified", "counted, not seen", r, REC_UNCLASSIFIED);
	out_html(o, "<tbody class=\"sum\">");
	put_class(o, "All", "as the guest's device counts", r, REC_BYTES);
	put_class(o, "On the wire", "with all headers", r, REC_WIRE);
	out_html(o, "</table></section>");
}

void
page_guest(struct out *o, const struct page *p, const struct shown *g)
{
	char title[CONF_GUEST_NAME_MAX + 16];

	snprintf(title, sizeof(title), "%s – lodge", g->bill.guest);
	page_begin(o, p, title);
	put_title(o, p, g);
	out_html(o, "<div class=\"top\">");
	put_billed(o, p, g);
	put_now(o, g);
	out_html(o, "</div>");
	page_charts(o, p, g);
	out_html(o, "<div class=\"low\">");
	put_facts(o, p, g);
	put_classes(o, g);
	out_html(o,
	    "</div><p class=\"files\"><a href=\"/g/%s/text\">Text</a><a "
	    "href=\"/api/v1/guests/%s\">JSON</a></p>"
	    "<script src=\"/live.js?%08x\"></script>",
	    g->bill.guest, g->bill.guest, page_tag(page_script));
	page_end(o, p);
}
