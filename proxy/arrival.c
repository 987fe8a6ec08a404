/* What becomes of a datagram; see arrival.h. */
#include "proxy/arrival.h"
#include "proxy/cid.h"
#include "proxy/inbox.h"
#include "proxy/place.h"

#include <stdlib.h>

static void
drop(const struct arrival *a, enum drop why)
{
	a->all->count->dropped[why]++;
}

static enum drop
drop_of(enum quic_use use)
{
	switch (use) {
	case QUIC_TOO_SHORT:
		return DROP_TOO_SHORT;
	case QUIC_UNKNOWN_VERSION:
		return DROP_UNKNOWN_VERSION;
	case QUIC_NO_ROOM:
		return DROP_NO_ROOM;
	case QUIC_NOT_READ:
		return DROP_NO_FLOW;
	case QUIC_USED:
	case QUIC_MALFORMED:
		break;
	}
	return DROP_MALFORMED;
}

/* --- a client's first datagrams ------------------------------------------------------------------------------- */

/* Another connection of this socket leads to the same guest, which will tell them apart. */
static bool
same_guest(const struct quic_flow *f, const void *arg)
{
	const struct lane *l = (const struct lane *)f;

	return l->guest.fd != -1 && strcmp(l->guest_name, arg) == 0;
}

/* What waited for l and this datagram go to the guest. */
static void
lead(const struct arrival *a, struct lane *l, const struct route_guest *guest)
{
	struct lane *to = (struct lane *)flow_other(a->all->flows, &l->flow, same_guest, guest->name);

	if (to) {
		to->flow.ids[0] = l->flow.ids[0];
		place_announce(to);
	} else if (lane_lead(l, guest)) {
		to = l;
	}
	if (to && lane_flush(l, to))
		lane_send(to, a->d, 1);
	if (to && to != l) {
		l->why = "goes with the one before it";
		lane_close(l);
	}
}

/* What the hello says so far. scan: kept in the lane when it has to wait for more. */
static void
decide(const struct arrival *a, struct lane *l, const struct session_choice *choice)
{
	switch (choice->choice) {
	case CHOICE_ROUTE:
		lead(a, l, choice->route->guest);
		return;
	case CHOICE_REFUSE:
		lane_refuse(l, choice->refusal, choice->why);
		return;
	case CHOICE_MORE:
		break;
	}
	if (!lane_keep(l, a->d)) {
		lane_refuse(l, REFUSED_HELLO_MEMORY, "too many datagrams and no whole hello");
		return;
	}
	while (a->all->held_bytes > DATAGRAM_HELD_BYTES && a->all->flows->oldest[FLOW_GATHERING])
		lane_refuse((struct lane *)a->all->flows->oldest[FLOW_GATHERING], REFUSED_HELLO_MEMORY,
		    "too many incomplete hellos");
}

static void
gather(const struct arrival *a, struct lane *l)
{
	struct relay *r = a->all->relay;
	enum quic_use use;
	struct sniff verdict = quic_sniff(l->scan, a->all->crypto, a->d->bytes, r->gathered, &use);
	struct session_choice choice;

	if (use != QUIC_USED && use != QUIC_NOT_READ) {
		drop(a, drop_of(use));
		return;
	}
	choice = session_choose(DOOR_QUIC, &verdict, r->rules.routes, l->name);
	decide(a, l, &choice);
}

static bool
client_has_room(const struct arrival *a)
{
	const struct relay *r = a->all->relay;
	struct limit_key client = limit_client(&a->key.client.ip);

	return r->rules.per_client == 0 || share_limit_count(r->share, &client) < r->rules.per_client;
}

/* Read before there is a flow: what is no hello leaves nothing behind. */
static void
begin(const struct arrival *a)
{
	static const enum flow_class classes[] = {
	    [CHOICE_MORE] = FLOW_GATHERING, [CHOICE_ROUTE] = FLOW_UNPROVEN, [CHOICE_REFUSE] = FLOW_REFUSED};
	struct relay *r = a->all->relay;
	struct quic_scan scan = {0};
	enum quic_use use;
	struct sniff verdict = quic_sniff(&scan, a->all->crypto, a->d->bytes, r->gathered, &use);
	struct session_choice choice;
	char name[NAME_ROOM];
	struct lane *l;

	if (use != QUIC_USED) {
		drop(a, drop_of(use));
		return;
	}
	choice = session_choose(DOOR_QUIC, &verdict, r->rules.routes, name);
	l = client_has_room(a) ? lane_open(a->all, a->door, &a->key, classes[choice.choice], a->packet.dcid)
			       : NULL;
	if (l && choice.choice == CHOICE_MORE)
		l->scan = malloc(sizeof(*l->scan));
	if (l && choice.choice == CHOICE_MORE && l->scan) {
		*l->scan = scan;
		scan.bytes = NULL;
	}
	if (!l) {
		r->own->refused[!client_has_room(a)			 ? REFUSED_PER_CLIENT
				: a->all->flows->n == a->all->flows->max ? REFUSED_FILES
									 : REFUSED_TOTAL]++;
	} else if (choice.choice == CHOICE_MORE && !l->scan) {
		lane_refuse(l, REFUSED_HELLO_MEMORY, "out of memory");
	} else {
		memcpy(l->name, name, sizeof(l->name));
		decide(a, l, &choice);
	}
	quic_scan_free(&scan);
}

