/* One worker: its doors, its ceilings, its connections; see relay.h. */
#include "proxy/relay.h"
#include "conf/page.h"
#include "base/sys.h"
#include "proxy/connection.h"
#include "proxy/datagram.h"
#include "proxy/listen.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

enum { HTTPS = 443 };

struct door_watch {
	ev_io io;
	enum door door;
	int burst; /* how many to take at one wakeup */
	unsigned wakeup; /* the loop's last round that had one */
};

/* Without a port of ours for TLS, somebody else has https. */
static uint16_t
https_port(const struct proxy_conf *p)
{
	for (size_t i = 0; i < p->n_tls; i++)
		if (p->tls[i] == HTTPS)
			return 0;
	return p->n_tls ? p->tls[0] : 0;
}

int
relay_plan(const struct conf *conf, const uint16_t *seats, struct relay_rules *out)
{
	const struct proxy_conf *p = &conf->proxy;

	*out = (struct relay_rules){
	    .routes = routes_plan(conf),
	    .seats = malloc((conf->n_guests + 1) * sizeof(*seats)),
	    .https_port = https_port(p),
	    .hello_s = p->hello_ms / 1000.0,
	    .connect_s = p->connect_ms / 1000.0,
	    .idle_s = p->idle_ms / 1000.0,
	    .half_open_s = p->half_open_ms / 1000.0,
	    .per_client = p->per_client,
	    .per_guest = p->per_guest,
	    .total = p->total,
	    .drain_s = p->drain_ms / 1000.0,
	    .client_rate = p->client_rate,
	};
	if (!out->routes || !out->seats) {
		relay_rules_free(out);
		return -1;
	}
	memcpy(out->seats, seats, conf->n_guests * sizeof(*seats));
	out->network = conf->network;
	out->network6 = conf->network6;
	out->page = (struct route){.guest = page_find(out->routes), .name = ""};
	out->n_proxy_in = p->n_proxy_in;
	if (p->n_proxy_in)
		memcpy(out->proxy_in, p->proxy_in, p->n_proxy_in * sizeof(*p->proxy_in));
	return 0;
}

void
relay_rules_free(struct relay_rules *rules)
{
	routes_free(rules->routes);
	free(rules->seats);
}

double
relay_now(struct relay *r)
{
	unsigned round = ev_iteration(r->loop);

	if (r->now == 0 || round != r->round)
		r->now = sys_seconds();
	r->round = round;
	return r->now;
}

static enum refusal
admit(const struct relay *r)
{
	if (r->own->open >= r->share->sessions)
		return REFUSED_FILES;
	if (r->rules.total && share_open_count(r->share) >= r->rules.total)
		return REFUSED_TOTAL;
	return REFUSED_NOT;
}

enum refusal
relay_admit_client(struct relay *r, const struct ip *ip)
{
	struct limit_key client = limit_client(ip);

	if (r->rules.per_client && share_limit_count(r->share, &client) >= r->rules.per_client)
		return REFUSED_PER_CLIENT;
	if (r->rules.client_rate &&
	    !rate_take(&r->share->rates, &client, (uint64_t)(relay_now(r) * 1e6), r->rules.client_rate))
		return REFUSED_RATE;
	return REFUSED_NOT;
}

static void
set_accepting(struct relay *r, bool accepting)
{
	for (size_t i = 0; i < r->n_doors; i++) {
		if (accepting)
			ev_io_start(r->loop, &r->doors[i].io);
		else
			ev_io_stop(r->loop, &r->doors[i].io);
	}
}

/* One to give up when there is none; it may be refused, as it is only when it is needed that it is missed. */
static void
keep_reserve(struct relay *r)
{
	if (r->reserve == -1)
		r->reserve = eventfd(0, EFD_CLOEXEC);
}

static void
on_pause_over(struct ev_loop *loop, ev_timer *w, int events)
{
	(void)loop, (void)events;
	keep_reserve(w->data);
	set_accepting(w->data, true);
}

/*
 * The system has nothing left. With the descriptor kept in reserve some of those who wait are turned away, for a
 * closed connection is better than a silent one. Then a pause: asking again at once would only spin, and ends of
 * connections give something back.
 */
static void
turn_away(struct relay *r, int door)
{
	r->own->stalls++;
	for (int n = 0; n < RELAY_TURNED_AWAY && r->reserve != -1; n++) {
		int fd;

		close(r->reserve);
		r->reserve = -1;
		fd = accept4(door, NULL, NULL, SOCK_CLOEXEC);
		if (fd != -1) {
			close(fd);
			r->own->accepted++;
			r->own->refused[REFUSED_FILES]++;
		}
		keep_reserve(r);
		if (fd == -1)
			break;
	}
	set_accepting(r, false);
	ev_timer_set(&r->pause, RELAY_PAUSE_MS / 1000.0, 0);
	ev_timer_start(r->loop, &r->pause);
}

static void
receive(struct relay *r, enum door door, int fd, const struct sockaddr *sa)
{
	struct addr from;
	enum refusal refusal;
	bool trusted;

	r->own->accepted++;
	if (addr_from_sockaddr(sa, &from) == -1) {
		close(fd);
		return;
	}
	trusted = trusted_has(&r->rules, &from.ip);
	refusal = admit(r);
	if (refusal == REFUSED_NOT && !trusted)
		refusal = relay_admit_client(r, &from.ip);
	if (refusal == REFUSED_NOT && connection_open(r, door, fd, &from, trusted) == 0)
		return;
	r->own->refused[refusal ? refusal : REFUSED_TOTAL]++;
	close(fd);
}

