/* What was counted since Redis was last heard of; see unmet.h. */
#include "acct/unmet.h"

void
unmet_begin(struct unmet *u, uint64_t seq, const struct kernel *done)
{
	if (!u->is)
		*u = (struct unmet){.is = true, .seq = seq, .from = *done};
}

void
unmet_life(struct unmet *u, const struct kernel *done)
{
	if (u->is)
		u->from = *done;
}

/* to is not below from. */
static void
kernel_add(struct kernel *sum, const struct kernel *from, const struct kernel *to)
{
	for (int d = 0; d < DIRECTIONS; d++) {
		sum->bytes[d] += to->bytes[d] - from->bytes[d];
		sum->packets[d] += to->packets[d] - from->packets[d];
	}
}

void
unmet_end(struct unmet *u, const struct life *life)
{
	/* One of which nothing was counted owes nothing: the first that does may be the one that Redis knows. */
	if (!u->is || life->boot[0] == '\0' || kernel_is_below(&life->done, &u->from) ||
	    !kernel_is_below(&u->from, &life->done))
		return;
	if (!unmet_owes(u)) {
		u->ended = *life;
		u->ended_from = u->from;
	} else {
		kernel_add(&u->rest, &u->from, &life->done);
	}
	u->from = life->done;
}

bool
unmet_owes(const struct unmet *u)
{
	return u->ended.boot[0] != '\0';
}

static bool
is_same(const struct life *a, const struct life *b)
{
	return a->boot[0] != '\0' && life_is(a, b->boot, b->ifindex);
}

struct kernel
unmet_owed(const struct unmet *u, const struct life *held, const struct life *present,
    const struct kernel *now, struct record *delta)
{
	struct kernel owed = u->rest;
	bool known = is_same(&u->ended, held);

	/* Where Redis knows it further than it came here, it was killed before the journal had the rest: nothing is owed. */
	if (!known)
		kernel_add(&owed, &u->ended_from, &u->ended.done);
	else if (!kernel_is_below(&u->ended.done, &held->done))
		kernel_add(&owed, &held->done, &u->ended.done);
	*delta = (struct record){0};
	for (int d = 0; d < DIRECTIONS; d++) {
		delta->v[REC_BYTES + d] = delta->v[REC_WIRE + d] = owed.bytes[d];
		delta->v[REC_UNCLASSIFIED + d] = owed.bytes[d];
		delta->v[REC_PACKETS + d] = owed.packets[d];
	}
	/* Further than Redis knows it: it had been left to others, and what it counted before is owed already. */
	if (!is_same(present, held) || kernel_is_below(now, &held->done) ||
	    kernel_is_below(&held->done, &u->from))
		return u->from;
	return held->done;
}
