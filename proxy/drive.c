/* Doing what is both wanted and possible; see drive.h. */
#include "proxy/connection.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

/* --- what a state does when it can ------------------------------------------------------------------------- */

/* Writable or failed: the first bytes tell which, without asking. */
static void
dialled(struct connection *c)
{
	if (connection_call_other(c))
		return;
	stream_flush(&c->to_guest, &c->s.to_guest, &c->guest);
	if (c->s.to_guest.broken) {
		connection_refuse(c, REFUSED_GUEST_DOWN, refusal_answer(REFUSED_GUEST_DOWN, c->s.door),
		    connection_why_refused(c, errno));
		connection_step(c, ON_REFUSE);
	} else if (c->to_guest.bytes > 0) {
		connection_step(c, ON_DIALLED);
	}
}

/* Between requests a guest has nothing to say. */
static void
guest_unasked(struct connection *c)
{
	ssize_t n = end_read(&c->guest, c->relay->scratch, 1);

	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return;
	c->why = n == 1 ? "the guest spoke unasked" : "the guest ended";
	connection_step(c, ON_END);
}

/* What a guest said unasked must not pass for the answer to what the client asks now: it is looked at first. */
static void
hello(struct connection *c, struct session_watch can)
{
	if (can.guest_read)
		guest_unasked(c);
	else
		hello_read(c);
}

static void
relay(struct connection *c, struct session_watch can)
{
	if (can.client_write || can.guest_read)
		transfer_from_guest(c);
	if (can.guest_write || can.client_read)
		transfer_to_guest(c);
	transfer_settle(c);
}

/* Answering a client that gets no guest. */
static void
flush_answer(struct connection *c)
{
	stream_flush(&c->from_guest, &c->s.from_guest, &c->client);
	if (c->s.from_guest.broken)
		connection_step(c, ON_CLIENT_END);
	else if (!c->s.from_guest.pending)
		connection_step(c, ON_ANSWERED);
}

static void
linger(struct connection *c)
{
	ssize_t n = end_read(&c->client, c->relay->scratch, sizeof(c->relay->scratch));

	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n > 0)
		c->discarded += (uint32_t)n;
	if (n <= 0 || c->discarded > RELAY_DISCARD_BYTES)
		connection_step(c, ON_CLIENT_END);
}

static void
act(struct connection *c, struct session_watch can)
{
	switch ((enum session_state)c->s.state) {
	case SESSION_HELLO:
		hello(c, can);
		return;
	case SESSION_DIAL:
		dialled(c);
		return;
	case SESSION_RELAY:
		relay(c, can);
		return;
	case SESSION_ANSWER:
		flush_answer(c);
		return;
	case SESSION_LINGER:
		linger(c);
		return;
	case SESSION_CLOSED:
	case SESSION_STATES:
		return;
	}
}

/* --- driving ------------------------------------------------------------------------------------------------ */

static void
more_add(struct connection *c)
{
	struct drive *d = &c->relay->drive;

	c->next_more = d->more;
	c->link_more = &d->more;
	if (c->next_more)
		c->next_more->link_more = &c->next_more;
	d->more = c;
}

static void
more_remove(struct connection *c)
{
	if (!c->link_more)
		return;
	*c->link_more = c->next_more;
	if (c->next_more)
		c->next_more->link_more = c->link_more;
	c->link_more = NULL;
}

/* Wanted, and possible as far as is known. False: nothing is. */
static bool
possible(const struct connection *c, struct session_watch *can)
{
	const struct session_watch want = session_watch(&c->s);

	*can = (struct session_watch){
	    .client_read = want.client_read && c->client.readable,
	    .client_write = want.client_write && c->client.writable,
	    .guest_read = want.guest_read && c->guest.readable,
	    .guest_write = want.guest_write && c->guest.writable,
	};
	return can->client_read || can->client_write || can->guest_read || can->guest_write;
}

/* Of an end without a socket nothing is told. */
static void
watch(struct connection *c)
{
	int poll = c->relay->drive.poll;

	/* The lowest bit of what an edge brings back tells the guest's from the client's. */
	if (end_watch(&c->client, poll, c) == 0 && end_watch(&c->guest, poll, (char *)c + 1) == 0)
		return;
	c->why = "the kernel watches no more sockets";
	connection_step(c, ON_BREAK);
}

void
drive(struct connection *c)
{
	struct session_watch can;

	more_remove(c);
	for (int left = DRIVE_PASSES; possible(c, &can); left--) {
		if (left == 0) {
			more_add(c);
			break;
		}
		act(c, can);
	}
	watch(c);
}

