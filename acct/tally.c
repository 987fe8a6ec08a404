/* One tap's frames and kernel counters → what moved; see tally.h. */
#include "acct/tally.h"

static const enum record_field class_field[CLASSES] = {
    [CLASS_WAN] = REC_WAN,
    [CLASS_HOST] = REC_HOST,
    [CLASS_GUESTS] = REC_GUESTS,
};

bool
kernel_is_below(const struct kernel *a, const struct kernel *b)
{
	for (int d = 0; d < DIRECTIONS; d++)
		if (a->bytes[d] < b->bytes[d] || a->packets[d] < b->packets[d])
			return true;
	return a->dropped < b->dropped;
}

void
tally_begin(struct tally *tally, const struct kernel *done)
{
	*tally = (struct tally){.last = *done, .done = *done};
}

void
tally_add(struct tally *tally, const struct frame *frame)
{
	struct seen *seen = &tally->seen[frame->direction];

	seen->bytes[frame->class] += frame->bytes;
	seen->wire[frame->class] += frame->wire;
	seen->packets++;
}

static uint64_t
sum(const uint64_t v[CLASSES])
{
	return v[CLASS_WAN] + v[CLASS_HOST] + v[CLASS_GUESTS];
}

/* part of whole's share of n, rounded down; part ≤ whole. */
static uint64_t
share(uint64_t n, uint64_t part, uint64_t whole)
{
	return whole == 0 ? 0 : (uint64_t)((unsigned __int128)n * part / whole);
}

struct taken {
	uint64_t bytes[CLASSES], wire[CLASSES], packets;
};

/* Takes n bytes out of all classes alike; what rounding leaves comes from the first class that has it. */
static struct taken
seen_take(struct seen *seen, uint64_t n)
{
	struct taken t = {0};
	uint64_t whole = sum(seen->bytes), left = n;

	t.packets = share(seen->packets, n, whole);
	seen->packets -= t.packets;
	for (int c = 0; c < CLASSES; c++)
		left -= t.bytes[c] = share(n, seen->bytes[c], whole);
	for (int c = 0; c < CLASSES; c++) {
		uint64_t rest = seen->bytes[c] - t.bytes[c], more = rest < left ? rest : left;

		t.bytes[c] += more;
		left -= more;
		t.wire[c] = share(seen->wire[c], t.bytes[c], seen->bytes[c]);
		seen->bytes[c] -= t.bytes[c];
		seen->wire[c] -= t.wire[c];
	}
	return t;
}

/* must: bytes of the kernel's whose frames have had a poll's time to be seen. */
static void
poll_bytes(
    struct tally *tally, enum direction d, const struct kernel *now, uint64_t must, struct record *delta)
{
	struct seen *seen = &tally->seen[d];
	uint64_t can = now->bytes[d] - tally->done.bytes[d], have = sum(seen->bytes);
	uint64_t n = can < have ? can : have, unseen = must > n ? must - n : 0;
	struct taken t = seen_take(seen, n);

	for (int c = 0; c < CLASSES; c++) {
		delta->v[class_field[c] + d] = t.bytes[c];
		delta->v[REC_WIRE + d] += t.wire[c];
	}
	delta->v[REC_WAN_WIRE + d] = t.wire[CLASS_WAN];
	delta->v[REC_UNCLASSIFIED + d] = unseen;
	delta->v[REC_WIRE + d] += unseen;
	delta->v[REC_BYTES + d] = n + unseen;
	tally->done.bytes[d] += n + unseen;
}

/* Packets follow the bytes: all of them when all bytes are through, else at least the last poll's. */
static void
poll_packets(struct tally *tally, enum direction d, const struct kernel *now, struct record *delta)
{
	uint64_t all = tally->done.bytes[d] == now->bytes[d] ? now->packets[d] : tally->last.packets[d];

	if (all <= tally->done.packets[d])
		return;
	delta->v[REC_PACKETS + d] = all - tally->done.packets[d];
	tally->done.packets[d] = all;
}

