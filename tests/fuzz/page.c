/*
 * Numbers and texts of one guest, as pages and metrics. Laws: whatever Redis or the file may hold, the page is whole and
 * not too long, nothing in a chart lies below nothing, and no markup comes in with a text.
 */
#include "web/metrics.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

enum { ROWS = 64, TEXT = 48 };

static void
check(bool good)
{
	if (!good)
		abort();
}

struct input {
	const uint8_t *at;
	size_t left;
};

static uint64_t
number(struct input *in)
{
	uint64_t v = 0;
	size_t n = in->left < sizeof(v) ? in->left : sizeof(v);

	memcpy(&v, in->at, n);
	in->at += n;
	in->left -= n;
	return v;
}

static const char *
text(struct input *in, char out[TEXT])
{
	for (size_t i = 0; i < TEXT - 1; i += 8) {
		uint64_t v = number(in);

		memcpy(out + i, &v, i + 8 < TEXT ? 8 : TEXT - 1 - i);
	}
	out[TEXT - 1] = '\0';
	return out;
}

static void
rows(struct input *in, struct history *h, int64_t now, int64_t step)
{
	static struct dated lists[3][ROWS];
	static unsigned turn;

	h->list = lists[turn++ % 3];
	h->n = number(in) % (ROWS + 1);
	for (size_t i = 0; i < h->n; i++) {
		h->list[i].start = now - now % step - (int64_t)i * step;
		for (int f = 0; f < SLOT_FIELDS; f++)
			h->list[i].v[f] = number(in);
	}
}

static void
fill(struct input *in, struct shown *g, int64_t now)
{
	struct bill *b = &g->bill;
	uint64_t flags = number(in);

	snprintf(b->guest, sizeof(b->guest), "alice");
	for (int f = 0; f < RECORD_FIELDS; f++)
		b->sum.v[f] = g->total.v[f] = number(in);
	b->sum.ts = g->total.ts = (int64_t)(number(in) % ((uint64_t)now * 2));
	g->day = b->day = 1 + (uint8_t)(flags >> 8) % 31;
	b->from = period_start(now, b->day);
	b->until = period_end(b->from, b->day);
	b->quota = (struct quota){
	    (enum quota_then)(flags % 4), .month_bytes = number(in), .throttle_bit_s = number(in)};
	b->projected_known = flags & 16;
	b->projected = number(in);
	b->p95_known = flags & 32;
	b->gone = flags & 64;
	b->found = true;
	g->read_at = flags & 128 ? now : 0;
	for (int d = 0; d < DIRECTIONS; d++)
		b->p95[d] = g->rate[d] = number(in);
	g->rate_known = b->p95_known;
	rows(in, &g->hours, now, 3600);
	rows(in, &g->days, now, 86400);
	rows(in, &g->months, now, 86400 * 7);
}

static void
look(struct out *o)
{
	size_t open = 0, shut = 0;

	check(!o->failed && o->len > 0);
	for (size_t i = 0; i < o->len; i++) {
		open += o->ptr[i] == '<';
		shut += o->ptr[i] == '>';
		check((unsigned char)o->ptr[i] >= ' ' || o->ptr[i] == '\n');
	}
	check(open == shut); /* a text has none of its own */
	check(!memmem(o->ptr, o->len, "=\"-", 3));
	out_free(o);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct input in = {bytes, n};
	int64_t now = 1600000000 + (int64_t)(number(&in) % 1000000000);
	struct viewer viewer = {(enum who)(WHO_TENANT + number(&in) % 2), "alice", false};
	char why[TEXT], spoilt[TEXT], zone[TEXT], domain[TEXT];
	struct shown guest = {0};
	const struct shown *list[] = {&guest, &guest};
	struct page p = {.now = now, .zone = zone_utc, .viewer = &viewer};
	struct out o = {0};

	fill(&in, &guest, now);
	p.read_at = (int64_t)(number(&in) % ((uint64_t)now * 2));
	p.wire = p.read_at % 2;
	p.zone_name = text(&in, zone);
	p.why = p.read_at % 3 ? NULL : text(&in, why);
	p.spoilt = text(&in, spoilt);
	snprintf(guest.spoilt, sizeof(guest.spoilt), "%s", spoilt);
	guest.domain = text(&in, domain);
	guest.n_domains = p.read_at % 3;
	page_guest(&o, &p, &guest);
	look(&o);
	page_home(&o, &p, list, 2, 0);
	look(&o);
	page_empty(&o, &p);
	look(&o);
	metrics_put(&o, &p, list, 2);
	check(!o.failed);
	out_free(&o);
	return 0;
}
