/*
 * A chart of bytes by time, as an SVG that a style sheet colours: what came to the guest, and upon it what came from it.
 * A core. It is drawn for 360 units of width, so that its letters have the size of the page's on a phone, and three
 * stand side by side on a desk.
 */
#ifndef WEB_CHART_H
#define WEB_CHART_H

#include "ledger/record.h"
#include "web/out.h"

enum {
	CHART_BARS = 40, /* at most */
	CHART_WIDTH = 360,
	CHART_HEIGHT = 188,
	CHART_LEFT = 34,
	CHART_TOP = 24,
	CHART_BOTTOM = 164, /* where the bars stand */
	CHART_TICKS = 5, /* at most, 0 not counted */
	CHART_WHEN = 48,
};

struct chart_bar {
	char label[CHART_WHEN]; /* below the axis; "": none */
	char when[CHART_WHEN]; /* in words, for the table and who points at it */
	uint64_t v[DIRECTIONS];
	bool open; /* its time is not over */
};

struct chart {
	const char *id, *title; /* id: unique in the page */
	const char *guest; /* whose; CSV is at /g/GUEST/ID.csv */
	struct chart_bar bars[CHART_BARS];
	size_t n;
};

/* Where the axis is ruled: every step, so often that the last one is not below most. Steps are 1, 2 or 5 by a power of
 * ten; of nothing it is one byte. */
struct scale {
	uint64_t step;
	unsigned n; /* steps, at least 1 */
	uint64_t unit; /* a power of 1000 in which ticks are whole, or have one digit behind the point */
	const char *name; /* of the unit: "GB" */
};

struct scale chart_scale(uint64_t most);

/* The drawing, and behind it the same as a table. */
void chart_put(struct out *, const struct chart *);

#endif