/* Frames on their way to the guest that the tap's drop counter accounts for, at their mean size. */
static void
poll_dropped(struct tally *tally, const struct kernel *now, struct record *delta)
{
	struct seen *seen = &tally->seen[TO_GUEST];
	uint64_t dropped = now->dropped - tally->done.dropped, left = sum(seen->bytes), take = left;

	if (!tally->polled) {
		tally->done.dropped = now->dropped;
		return;
	}
	if (dropped < seen->packets)
		take = share(left, dropped, seen->packets);
	tally->done.dropped += seen_take(seen, take).packets;
	delta->v[REC_UNDELIVERED] = take;
	/* A drop that no frame answers for within a poll was never seen here. */
	if (tally->done.dropped < tally->last.dropped)
		tally->done.dropped = tally->last.dropped;
}

/* Nothing lies between a guest's frame and its counter: one that a whole poll did not count would hide others. */
static void
poll_surplus(struct tally *tally, uint64_t counted)
{
	struct seen *seen = &tally->seen[FROM_GUEST];
	uint64_t lost = tally->ahead > counted ? tally->ahead - counted : 0;

	seen_take(seen, lost);
	tally->surplus += lost;
	tally->ahead = sum(seen->bytes);
}

void
tally_poll(struct tally *tally, const struct kernel *now, bool last_one, struct record *delta)
{
	const struct kernel *settled = last_one ? now : &tally->last;

	*delta = (struct record){0};
	for (int d = 0; d < DIRECTIONS; d++) {
		uint64_t done = tally->done.bytes[d];
		uint64_t must = settled->bytes[d] > done ? settled->bytes[d] - done : 0;

		poll_bytes(tally, d, now, must, delta);
		poll_packets(tally, d, now, delta);
	}
	poll_dropped(tally, now, delta);
	poll_surplus(tally, delta->v[REC_BYTES + FROM_GUEST] - delta->v[REC_UNCLASSIFIED + FROM_GUEST]);
	tally->last = *now;
	tally->polled = true;
}

void
tally_purge(struct tally *tally, struct record *delta)
{
	struct seen *seen = &tally->seen[TO_GUEST];

	delta->v[REC_UNDELIVERED] += sum(seen->bytes);
	*seen = (struct seen){0};
}

static uint64_t
billed(enum count_direction direction, uint64_t to_guest, uint64_t from_guest)
{
	switch (direction) {
	case DIRECTION_TO_GUEST:
		return to_guest;
	case DIRECTION_FROM_GUEST:
		return from_guest;
	case DIRECTION_MAX:
		return to_guest > from_guest ? to_guest : from_guest;
	case DIRECTION_BOTH:
		break;
	}
	return to_guest + from_guest;
}

static uint64_t
billed_more(enum count_direction direction, const uint64_t had[DIRECTIONS], const uint64_t more[DIRECTIONS])
{
	return billed(direction, had[0] + more[0], had[1] + more[1]) - billed(direction, had[0], had[1]);
}

void
tally_bill(const struct billing *billing, const uint64_t had[DIRECTIONS], struct record *delta)
{
	static const uint64_t nothing[DIRECTIONS] = {0};
	uint64_t *more = &delta->v[REC_BILLABLE];
	bool wire = billing->count == COUNT_WIRE;

	for (int d = 0; d < DIRECTIONS; d++) {
		if (billing->scope == SCOPE_ALL)
			more[d] = delta->v[(wire ? REC_WIRE : REC_BYTES) + d];
		else
			more[d] =
			    delta->v[(wire ? REC_WAN_WIRE : REC_WAN) + d] + delta->v[REC_UNCLASSIFIED + d];
	}
	delta->v[REC_BILLED] = had || billing->direction != DIRECTION_MAX
				   ? billed_more(billing->direction, had ? had : nothing, more)
				   : 0;
}

uint64_t
tally_owed(const struct billing *billing, const uint64_t had[DIRECTIONS], const struct record *sum)
{
	uint64_t whole = billed_more(billing->direction, had, &sum->v[REC_BILLABLE]);

	return whole > sum->v[REC_BILLED] ? whole - sum->v[REC_BILLED] : 0;
}