/* --- an address that is new, an id that is not ------------------------------------------------------------------ */

/* The tables of all workers; returns how many. */
static unsigned
tables_of(const struct relay *r, struct cid_table *out[SHARE_SLOTS])
{
	unsigned n = r->share->n_workers < SHARE_SLOTS ? r->share->n_workers : SHARE_SLOTS;

	for (unsigned i = 0; i < n; i++)
		out[i] = share_cids(r->share, i);
	return n;
}

static const struct route_guest *
guest_of(const struct relay *r, const struct ip *ip)
{
	const struct route_guest *list;
	size_t n = routes_guests(r->rules.routes, &list);

	for (size_t i = 0; i < n; i++)
		if (ip_cmp(&list[i].address, ip) == 0 || ip_cmp(&list[i].address6, ip) == 0)
			return &list[i];
	return NULL;
}

static bool
follow(const struct arrival *a)
{
	struct relay *r = a->all->relay;
	struct cid_table *tables[SHARE_SLOTS];
	const struct route_guest *guest;
	struct span dcid = a->packet.dcid;
	struct quic_packet learned = {.kind = QUIC_LONG, .version = QUIC_V1};
	struct lane *l;
	struct ip ip;
	size_t len;

	if (!cid_find(tables, tables_of(r, tables), dcid, &ip, &len) ||
	    (a->packet.kind != QUIC_SHORT && dcid.len != len))
		return false;
	guest = guest_of(r, &ip);
	l = guest && client_has_room(a) ? lane_open(a->all, a->door, &a->key, FLOW_UNPROVEN, (struct span){0})
					: NULL;
	if (!l) {
		drop(a, DROP_NO_FLOW);
		return true;
	}
	a->all->count->followed++;
	learned.scid = span_first(dcid, len);
	flow_learn(&l->flow, &learned);
	l->flow.answered = false;
	if (lane_lead(l, guest)) {
		cid_put(r->cids, learned.scid, &l->reach.to.ip, l->owner);
		lane_send(l, a->d, 1);
	}
	return true;
}

/* --- a flow that another worker has --------------------------------------------------------------------------- */

/* Where its owner reads; -1: it is our own, or nobody's any more. */
static int
inbox_of(const struct datagrams *all, uint64_t owner)
{
	const struct share_worker *w = &all->relay->share->workers[owner >> 56];

	if (w == all->relay->own ||
	    __atomic_load_n(&w->life, __ATOMIC_ACQUIRE) != (owner >> 32 & DATAGRAM_LIFE))
		return -1;
	return all->inboxes->out[owner >> 56];
}

static int
inbox_named(const struct arrival *a, struct cid_table *const *tables, unsigned n, struct span dcid)
{
	uint8_t name[FLOW_NAME];
	uint64_t owner;
	int out = -1;

	flow_name(a->all->relay->share->rates.seed, &a->key, dcid, name);
	for (unsigned i = 0; i < n && out == -1; i++)
		if (cid_owner(&tables[i], 1, span_of(name, FLOW_NAME), &owner))
			out = inbox_of(a->all, owner);
	return out;
}

/*
 * A first packet is for whoever had one with the same id, or has a guest that chose this id: from the same socket, a
 * client may begin another connection. All others go by their addresses.
 */
static bool
pass_on(const struct arrival *a)
{
	struct cid_table *tables[SHARE_SLOTS];
	unsigned n = tables_of(a->all->relay, tables);
	bool first = a->packet.kind == QUIC_INITIAL;
	int out = inbox_named(a, tables, n, first ? a->packet.dcid : (struct span){0});
	struct ip guest;
	size_t len;

	if (out == -1 && first && cid_find(tables, n, a->packet.dcid, &guest, &len))
		out = inbox_named(a, tables, n, (struct span){0});
	if (out == -1)
		return false;
	if (inbox_send(out, a->d, a->door->port))
		a->all->count->passed_on++;
	else
		drop(a, DROP_TO_GUEST);
	return true;
}

/* --- every datagram ----------------------------------------------------------------------------------------- */

bool
arrival_read(struct arrival *a)
{
	struct span rest = a->d->bytes;

	a->key = (struct flow_key){.client = a->d->from, .local = {a->d->local, a->door->port}};
	if (!rest.ptr)
		drop(a, DROP_TOO_LONG);
	else if (a->d->from.port == 0 || !quic_take(&rest, &a->packet))
		drop(a, DROP_MALFORMED);
	else
		return true;
	return false;
}

void
arrival_deal(const struct arrival *a, struct lane *l)
{
	if (l && l->flow.class == FLOW_REFUSED)
		drop(a, DROP_REFUSED);
	else if (l && l->flow.class == FLOW_GATHERING)
		gather(a, l);
	else if (l && lane_prove(l))
		lane_send(l, a->d, 1);
	else if (l)
		return;
	else if (a->passed_on)
		drop(a, DROP_NO_FLOW);
	else if (a->packet.kind != QUIC_OTHER_VERSION && pass_on(a))
		return;
	else if (a->all->closing)
		drop(a, DROP_REFUSED);
	else if (follow(a))
		return;
	else if (a->packet.kind == QUIC_INITIAL)
		begin(a);
	else
		drop(a, a->packet.kind == QUIC_OTHER_VERSION ? DROP_UNKNOWN_VERSION : DROP_NO_FLOW);
}
