/* A worker's UDP side; see datagram.h. */
#include "proxy/datagram.h"
#include "proxy/cid.h"
#include "proxy/lane.h"
#include "proxy/listen.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

/* A datagram on its way: what it is, and for which flow. */
struct arrival {
	struct datagrams *all;
	const struct datagram_door *door;
	const struct udp_datagram *d;
	struct flow_key key;
	struct quic_packet packet;
};

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

	if (to)
		to->flow.ids[0] = l->flow.ids[0];
	else if (lane_lead(l, guest))
		to = l;
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

	unsigned n = r->share->n_workers < SHARE_SLOTS ? r->share->n_workers : SHARE_SLOTS;

	for (unsigned i = 0; i < n; i++)
		tables[i] = share_cids(r->share, i);
	if (!cid_find(tables, n, dcid, &ip, &len) || (a->packet.kind != QUIC_SHORT && dcid.len != len))
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

/* --- every datagram ----------------------------------------------------------------------------------------- */

/* Of no flow yet, or of one that cannot just pass it on. */
static void
deal(const struct arrival *a, struct lane *l)
{
	if (l && l->flow.class == FLOW_REFUSED)
		drop(a, DROP_REFUSED);
	else if (l && l->flow.class == FLOW_GATHERING)
		gather(a, l);
	else if (l && lane_prove(l))
		lane_send(l, a->d, 1);
	else if (l)
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

static bool
passes(const struct lane *l)
{
	return l && (l->flow.class == FLOW_UNPROVEN || (l->flow.class == FLOW_PROVEN && l->counted));
}

static bool
read_packet(struct arrival *a)
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

/* Datagrams of one flow in a row go on together; before anything else happens, they have gone. */
static void
take_batch(struct datagrams *all, const struct datagram_door *door, size_t n)
{
	const struct udp_datagram *list = all->in.list;
	struct lane *run = NULL;
	size_t first = 0;

	for (size_t i = 0; i < n; i++) {
		struct arrival a = {.all = all, .door = door, .d = &list[i]};
		bool good = read_packet(&a);
		struct lane *l =
		    good ? (struct lane *)flow_find(all->flows, &a.key, &a.packet, relay_now(all->relay))
			 : NULL;

		if (run && l == run && passes(l))
			continue;
		if (run)
			lane_send(run, list + first, i - first);
		run = passes(l) ? l : NULL;
		first = i;
		if (good && !run)
			deal(&a, l);
	}
	if (run)
		lane_send(run, list + first, n - first);
}

static void
on_door(struct ev_loop *loop, ev_io *w, int events)
{
	struct datagram_door *door = (struct datagram_door *)w;
	struct datagrams *all = w->data;
	int n = UDP_BATCH;

	(void)loop, (void)events;
	for (int round = 0; round < DATAGRAM_ROUNDS && n == UDP_BATCH; round++) {
		n = udp_receive(w->fd, &all->in);
		if (n > 0)
			take_batch(all, door, (size_t)n);
	}
}

/* --- time ----------------------------------------------------------------------------------------------------- */

static double
lesser(double a, double b)
{
	return a < b ? a : b;
}

static void
expire(struct lane *l)
{
	switch ((enum flow_class)l->flow.class) {
	case FLOW_GATHERING:
		lane_refuse(l, REFUSED_SLOW, "no whole hello in time");
		return;
	case FLOW_PROVEN:
		lane_rest(l);
		return;
	default:
		lane_close(l);
		return;
	}
}

static void
on_sweep(struct ev_loop *loop, ev_timer *w, int events)
{
	struct datagrams *all = w->data;
	const struct relay_rules *rules = &all->relay->rules;
	double quiet = lesser(rules->idle_s, DATAGRAM_QUIET_S);
	const double idle[FLOW_CLASSES] = {[FLOW_REFUSED] = rules->hello_s,
	    [FLOW_GATHERING] = rules->hello_s,
	    [FLOW_UNPROVEN] = rules->hello_s + rules->connect_s,
	    [FLOW_QUIET] = lesser(rules->idle_s, DATAGRAM_IDLE_S) - quiet,
	    [FLOW_PROVEN] = quiet};

	(void)loop, (void)events;
	all->lines = DATAGRAM_LINES;
	for (int i = 0; i < DATAGRAM_CLOSES; i++) {
		struct lane *l = (struct lane *)flow_expired(all->flows, relay_now(all->relay), idle);

		if (!l)
			return;
		expire(l);
	}
}

/* --- life ------------------------------------------------------------------------------------------------------ */

static bool
is_ours(const struct listener *l, unsigned worker)
{
	return l->door == DOOR_QUIC && (l->worker == (int)worker || l->worker == LISTEN_EVERY_WORKER);
}

static uint8_t
family_of(int fd)
{
	struct sockaddr_storage sa = {0};
	socklen_t len = sizeof(sa);

	return getsockname(fd, (struct sockaddr *)&sa, &len) == 0 && sa.ss_family == AF_INET ? 4 : 6;
}

struct datagrams *
datagrams_start(struct relay *r, unsigned worker, const struct listener *listeners, size_t n)
{
	struct datagrams *all = calloc(1, sizeof(*all));
	uint64_t seed;

	if (!all || getrandom(&seed, sizeof(seed), 0) != sizeof(seed)) {
		free(all);
		return NULL;
	}
	all->relay = r;
	all->count = &r->own->quic;
	all->lines = DATAGRAM_LINES;
	all->owners = seed >> 16 << 8; /* another than the worker before had */
	all->flows = flow_table_new(r->share->flows, seed);
	all->crypto = quic_crypto_new();
	all->doors = calloc(n + 1, sizeof(*all->doors));
	ev_init(&all->sweep, on_sweep);
	all->sweep.data = all;
	if (!all->flows || !all->crypto || !all->doors) {
		datagrams_stop(all);
		errno = ENOMEM;
		return NULL;
	}
	for (size_t i = 0; i < n; i++) {
		struct datagram_door *door = &all->doors[all->n_doors];

		if (!is_ours(&listeners[i], worker))
			continue;
		door->port = listeners[i].port;
		door->family = family_of(listeners[i].fd);
		ev_io_init(&door->io, on_door, listeners[i].fd, EV_READ);
		door->io.data = all;
		ev_io_start(r->loop, &door->io);
		all->n_doors++;
	}
	if (all->n_doors > 0) {
		ev_timer_set(&all->sweep, 1, 1);
		ev_timer_start(r->loop, &all->sweep);
	}
	return all;
}

void
datagrams_stop(struct datagrams *all)
{
	for (size_t i = 0; i < all->n_doors; i++)
		ev_io_stop(all->relay->loop, &all->doors[i].io);
	ev_timer_stop(all->relay->loop, &all->sweep);
	for (int class = 0; all->flows && class < FLOW_CLASSES; class ++) {
		while (all->flows->oldest[class]) {
			struct lane *l = (struct lane *)all->flows->oldest[class];

			l->cut = true;
			l->why = "the proxy stops";
			lane_close(l);
		}
	}
	flow_table_free(all->flows);
	quic_crypto_free(all->crypto);
	free(all->doors);
	free(all);
}

void
datagrams_drain(struct datagrams *all, bool followed)
{
	all->closing = true;
	for (size_t i = 0; followed && i < all->n_doors; i++)
		ev_io_stop(all->relay->loop, &all->doors[i].io);
}

bool
datagrams_are_idle(const struct datagrams *all)
{
	return all->count->open == 0;
}