/* To ask in vain is not free: one at a time, and more only while every round of the loop finds another. */
static int
plan_burst(struct ev_loop *loop, struct door_watch *door)
{
	unsigned now = ev_iteration(loop);

	door->burst = door->burst && now == door->wakeup + 1 ? door->burst * 2 : 1;
	if (door->burst > RELAY_ACCEPTS)
		door->burst = RELAY_ACCEPTS;
	door->wakeup = now;
	return door->burst;
}

static void
on_accept(struct ev_loop *loop, ev_io *w, int events)
{
	struct relay *r = w->data;
	struct door_watch *door = (struct door_watch *)w;

	(void)events;
	for (int left = plan_burst(loop, door); left > 0; left--) {
		struct sockaddr_storage sa;
		socklen_t len = sizeof(sa);
		int fd = accept4(w->fd, (struct sockaddr *)&sa, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd != -1) {
			receive(r, door->door, fd, (struct sockaddr *)&sa);
			continue;
		}
		if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
			turn_away(r, w->fd);
			return;
		}
		if (errno == EAGAIN) {
			door->burst = 0;
			return;
		}
	}
}

/* More may come than one wakeup takes; that more come for ever is not to be feared of a door that closes. */
static void
take_waiting(struct relay *r, struct door_watch *door)
{
	for (int left = LISTEN_BACKLOG; left > 0; left--) {
		struct sockaddr_storage sa;
		socklen_t len = sizeof(sa);
		int fd = accept4(door->io.fd, (struct sockaddr *)&sa, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd != -1)
			receive(r, door->door, fd, (struct sockaddr *)&sa);
		else if (errno != EINTR && errno != ECONNABORTED)
			return;
	}
}

static void
on_doors_close(struct ev_loop *loop, ev_timer *w, int events)
{
	struct relay *r = w->data;

	(void)loop, (void)events;
	set_accepting(r, false);
	ev_timer_stop(r->loop, &r->pause);
	for (size_t i = 0; i < r->n_doors; i++) {
		take_waiting(r, &r->doors[i]);
		close(r->doors[i].io.fd);
	}
	r->n_doors = 0;
}

struct relay *
relay_start(struct ev_loop *loop, struct share *share, unsigned worker, const struct listeners *doors,
    const struct inboxes *boxes, const struct relay_rules *rules)
{
	const struct listener *listeners = doors->list;
	size_t n = doors->n;
	struct relay *r = calloc(1, sizeof(*r));

	if (r)
		r->doors = calloc(n + 1, sizeof(*r->doors));
	if (!r || !r->doors) {
		free(r);
		return NULL;
	}
	r->loop = loop;
	r->share = share;
	r->own = &share->workers[worker];
	r->limits = share_limits(share, worker);
	r->cids = share_cids(share, worker);
	r->reserve = -1;
	if (drive_start(r) == -1) {
		free(r->doors);
		free(r);
		return NULL;
	}
	keep_reserve(r);
	pipe_report(&r->own->pipe_shortages);
	r->rules = *rules;
	for (size_t i = 0; i < n; i++) {
		struct door_watch *watch = &r->doors[r->n_doors];

		if (listeners[i].door == DOOR_QUIC ||
		    (listeners[i].worker != (int)worker && listeners[i].worker != LISTEN_EVERY_WORKER))
			continue;
		watch->door = listeners[i].door;
		ev_io_init(&watch->io, on_accept, listeners[i].fd, EV_READ);
		watch->io.data = r;
		r->n_doors++;
	}
	ev_init(&r->pause, on_pause_over);
	ev_init(&r->doors_close, on_doors_close);
	r->pause.data = r->doors_close.data = r;
	r->datagrams = datagrams_start(r, worker, doors, boxes);
	if (!r->datagrams) {
		free(r->doors);
		free(r);
		return NULL;
	}
	set_accepting(r, true);
	return r;
}

void
relay_swap(struct relay *r, const struct relay_rules *rules)
{
	relay_rules_free(&r->rules);
	r->rules = *rules;
}

void
relay_drain(struct relay *r, bool followed)
{
	r->draining = true;
	ev_timer_set(&r->doors_close, RELAY_DOORS_MS / 1000.0, 0);
	ev_timer_start(r->loop, &r->doors_close);
	datagrams_drain(r->datagrams, followed);
	for (struct connection *c = r->connections, *next; c; c = next) {
		next = c->next;
		connection_drain(c);
	}
}

double
relay_drain_seconds(const struct relay *r)
{
	return r->rules.drain_s;
}

bool
relay_is_idle(struct relay *r)
{
	return r->n_doors == 0 && !r->connections && datagrams_are_idle(r->datagrams);
}

void
relay_stop(struct relay *r)
{
	set_accepting(r, false);
	ev_timer_stop(r->loop, &r->pause);
	ev_timer_stop(r->loop, &r->doors_close);
	datagrams_stop(r->datagrams);
	while (r->connections) {
		r->connections->why = "the proxy stops";
		connection_step(r->connections, ON_STOP);
	}
	drive_stop(r);
	relay_rules_free(&r->rules);
	free(r->doors);
	free(r);
}