static void
on_edge(struct drive *d, const struct epoll_event *event)
{
	uintptr_t at = (uintptr_t)event->data.ptr;
	struct connection *c = (struct connection *)(at & ~(uintptr_t)1);
	struct end *e = at & 1 ? &c->guest : &c->client;

	if (e->fd == -1 || e->since == d->batch)
		return; /* closed, or even replaced, since the event was taken */
	end_note(e, event->events);
	drive(c);
}

static void
on_edges(struct ev_loop *loop, ev_io *w, int events)
{
	struct drive *d = w->data;
	struct epoll_event list[DRIVE_EVENTS];
	int n;

	(void)loop, (void)events;
	d->batch++;
	n = epoll_wait(d->poll, list, DRIVE_EVENTS, 0);
	for (int i = 0; i < n; i++)
		on_edge(d, &list[i]);
}

void
drive_forget(struct connection *c)
{
	struct drive *d = &c->relay->drive;

	more_remove(c);
	c->next = d->over;
	d->over = c;
}

static void
free_over(struct drive *d)
{
	while (d->over) {
		struct connection *c = d->over;

		d->over = c->next;
		free(c);
	}
}

/* The others had their turn. */
static void
on_round(struct ev_loop *loop, ev_prepare *w, int events)
{
	struct drive *d = w->data;
	struct connection *list = d->more;

	(void)events;
	d->more = NULL;
	if (list)
		list->link_more = &list;
	while (list)
		drive(list);
	free_over(d);
	if (d->more)
		ev_idle_start(loop, &d->awake);
	else
		ev_idle_stop(loop, &d->awake);
}

static void
on_awake(struct ev_loop *loop, ev_idle *w, int events)
{
	(void)loop, (void)w, (void)events;
}

/* --- time --------------------------------------------------------------------------------------------------- */

/* What ends now must not look whole. */
static bool
is_halfway(const struct connection *c)
{
	return c->s.to_guest.pending || c->s.from_guest.pending || c->s.answer == ANSWER_DUE;
}

static void
too_late(struct connection *c)
{
	enum session_state state = c->s.state;

	if (state == SESSION_HELLO && c->ahead.len == 0) {
		/* Opened ahead, or kept, and not used: a page would be taken for the answer to what is sent next. */
		if (c->requests)
			c->why = "idle";
		else
			connection_refuse(c, REFUSED_SLOW, 0, "no request in time");
		connection_step(c, ON_CLIENT_END);
		return;
	}
	if (state == SESSION_HELLO)
		connection_refuse(
		    c, REFUSED_SLOW, refusal_answer(REFUSED_SLOW, c->s.door), "no whole request in time");
	else if (state == SESSION_DIAL)
		connection_refuse(c, REFUSED_GUEST_DOWN, refusal_answer(REFUSED_GUEST_DOWN, c->s.door),
		    c->reach.from == FROM_CLIENT
			? "no answer in time to the client's address: is the guest up, "
			  "and lodge-natd?"
			: "the guest did not answer in time");
	else if (state == SESSION_RELAY)
		c->why = "idle";
	connection_step(c, state == SESSION_RELAY && is_halfway(c) ? ON_BREAK : ON_TIMEOUT);
}

void
drive_timer(struct ev_loop *loop, ev_timer *w, int events)
{
	struct connection *c = w->data;
	double left = c->deadline - relay_now(c->relay);

	(void)events;
	if (left > 0) {
		ev_timer_set(w, left, 0);
		ev_timer_start(loop, w);
		return;
	}
	too_late(c);
	drive(c);
}

/* --- life --------------------------------------------------------------------------------------------------- */

int
drive_start(struct relay *r)
{
	struct drive *d = &r->drive;

	d->poll = epoll_create1(EPOLL_CLOEXEC);
	if (d->poll == -1)
		return -1;
	ev_io_init(&d->edges, on_edges, d->poll, EV_READ);
	ev_prepare_init(&d->round, on_round);
	ev_idle_init(&d->awake, on_awake);
	d->edges.data = d->round.data = d;
	ev_io_start(r->loop, &d->edges);
	ev_prepare_start(r->loop, &d->round);
	return 0;
}

void
drive_stop(struct relay *r)
{
	struct drive *d = &r->drive;

	ev_io_stop(r->loop, &d->edges);
	ev_prepare_stop(r->loop, &d->round);
	ev_idle_stop(r->loop, &d->awake);
	free_over(d);
	close(d->poll);
}
