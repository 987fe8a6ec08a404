/* What all pages have; see page.h. */
#include "web/page.h"
#include "base/hash.h"
#include "base/table.h"

const char *
page_policy(void)
{
	return "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src data:; "
	       "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
}

static void
put_head(struct out *o, const char *title)
{
	out_html(o,
	    "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
	    "content=\"width=device-width\"><meta name=\"color-scheme\" content=\"light "
	    "dark\"><title>%s</title><link rel=\"icon\" href=\"data:,\">",
	    title);
}

/* What is the matter, in a word; NULL: nothing. */
static const char *
trouble_of(const struct page *p)
{
	if (p->why)
		return "The ledger does not answer.";
	if (p->spoilt && p->spoilt[0])
		return "Some of this guest's numbers cannot be read.";
	if (p->read_at && p->now - p->read_at > OLD_S)
		return "The ledger takes its time.";
	return NULL;
}

/* What is shown is as old as it is, which is said in front of it. */
static void
put_trouble(struct out *o, const struct page *p)
{
	const char *trouble = trouble_of(p), *detail = p->why ? p->why : p->spoilt;
	char age[SPAN_TEXT], time[WHEN_TEXT];
	int64_t old = p->now - p->read_at;

	if (!trouble)
		return;
	out_html(o, "<div class=\"trouble\" role=\"status\"><p><strong>%s</strong> ", trouble);
	if (p->read_at)
		out_html(o, "These are the last known numbers, of %s (%s), %s old.",
		    when_hour(p->read_at, p->zone, time), p->zone_name,
		    span_print(old > 0 ? (uint64_t)old : 0, age));
	else
		out_html(o, "No number is known yet; this page has them when it can.");
	if (p->why)
		out_html(o, " Bytes are counted all the same, and written when it is back.");
	out_html(o, "</p>");
	if (p->viewer->who == WHO_OWNER && detail && detail[0])
		out_html(o, "<code>%s</code>", detail);
	out_html(o, "</div>");
}

unsigned
page_tag(const char *text)
{
	return (unsigned)hash_bytes(1, text, strlen(text));
}

void
page_begin(struct out *o, const struct page *p, const char *title)
{
	put_head(o, title);
	out_html(o,
	    "<link rel=\"stylesheet\" href=\"/style.css?%08x\"></head><body><a class=\"skip\" "
	    "href=\"#main\">to the "
	    "numbers</a><header><a class=\"mark\" href=\"/\">lodge</a>",
	    page_tag(page_style));
	if (p->viewer->who == WHO_OWNER)
		out_html(o, "<nav aria-label=\"all\"><a href=\"/\">All guests</a><a href=\"/guests.csv\" "
			    "download>CSV</a><a href=\"/api/v1/guests\">JSON</a></nav>");
	out_html(o, "</header><main id=\"main\">");
	put_trouble(o, p);
}

void
page_end(struct out *o, const struct page *p)
{
	char time[WHEN_TEXT];

	out_html(o, "</main><footer><p>");
	if (p->read_at)
		out_html(o, "Read %s %s. ", when_hour(p->read_at, p->zone, time), p->zone_name);
	out_html(o, "Billing periods begin at midnight UTC.</p>");
	if (!p->viewer->inside)
		out_html(o, "<p><a href=\"/leave\">Forget me on this device</a></p>");
	out_html(o, "</footer></body></html>\n");
}

void
page_empty(struct out *o, const struct page *p)
{
	page_begin(o, p, "lodge");
	out_html(o, "<h1>No numbers yet</h1>");
	page_end(o, p);
}

void
page_refused(struct out *o, int status)
{
	static const struct {
		int status;
		const char *title, *text;
	} words[] = {
	    {403, "Not for you",
		"This page shows what a guest of this host moved. It opens by the link that its owner gives "
		"out, or from "
		"inside the guest. A link that was taken back opens nothing."},
	    {404, "No such page", "There is nothing by that name here."},
	    {405, "Only to be read", "This page takes GET and HEAD."},
	    {503, "Busy", "Too many ask at once; try again in a moment."},
	};
	size_t i = 0;

	while (i + 1 < sizeof(words) / sizeof(*words) && words[i].status != status)
		i++;
	put_head(o, words[i].title);
	out_html(o, "</head><body><h1>%s</h1><p>%s</p></body></html>\n", words[i].title, words[i].text);
}
