/* What orders make of the curbs; see curbs.h. A core. */
#include "natd/curbs.h"

#include <stdlib.h>

static const struct curb *
find(const struct curbs *curbs, const char *guest, enum curb_by by)
{
	for (size_t i = 0; i < curbs->n; i++)
		if (curbs->list[i].by == by && strcmp(curbs->list[i].guest, guest) == 0)
			return &curbs->list[i];
	return NULL;
}

const struct curb *
curbs_find(const struct curbs *curbs, const char *guest)
{
	const struct curb *curb = find(curbs, guest, CURB_HAND);

	if (!curb)
		curb = find(curbs, guest, CURB_QUOTA);
	return curb && curb->then != QUOTA_NONE ? curb : NULL;
}

static bool
is_same(const struct curb *a, const struct curb *b)
{
	return a->then == b->then && a->bit_s == b->bit_s && strcmp(a->mark, b->mark) == 0;
}

/* The order stands where its like did: nothing changes, or what it replaces goes. */
static enum curb_change
change_of(const struct curb *order, const struct curb *hand, const struct curb *quota)
{
	const struct curb *old = order->by == CURB_HAND ? hand : quota;

	if (order->by == CURB_HAND && order->then == QUOTA_NONE)
		return hand || (quota && quota->then != QUOTA_NONE) ? CURB_CHANGED : CURB_SAME;
	if (order->then == QUOTA_NONE && order->mark[0] == '\0')
		return old ? CURB_CHANGED : CURB_SAME;
	if (!old)
		return CURB_CHANGED;
	if (is_same(order, old))
		return CURB_SAME;
	return order->by == CURB_QUOTA && old->then == QUOTA_NONE && strcmp(order->mark, old->mark) == 0
		   ? CURB_LIFTED
		   : CURB_CHANGED;
}

int
curbs_after(const struct curbs *curbs, const struct curb *order, struct curbs *out, enum curb_change *change)
{
	bool lift = order->by == CURB_HAND && order->then == QUOTA_NONE;

	*change =
	    change_of(order, find(curbs, order->guest, CURB_HAND), find(curbs, order->guest, CURB_QUOTA));
	*out = (struct curbs){.list = calloc(curbs->n + 1, sizeof(*out->list))};
	if (!out->list)
		return -1;
	for (size_t i = 0; i < curbs->n; i++) {
		struct curb curb = curbs->list[i];
		bool its = strcmp(curb.guest, order->guest) == 0;

		if (its && *change == CURB_CHANGED && curb.by == order->by)
			continue;
		if (its && lift) {
			curb.then = QUOTA_NONE;
			curb.bit_s = 0;
		}
		out->list[out->n++] = curb;
	}
	if (*change == CURB_CHANGED && (order->then != QUOTA_NONE || order->mark[0]))
		out->list[out->n++] = *order;
	return 0;
}
