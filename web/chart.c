/* A chart of bytes by time; see chart.h. */
#include "web/chart.h"
#include "base/figure.h"
#include "base/table.h"

#include <inttypes.h>

enum { RIGHT = CHART_WIDTH - 2, GAP = 24 /* hundredths of a bar's room */ };

struct scale
chart_scale(uint64_t most)
{
	static const char *const names[] = {"B", "kB", "MB", "GB", "TB", "PB", "EB"};
	struct scale s = {.step = 1, .unit = 1, .name = names[0]};
	unsigned by[] = {2, 5, 10};
	uint64_t power = 1;
	size_t i = 0;

	/* 4 steps of 5e18 would be above all that 64 bits hold. */
	while (s.step < most / 4 + (most % 4 != 0) && s.step < 5000000000000000000u) {
		if (i == 3) {
			i = 0;
			power *= 10;
		}
		s.step = power * by[i++];
	}
	s.n = most == 0 ? 1 : (unsigned)(most / s.step + (most % s.step != 0));
	for (i = 0; i + 1 < sizeof(names) / sizeof(*names) && s.unit <= s.step * s.n / 1000; i++)
		s.unit *= 1000;
	s.name = names[i];
	return s;
}

/* Where a value lies, in hundredths from the top. */
static int64_t
height_of(const struct scale *s, uint64_t value)
{
	__uint128_t room = (CHART_BOTTOM - CHART_TOP) * 100, top = (__uint128_t)s->step * s->n;

	return CHART_BOTTOM * 100 - (int64_t)(room * value / top);
}

/* As far as 64 bits hold it: what is more is not drawn. */
static uint64_t
add(uint64_t a, uint64_t b)
{
	return a + b < a ? UINT64_MAX : a + b;
}

static uint64_t
both(const struct chart_bar *b)
{
	return add(b->v[TO_GUEST], b->v[FROM_GUEST]);
}

static void
put_axis(struct out *o, const struct scale *s, bool empty)
{
	if (empty) { /* nothing to measure */
		out_html(o, "<path class=\"z\" d=\"M%d %dH%d\"/>", CHART_LEFT, CHART_BOTTOM, RIGHT);
		return;
	}
	out_html(o, "<text class=\"u\" x=\"%d\" y=\"12\">%s</text>", CHART_LEFT - 6, s->name);
	for (unsigned i = 0; i <= s->n; i++) {
		uint64_t value = s->step * i;
		int64_t y = height_of(s, value);

		out_html(o, "<path class=\"%s\" d=\"M%d %" PRId64 ".%02dH%d\"/>", i == 0 ? "z" : "l",
		    CHART_LEFT, y / 100, (int)(y % 100), RIGHT);
		out_html(o, "<text class=\"y\" x=\"%d\"", CHART_LEFT - 6);
		out_unit(o, "y", y + 350);
		if (value % s->unit == 0)
			out_html(o, ">%" PRIu64 "</text>", value / s->unit);
		else
			out_html(o, ">%" PRIu64 ".%d</text>", value / s->unit,
			    (int)(value % s->unit * 10 / s->unit));
	}
}

static void
put_piece(struct out *o, const char *class, int64_t x, int64_t width, int64_t from, int64_t to)
{
	if (from <= to)
		return;
	out_html(o, "<rect class=\"%s\"", class);
	out_unit(o, "x", x);
	out_unit(o, "y", to);
	out_unit(o, "width", width);
	out_unit(o, "height", from - to);
	out_html(o, "/>");
}

static void
put_bar(struct out *o, const struct chart *c, const struct scale *s, size_t i)
{
	const struct chart_bar *b = &c->bars[i];
	int64_t room = (RIGHT - CHART_LEFT) * 100 / (int64_t)c->n,
		left = CHART_LEFT * 100 + (int64_t)i * room;
	int64_t width = room * (100 - GAP) / 100, x = left + (room - width) / 2;
	int64_t middle = height_of(s, b->v[TO_GUEST]), top = height_of(s, both(b));
	char to[SIZE_TEXT], from[SIZE_TEXT];

	if (both(b) > 0) {
		out_html(o, "<g class=\"%s\"><title>%s: %s to the guest, %s from it</title>",
		    b->open ? "o" : "w", b->when, size_print(b->v[TO_GUEST], to),
		    size_print(b->v[FROM_GUEST], from));
		put_piece(o, "t", x, width, CHART_BOTTOM * 100, middle);
		put_piece(o, "f", x, width, middle, top);
		out_html(o, "</g>");
	}
	if (b->label[0]) {
		out_html(o, "<text class=\"%s\"", i + 1 == c->n ? "x e" : "x");
		out_unit(o, "x", i + 1 == c->n ? RIGHT * 100 : left + room / 2);
		out_html(o, " y=\"%d\">%s</text>", CHART_BOTTOM + 16, b->label);
	}
}

static void
put_table(struct out *o, const struct chart *c)
{
	char to[SIZE_TEXT], from[SIZE_TEXT];

	out_html(o,
	    "<div class=\"data\"><details><summary>Table<span class=\"hide\"> of %s</span></summary><div "
	    "class=\"scroll\"><table><caption>%s</caption>"
	    "<thead><tr><th scope=\"col\">Time<th scope=\"col\">To the guest<th scope=\"col\">From it"
	    "<tbody>",
	    c->title, c->title);
	for (size_t i = c->n; i-- > 0;) {
		const struct chart_bar *b = &c->bars[i];

		if (both(b) > 0)
			out_html(o, "<tr><th scope=\"row\">%s<td>%s<td>%s", b->when,
			    size_print(b->v[TO_GUEST], to), size_print(b->v[FROM_GUEST], from));
	}
	out_html(o,
	    "</table></div></details><a class=\"csv\" href=\"/g/%s/%s.csv\" download>CSV<span "
	    "class=\"hide\"> of "
	    "%s</span></a></div>",
	    c->guest, c->id, c->title);
}

void
chart_put(struct out *o, const struct chart *c)
{
	uint64_t most = 0, sum[DIRECTIONS] = {0};
	char to[SIZE_TEXT], from[SIZE_TEXT];
	struct scale s;

	for (size_t i = 0; i < c->n; i++) {
		most = both(&c->bars[i]) > most ? both(&c->bars[i]) : most;
		for (int d = 0; d < DIRECTIONS; d++)
			sum[d] = add(sum[d], c->bars[i].v[d]);
	}
	s = chart_scale(most);
	out_html(o,
	    "<figure><figcaption id=\"%s\">%s</figcaption><svg viewBox=\"0 0 %d %d\" role=\"img\" "
	    "aria-labelledby=\"%s\" aria-describedby=\"%s-d\"><desc id=\"%s-d\">Bars: in all %s to the guest "
	    "and %s "
	    "from it; the table behind has each.</desc>",
	    c->id, c->title, CHART_WIDTH, CHART_HEIGHT, c->id, c->id, c->id, size_print(sum[TO_GUEST], to),
	    size_print(sum[FROM_GUEST], from));
	put_axis(o, &s, most == 0);
	for (size_t i = 0; i < c->n; i++)
		put_bar(o, c, &s, i);
	if (most == 0)
		out_html(o, "<text class=\"n\" x=\"%d\" y=\"%d\">nothing moved</text>",
		    (CHART_LEFT + RIGHT) / 2, (CHART_TOP + CHART_BOTTOM) / 2);
	out_html(o, "</svg>");
	put_table(o, c);
	out_html(o, "</figure>");
}
