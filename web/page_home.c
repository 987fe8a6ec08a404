/* All guests on one page; see page.h. */
#include "base/figure.h"
#include "base/table.h"
#include "web/page.h"

static void
put_rate(struct out *o, const struct shown *g)
{
	char to[RATE_TEXT], from[RATE_TEXT];

	if (!g->rate_known) {
		out_html(o, "<td class=\"now none\">–");
		return;
	}
	out_html(o,
	    "<td class=\"now\"><span class=\"way\">↓&#8239;%s</span> <span class=\"way\">↑&#8239;%s</span>",
	    rate_print(g->rate[TO_GUEST], to), rate_print(g->rate[FROM_GUEST], from));
}

static void
put_quota(struct out *o, const struct bill *b)
{
	static const char *const thens[] = {
	    [QUOTA_WARN] = "", [QUOTA_THROTTLE] = ", held back", [QUOTA_CUT] = ", cut off"};
	char size[SIZE_TEXT];
	bool over = b->quota.then != QUOTA_NONE && bill_left(b) == 0;

	if (b->quota.then == QUOTA_NONE) {
		out_html(o, "<small>%s</small>", b->gone ? "" : "no quota");
		return;
	}
	page_bar(o, b);
	out_html(o, "<small class=\"%s\">%u&#8239;%% of %s%s</small>", over ? "bad" : "part",
	    percent_of(b->sum.v[REC_BILLED], b->quota.month_bytes), size_print(b->quota.month_bytes, size),
	    over ? thens[b->quota.then] : "");
}

static void
put_row(struct out *o, const struct shown *g)
{
	const struct bill *b = &g->bill;
	char size[SIZE_TEXT];

	out_html(o, "<tr><th scope=\"row\"><a href=\"/g/%s\">%s</a>", b->guest, b->guest);
	if (g->spoilt[0])
		out_html(o, "<small class=\"bad\">its numbers cannot be read</small>");
	else if (b->gone)
		out_html(o, "<small>not in the file</small>");
	else if (g->n_domains > 0)
		out_html(o, "<small>%s%s</small>", g->domain, g->n_domains > 1 ? " …" : "");
	put_rate(o, g);
	out_html(o, "<td class=\"billed\">%s<td class=\"quota\">",
	    g->read_at ? size_print(b->sum.v[REC_BILLED], size) : "–");
	if (g->read_at)
		put_quota(o, b);
	out_html(o, "<td class=\"expected\">%s", b->projected_known ? size_print(b->projected, size) : "–");
}

static void
put_sum(struct out *o, const struct page *p, const struct bill *sum)
{
	char size[SIZE_TEXT], whole[WHOLE_TEXT], text[2 * WHEN_TEXT];

	out_html(o,
	    "<h1 class=\"mini\">All guests</h1><p class=\"lead\"><span class=\"big\">%s</span><span "
	    "class=\"under\">billed",
	    size_print(sum->sum.v[REC_BILLED], size));
	if (sum->until > 0)
		out_html(o, " %s", when_period(sum->from, sum->until, text));
	if (sum->projected_known && sum->projected > sum->sum.v[REC_BILLED])
		out_html(o, ", %s expected by its end", page_whole(size_print(sum->projected, size), whole));
	out_html(o, "</span></p>");
	(void)p;
}

static void
put_part(struct out *o, size_t at, const char *rel, const char *word)
{
	if (at == 0)
		out_html(o, "<a href=\"/\" rel=\"%s\">%s</a>", rel, word);
	else
		out_html(o, "<a href=\"/page/%zu\" rel=\"%s\">%s</a>", at / HOME_ROWS + 1, rel, word);
}

/* A list that is long has several pages. */
static void
put_parts(struct out *o, size_t n, size_t first, size_t end)
{
	if (n <= HOME_ROWS)
		return;
	out_html(o,
	    "<nav class=\"files\" aria-label=\"pages\"><span class=\"under\">%zu to %zu of %zu</span>",
	    first + 1, end, n);
	if (first > 0)
		put_part(o, first - HOME_ROWS, "prev", "Before");
	if (end < n)
		put_part(o, end, "next", "Next");
	out_html(o, "</nav>");
}

void
page_home(struct out *o, const struct page *p, const struct shown *const *list, size_t n, unsigned part)
{
	size_t first = (size_t)part * HOME_ROWS < n ? (size_t)part * HOME_ROWS : 0;
	size_t end = n - first > HOME_ROWS ? first + HOME_ROWS : n;
	struct bill sum = {.projected_known = true};
	bool any = false;

	for (size_t i = 0; i < n; i++) {
		struct bill both[2] = {sum, list[i]->bill};

		if (!list[i]->read_at)
			continue;
		sum = any ? bill_sum(both, 2) : both[1];
		any = true;
	}
	page_begin(o, p, "All guests – lodge");
	put_sum(o, p, &sum);
	if (n == 0) {
		out_html(o, "<p class=\"say\">Nobody lives here yet: the file names no guest, and none was "
			    "counted.</p>");
		page_end(o, p);
		return;
	}
	out_html(o, "<table class=\"guests\"><caption class=\"hide\">Guests, what each moves and what is "
		    "billed</caption><thead>"
		    "<tr><th scope=\"col\">Guest<th scope=\"col\" class=\"now\">Last minutes<th "
		    "scope=\"col\">This period<th "
		    "scope=\"col\">Quota<th scope=\"col\">Expected<tbody>");
	for (size_t i = first; i < end; i++)
		put_row(o, list[i]);
	out_html(o, "</table>");
	put_parts(o, n, first, end);
	page_end(o, p);
}
