/* What a flow has in tables; see place.h. */
#include "proxy/place.h"
#include "proxy/cid.h"

static struct span
id_of(const struct lane *l, int i)
{
	return span_of(l->flow.ids[i].b, l->flow.ids[i].len);
}

/* The names of a flow: of its addresses, and of its client's first packets. */
static void
name(const struct lane *l, uint8_t all[FLOW_NAME], uint8_t first[FLOW_NAME])
{
	uint64_t seed = l->all->relay->share->rates.seed;

	flow_name(seed, &l->flow.key, (struct span){0}, all);
	flow_name(seed, &l->flow.key, id_of(l, 0), first);
}

void
place_announce(struct lane *l)
{
	static const struct ip nobody;
	uint8_t all[FLOW_NAME], first[FLOW_NAME];

	name(l, all, first);
	cid_put(l->all->relay->cids, span_of(all, FLOW_NAME), &nobody, l->owner);
	cid_put(l->all->relay->cids, span_of(first, FLOW_NAME), &nobody, l->owner);
}

/* When the worker ends, ids stay, for those who follow. */
void
place_withdraw(struct lane *l)
{
	uint8_t all[FLOW_NAME], first[FLOW_NAME];

	if (l->all->ending)
		return;
	name(l, all, first);
	cid_drop(l->all->relay->cids, span_of(all, FLOW_NAME), l->owner);
	cid_drop(l->all->relay->cids, span_of(first, FLOW_NAME), l->owner);
	for (int i = 1; i < l->flow.n_ids; i++)
		cid_drop(l->all->relay->cids, id_of(l, i), l->owner);
}

/* --- places in the table ---------------------------------------------------------------------------------- */

static bool
is_listed(const struct lane *l)
{
	return l->older || l->newer || l->all->places[l->seat].oldest == l;
}

void
place_settle(struct lane *l)
{
	struct lane_places *p = &l->all->places[l->seat];

	if (!l->placed || !is_listed(l))
		return;
	*(l->older ? &l->older->newer : &p->oldest) = l->newer;
	*(l->newer ? &l->newer->older : &p->newest) = l->older;
	l->older = l->newer = NULL;
}

void
place_take(struct lane *l)
{
	struct lane_places *p = &l->all->places[l->seat];

	p->n++;
	l->placed = true;
	l->older = p->newest;
	*(p->newest ? &p->newest->newer : &p->oldest) = l;
	p->newest = l;
}

void
place_leave(struct lane *l)
{
	place_settle(l);
	if (l->placed)
		l->all->places[l->seat].n--;
	l->placed = false;
}

static void
evict(struct lane *l)
{
	l->all->count->evicted++;
	l->cut = true;
	l->why = "made room for another";
	lane_close(l);
}

/* However many come for one guest, others have as much of the table: beyond that its own make room. */
bool
place_of_guest(struct datagrams *all, uint16_t seat)
{
	struct lane_places *p = &all->places[seat];
	const struct route_guest *guests;
	size_t most = all->flows->max;

	if (routes_guests(all->relay->rules.routes, &guests) > 1)
		most /= 2;
	if (p->n >= most && p->oldest)
		evict(p->oldest);
	return p->n < most;
}

/* One that is worth less makes room; a refused one only in the place of another. */
bool
place_in_table(struct datagrams *all, enum flow_class class)
{
	struct lane *victim = (struct lane *)flow_victim(all->flows);
	const struct relay *r = all->relay;
	bool full =
	    all->flows->n == all->flows->max ||
	    (r->rules.total && share_open_count(r->share) + share_flow_count(r->share) >= r->rules.total);

	if (!full)
		return true;
	if (!victim || (class == FLOW_REFUSED && victim->flow.class != FLOW_REFUSED))
		return false;
	if (victim->flow.class == FLOW_REFUSED)
		lane_close(victim);
	else
		evict(victim);
	return true;
}
