/* One guest's times as charts; see page.h. */
#include "web/page.h"

#include <stdio.h>

enum { HOUR_S = 3600, DAY_S = 86400, HOURS = 24, DAYS = 30, MONTHS = 12, LABEL_HOURS = 6, LABEL_DAYS = 7 };

const char *
page_day(int64_t at, zone_of *zone, char out[DAY_TEXT])
{
	struct tm tm = when_clock(at, zone);

	snprintf(out, DAY_TEXT, "%d %s", tm.tm_mday, when_months[tm.tm_mon]);
	return out;
}

/* The slot that begins then into a bar. */
static void
fill(const struct page *p, const struct history *rows, int64_t start, struct chart_bar *bar)
{
	for (size_t i = 0; i < rows->n; i++) {
		const uint64_t *v = rows->list[i].v;

		if (rows->list[i].start != start)
			continue;
		bar->v[TO_GUEST] = v[p->wire ? SLOT_WIRE_TO_GUEST : SLOT_TO_GUEST];
		bar->v[FROM_GUEST] = v[p->wire ? SLOT_WIRE_FROM_GUEST : SLOT_FROM_GUEST];
	}
}

static void
chart_hours(struct chart *c, const struct page *p, const struct history *rows)
{
	int64_t last = slot_start(SLOT_HOUR, p->now);

	*c = (struct chart){.id = "hour", .title = "Last 24 hours", .n = HOURS};
	for (int i = 0; i < HOURS; i++) {
		struct chart_bar *b = &c->bars[i];
		int64_t at = last - (HOURS - 1 - i) * HOUR_S;
		struct tm tm = when_clock(at, p->zone);
		char day[DAY_TEXT];

		snprintf(b->when, sizeof(b->when), "%s, %02d:%02d", page_day(at, p->zone, day), tm.tm_hour,
		    tm.tm_min);
		if (tm.tm_hour % LABEL_HOURS == 0)
			snprintf(b->label, sizeof(b->label), "%02d:%02d", tm.tm_hour, tm.tm_min);
		b->open = at == last;
		fill(p, rows, at, b);
	}
}

static void
chart_days(struct chart *c, const struct page *p, const struct history *rows)
{
	*c = (struct chart){.id = "day", .title = "Last 30 days", .n = DAYS};
	for (int i = 0; i < DAYS; i++) {
		struct chart_bar *b = &c->bars[i];
		int64_t at = day_after(p->now, i - (DAYS - 1), p->zone);
		struct tm tm = when_clock(at, p->zone);

		page_day(at, p->zone, b->when);
		if (tm.tm_mday == 1)
			snprintf(b->label, sizeof(b->label), "1 %.3s", when_months[tm.tm_mon]);
		else if (tm.tm_mday % LABEL_DAYS == 1 && tm.tm_mday < 29)
			snprintf(b->label, sizeof(b->label), "%d", tm.tm_mday);
		b->open = i == DAYS - 1;
		fill(p, rows, at, b);
	}
}

static void
chart_months(struct chart *c, const struct page *p, const struct shown *g)
{
	uint8_t day = g->day;
	int64_t at = g->bill.from;

	*c = (struct chart){.id = "month", .title = "Last 12 months", .n = MONTHS};
	for (int i = MONTHS - 1; i >= 0; i--) {
		struct chart_bar *b = &c->bars[i];
		struct tm tm = when_clock(at, zone_utc);

		if (day == 1)
			snprintf(
			    b->when, sizeof(b->when), "%s %d", when_months[tm.tm_mon], tm.tm_year + 1900);
		else
			snprintf(b->when, sizeof(b->when), "from %d %s %d", tm.tm_mday,
			    when_months[tm.tm_mon], tm.tm_year + 1900);
		if (i % 2 == 1)
			snprintf(b->label, sizeof(b->label), "%.3s", when_months[tm.tm_mon]);
		b->open = i == MONTHS - 1;
		fill(p, &g->months, at, b);
		at = period_start(at - 1, day);
	}
}

void
page_charts(struct out *o, const struct page *p, const struct shown *g)
{
	struct chart c;

	out_html(o,
	    "<section aria-labelledby=\"moved\"><h2 id=\"moved\">Traffic</h2><p class=\"key\"><span><i "
	    "class=\"t\"></i>to the guest</span><span><i class=\"f\"></i>from the guest</span><span "
	    "class=\"zone\">hours and days of %s</span></p><div class=\"charts\">",
	    p->zone_name);
	chart_hours(&c, p, &g->hours);
	c.guest = g->bill.guest;
	chart_put(o, &c);
	chart_days(&c, p, &g->days);
	c.guest = g->bill.guest;
	chart_put(o, &c);
	chart_months(&c, p, g);
	c.guest = g->bill.guest;
	chart_put(o, &c);
	out_html(o, "</div></section>");
}
