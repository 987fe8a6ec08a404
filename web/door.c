/* Who connects; see door.h. */
#include "web/door.h"
#include "base/haproxy.h"
#include "base/sys.h"
#include "web/crowd.h"
#include "web/peer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ACCEPTS = 32, PAUSE_MS = 100, TLS_HANDSHAKE = 0x16, PROXY_FIRST = '\r' };

struct door {
	struct ev_loop *loop;
	int fd;
	unsigned uid;
	struct peers *peers;
	door_take *take;
	void *arg;
	ev_io io;
	ev_timer pause;
	struct seat seats[DOOR_SEATS];
	struct door_counts counts;
};

static void
seat_free(struct seat *s)
{
	ev_io_stop(s->door->loop, &s->io);
	ev_timer_stop(s->door->loop, &s->late);
	s->fd = -1;
	s->door->counts.open--;
}

static void
drop(struct seat *s)
{
	int fd = s->fd;

	seat_free(s);
	close(fd);
}

static void
send_away(struct seat *s)
{
	s->leaving = true;
	if (s->served)
		shutdown(s->fd, SHUT_RDWR); /* whoever took it sees the end, and says door_gone */
	else
		drop(s);
}

/* One client has so many seats, of which the eldest stranger's is the newcomer's. false: all are known. */
static bool
make_way(struct seat *newcomer)
{
	struct door *d = newcomer->door;
	struct seat *eldest;

	if (!crowd_too_many(d->seats, DOOR_SEATS, newcomer))
		return true;
	d->counts.per_client++;
	eldest = crowd_eldest_stranger(d->seats, DOOR_SEATS, newcomer);
	if (eldest)
		send_away(eldest);
	return eldest != NULL;
}

/* --- first bytes ---------------------------------------------------------------------------------------------- */

enum step { STEP_MORE, STEP_DONE, STEP_DROP };

/* As soon as there is more than this. */
static void
wait_for(struct seat *s, int have)
{
	int more = have + 1;

	setsockopt(s->fd, SOL_SOCKET, SO_RCVLOWAT, &more, sizeof(more));
}

static enum step
take_header(struct seat *s, struct span in)
{
	static char header[HAPROXY_IN_MAX];
	struct door *d = s->door;
	struct haproxy got = haproxy_read(in);

	if (got.verdict == SNIFF_MORE) {
		wait_for(s, (int)in.len);
		return STEP_MORE;
	}
	if (got.verdict != SNIFF_HOST || !s->here || !peer_is(d->peers, s->fd, d->uid)) {
		d->counts.liars++;
		return STEP_DROP;
	}
	if (recv(s->fd, header, got.length, 0) != (ssize_t)got.length)
		return STEP_DROP;
	s->client = got.from;
	s->told = true;
	wait_for(s, 0);
	return make_way(s) ? STEP_MORE : STEP_DROP;
}

static enum step
look(struct seat *s)
{
	static char bytes[HAPROXY_IN_MAX];
	ssize_t n = recv(s->fd, bytes, sizeof(bytes), MSG_PEEK);

	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return STEP_MORE;
	if (n <= 0)
		return STEP_DROP;
	if (bytes[0] == PROXY_FIRST && !s->told)
		return take_header(s, span_of(bytes, (size_t)n));
	s->tls = bytes[0] == TLS_HANDSHAKE;
	return STEP_DONE;
}

static void
on_readable(struct ev_loop *loop, ev_io *w, int events)
{
	struct seat *s = w->data;

	(void)events;
	switch (look(s)) {
	case STEP_MORE:
		return;
	case STEP_DROP:
		drop(s);
		return;
	case STEP_DONE:
		break;
	}
	ev_io_stop(loop, &s->io);
	ev_timer_stop(loop, &s->late);
	ev_timer_set(&s->late, DOOR_REQUEST_S, 0);
	ev_timer_start(loop, &s->late);
	s->served = true;
	if (!s->door->take(s->door->arg, s)) {
		s->door->counts.refused++;
		drop(s);
	}
}

static void
on_late(struct ev_loop *loop, ev_timer *w, int events)
{
	struct seat *s = w->data;

	(void)loop, (void)events;
	s->door->counts.slow++;
	send_away(s);
}

/* --- the listener ----------------------------------------------------------------------------------------------- */

static struct seat *
free_seat(struct door *d)
{
	for (size_t i = 0; i < DOOR_SEATS; i++)
		if (d->seats[i].fd == -1)
			return &d->seats[i];
	return NULL;
}

