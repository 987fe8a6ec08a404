/* A worker's UDP side; see datagram.h. */
#include "proxy/datagram.h"
#include "proxy/arrival.h"
#include "proxy/inbox.h"
#include "proxy/listen.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

static bool
passes(const struct lane *l)
{
	return l && (l->flow.class == FLOW_UNPROVEN || (l->flow.class == FLOW_PROVEN && l->counted));
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
		bool good = arrival_read(&a);
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
			arrival_deal(&a, l);
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

static const struct datagram_door *
door_at(const struct datagrams *all, uint16_t port)
{
	for (size_t i = 0; i < all->n_doors; i++)
		if (all->doors[i].port == port)
			return &all->doors[i];
	return NULL;
}

/* What came to other workers' doors for our flows. */
static void
on_inbox(struct ev_loop *loop, ev_io *w, int events)
{
	struct datagrams *all = w->data;
	struct udp_datagram d;
	uint16_t port;

	(void)loop, (void)events;
	for (int left = UDP_BATCH; left > 0 && inbox_receive(w->fd, &d, &port, all->in.room[0]); left--) {
		struct arrival a = {.all = all, .door = door_at(all, port), .d = &d, .passed_on = true};
		struct lane *l;

		if (!a.door || !arrival_read(&a))
			continue;
		l = (struct lane *)flow_find(all->flows, &a.key, &a.packet, relay_now(all->relay));
		if (passes(l))
			lane_send(l, &d, 1);
		else
			arrival_deal(&a, l);
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
datagrams_start(
    struct relay *r, unsigned worker, const struct listeners *listeners, const struct inboxes *boxes)
{
	size_t n = listeners->n;
	struct datagrams *all = calloc(1, sizeof(*all));
	uint64_t seed;

	if (!all || getrandom(&seed, sizeof(seed), 0) != sizeof(seed)) {
		free(all);
		return NULL;
	}
	all->relay = r;
	all->count = &r->own->quic;
	all->lines = DATAGRAM_LINES;
	all->inboxes = boxes;
	all->life = (seed >> 32 & DATAGRAM_LIFE) | 1;
	ev_io_init(&all->inbox, on_inbox, boxes->in[worker], EV_READ);
	all->inbox.data = all;
	all->flows = flow_table_new(r->share->flows, seed);
	all->crypto = quic_crypto_new();
	all->doors = calloc(n + 1, sizeof(*all->doors));
	all->places = calloc(SEATS_MAX, sizeof(*all->places));
	ev_init(&all->sweep, on_sweep);
	all->sweep.data = all;
	if (!all->flows || !all->crypto || !all->doors || !all->places) {
		datagrams_stop(all);
		errno = ENOMEM;
		return NULL;
	}
	for (size_t i = 0; i < n; i++) {
		struct datagram_door *door = &all->doors[all->n_doors];

		if (!is_ours(&listeners->list[i], worker))
			continue;
		door->port = listeners->list[i].port;
		door->family = family_of(listeners->list[i].fd);
		ev_io_init(&door->io, on_door, listeners->list[i].fd, EV_READ);
		door->io.data = all;
		ev_io_start(r->loop, &door->io);
		all->n_doors++;
	}
	if (all->n_doors > 0) {
		ev_timer_set(&all->sweep, 1, 1);
		ev_timer_start(r->loop, &all->sweep);
	}
	if (all->n_doors > 0 && all->inbox.fd != -1) {
		ev_io_start(r->loop, &all->inbox);
		__atomic_store_n(&r->own->life, all->life, __ATOMIC_RELEASE);
	}
	return all;
}

void
datagrams_stop(struct datagrams *all)
{
	for (size_t i = 0; i < all->n_doors; i++)
		ev_io_stop(all->relay->loop, &all->doors[i].io);
	ev_io_stop(all->relay->loop, &all->inbox);
	__atomic_store_n(&all->relay->own->life, 0, __ATOMIC_RELEASE);
	ev_timer_stop(all->relay->loop, &all->sweep);
	all->ending = true;
	for (int class = 0; all->flows && class < FLOW_CLASSES; class ++) {
		while (all->flows->oldest[class]) {
			struct lane *l = (struct lane *)all->flows->oldest[class];

			l->cut = class != FLOW_QUIET;
			l->why = l->cut ? "the proxy stops" : NULL;
			lane_close(l);
		}
	}
	flow_table_free(all->flows);
	quic_crypto_free(all->crypto);
	free(all->doors);
	free(all->places);
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
	const size_t *n = all->flows->of_class;

	return n[FLOW_GATHERING] + n[FLOW_UNPROVEN] + n[FLOW_PROVEN] == 0;
}