static void
seat_take(struct door *d, struct seat *s, int fd, const struct addr *peer)
{
	*s = (struct seat){.fd = fd,
	    .peer = *peer,
	    .client = *peer,
	    .here = peer_is_here(fd, &peer->ip),
	    .since_s = sys_seconds(),
	    .door = d};
	d->counts.open++;
	ev_io_init(&s->io, on_readable, fd, EV_READ);
	ev_timer_init(&s->late, on_late, DOOR_HELLO_S, 0);
	s->io.data = s->late.data = s;
	ev_io_start(d->loop, &s->io);
	ev_timer_start(d->loop, &s->late);
}

static void
make_room(struct door *d)
{
	struct seat *eldest = crowd_eldest_stranger(d->seats, DOOR_SEATS, NULL);

	if (!eldest)
		return;
	d->counts.displaced++;
	send_away(eldest);
}

static void
admit(struct door *d, int fd, const struct sockaddr *sa)
{
	struct seat *s;
	struct addr peer;

	if (d->counts.open >= DOOR_SEATS - DOOR_SPARE)
		make_room(d);
	s = free_seat(d);
	if (!s || addr_from_sockaddr(sa, &peer) == -1) {
		d->counts.full++;
		close(fd);
		return;
	}
	d->counts.accepted++;
	seat_take(d, s, fd, &peer);
	if (!make_way(s))
		drop(s);
}

static void
on_client(struct ev_loop *loop, ev_io *w, int events)
{
	struct door *d = w->data;

	(void)events;
	for (int i = 0; i < ACCEPTS; i++) {
		struct sockaddr_storage sa;
		socklen_t len = sizeof(sa);
		int fd = accept4(d->fd, (struct sockaddr *)&sa, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd != -1) {
			admit(d, fd, (struct sockaddr *)&sa);
		} else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
			ev_io_stop(loop, &d->io);
			ev_timer_set(&d->pause, PAUSE_MS / 1000.0, 0);
			ev_timer_start(loop, &d->pause);
			return;
		} else if (errno == EAGAIN) {
			return;
		}
	}
}

static void
on_pause(struct ev_loop *loop, ev_timer *w, int events)
{
	struct door *d = w->data;

	(void)events;
	ev_io_start(loop, &d->io);
}

struct door *
door_open(struct ev_loop *loop, int fd, unsigned uid, door_take *take, void *arg)
{
	struct door *d = calloc(1, sizeof(*d));

	if (!d)
		return NULL;
	*d = (struct door){.loop = loop, .fd = fd, .uid = uid, .take = take, .arg = arg};
	for (size_t i = 0; i < DOOR_SEATS; i++)
		d->seats[i].fd = -1;
	d->peers = peers_open();
	if (!d->peers) {
		free(d);
		return NULL;
	}
	ev_io_init(&d->io, on_client, fd, EV_READ);
	ev_timer_init(&d->pause, on_pause, 0, 0);
	d->io.data = d->pause.data = d;
	ev_io_start(loop, &d->io);
	return d;
}

void
door_close(struct door *d)
{
	if (!d)
		return;
	ev_io_stop(d->loop, &d->io);
	ev_timer_stop(d->loop, &d->pause);
	for (size_t i = 0; i < DOOR_SEATS; i++) {
		if (d->seats[i].fd != -1 && !d->seats[i].served)
			drop(&d->seats[i]);
		else if (d->seats[i].fd != -1)
			seat_free(&d->seats[i]);
	}
	peers_close(d->peers);
	close(d->fd);
	free(d);
}

struct seat *
door_seat(struct door *d, int fd)
{
	for (size_t i = 0; i < DOOR_SEATS; i++)
		if (d->seats[i].fd == fd && d->seats[i].served)
			return &d->seats[i];
	return NULL;
}

void
door_asked(struct seat *s)
{
	ev_timer_stop(s->door->loop, &s->late);
}

void
door_known(struct seat *s, const char *tenant)
{
	if (s->known || (*tenant && crowd_keeps_enough(s->door->seats, DOOR_SEATS, tenant)))
		return;
	s->known = true;
	snprintf(s->tenant, sizeof(s->tenant), "%s", tenant);
}

void
door_answered(struct seat *s)
{
	ev_timer_stop(s->door->loop, &s->late);
	ev_timer_set(&s->late, DOOR_IDLE_S, 0);
	ev_timer_start(s->door->loop, &s->late);
}

void
door_gone(struct seat *s)
{
	seat_free(s);
}

const struct door_counts *
door_counts(const struct door *d)
{
	return &d->counts;
}
