/* One connection, from accept to its one log line; see connection.h. */
#include "proxy/connection.h"
#include "base/log.h"
#include "proxy/answer.h"
#include "proxy/dial.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

_Static_assert(sizeof(struct connection) <= 1024, "an idle connection costs at most 1 KiB of ours");

/* --- the end ---------------------------------------------------------------------------------------------- */

/* Milliseconds since the connection began, or "-" for what never happened. */
static const char *
since(const struct connection *c, double when, char out[24])
{
	if (!when)
		return "-";
	snprintf(out, 24, "%.0f", (when - c->began) * 1000);
	return out;
}

static void
log_end(const struct connection *c)
{
	const char *end = c->refusal ? refusal_name(c->refusal) : c->why ? "cut" : "done";
	char from[ADDR_TEXT], reached[24], first[24], all[24];

	log_info("%s client=%s name=%s guest=%s requests=%u to_guest=%llu from_guest=%llu guest_ms=%s "
		 "first_ms=%s ms=%s "
		 "end=%s%s%s%s",
	    door_name(c->s.door), addr_print(&c->from, from), c->name[0] ? c->name : "-",
	    c->guest_name[0] ? c->guest_name : "-", c->requests, (unsigned long long)c->to_guest.bytes,
	    (unsigned long long)c->from_guest.bytes, since(c, c->reached, reached), since(c, c->first, first),
	    since(c, relay_now(c->relay), all), end, c->why ? " why=\"" : "", c->why ? c->why : "",
	    c->why ? "\"" : "");
}

void
connection_count(struct connection *c)
{
	struct share_worker *own = c->relay->own;
	uint64_t to = c->to_guest.bytes - c->counted_to_guest;
	uint64_t from = c->from_guest.bytes - c->counted_from_guest;

	if (to && !c->reached)
		c->reached = relay_now(c->relay);
	if (from && !c->first)
		c->first = relay_now(c->relay);
	own->to_guest_bytes += to;
	own->from_guest_bytes += from;
	own->guests[c->seat].to_guest_bytes += to;
	own->guests[c->seat].from_guest_bytes += from;
	c->counted_to_guest += to;
	c->counted_from_guest += from;
}

void
connection_forget_guest(struct connection *c)
{
	struct relay *r = c->relay;

	gather_cut(&c->head, c->head.len, &r->own->held_bytes);
	stream_drop(&c->to_guest, &c->s.to_guest);
	stream_drop(&c->from_guest, &c->s.from_guest);
	c->s.to_guest.broken = c->s.to_guest.shut = false;
	c->s.from_guest = (struct flow){0};
	if (c->guest.fd != -1) {
		connection_count(c);
		ev_io_stop(r->loop, &c->guest);
		close(c->guest.fd);
		ev_io_set(&c->guest, -1, 0);
	}
	if (c->seat != SEAT_NONE)
		r->own->guests[c->seat].open--;
	c->seat = SEAT_NONE;
}

static void
connection_close(struct connection *c, bool reset)
{
	struct relay *r = c->relay;
	struct linger now = {.l_onoff = 1, .l_linger = 0};
	struct limit_key client = limit_client(&c->from.ip);

	if (reset)
		setsockopt(c->client.fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	if (reset && c->guest.fd != -1)
		setsockopt(c->guest.fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	connection_forget_guest(c);
	if (c->refusal)
		c->from_guest.bytes = c->relayed; /* what was said then was ours */
	log_end(c);
	gather_cut(&c->ahead, c->ahead.len, &r->own->held_bytes);
	if (!c->header_due)
		limit_remove(r->limits, &client);
	r->own->open--;
	ev_io_stop(r->loop, &c->client);
	ev_timer_stop(r->loop, &c->timer);
	close(c->client.fd);
	*c->link = c->next;
	if (c->next)
		c->next->link = c->link;
	free(c);
}

/* --- what is waited for ----------------------------------------------------------------------------------- */

static void
watch_io(struct ev_loop *loop, ev_io *w, bool readable, bool writable)
{
	int want = (readable ? EV_READ : 0) | (writable ? EV_WRITE : 0);
	int have = ev_is_active(w) ? w->events & (EV_READ | EV_WRITE) : 0;

	if (w->fd == -1 || want == have)
		return;
	ev_io_stop(loop, w);
	ev_io_modify(w, want);
	if (want)
		ev_io_start(loop, w);
}

void
connection_update(struct connection *c)
{
	struct session_watch want = session_watch(&c->s);

	watch_io(c->relay->loop, &c->client, want.client_read, want.client_write);
	watch_io(c->relay->loop, &c->guest, want.guest_read, want.guest_write);
}

void
connection_deadline(struct connection *c, double seconds)
{
	struct ev_loop *loop = c->relay->loop;

	c->deadline = relay_now(c->relay) + seconds;
	if (ev_is_active(&c->timer) && ev_timer_remaining(loop, &c->timer) <= seconds)
		return;
	ev_timer_stop(loop, &c->timer);
	ev_timer_set(&c->timer, seconds, 0);
	ev_timer_start(loop, &c->timer);
}

/* What ends now must not look whole. */
static bool
is_halfway(const struct connection *c)
{
	return c->s.to_guest.pending || c->s.from_guest.pending || c->s.answer == ANSWER_DUE;
}

static void
on_timer(struct ev_loop *loop, ev_timer *w, int events)
{
	struct connection *c = w->data;
	double left = c->deadline - relay_now(c->relay);
	enum session_state state = c->s.state;

	(void)events;
	if (left > 0) {
		ev_timer_set(w, left, 0);
		ev_timer_start(loop, w);
		return;
	}
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

/* --- the guest's side -------------------------------------------------------------------------------------- */

/* Writable or failed: the first bytes tell which, without asking. */
static void
dialled(struct connection *c)
{
	stream_flush(&c->to_guest, &c->s.to_guest, c->guest.fd);
	if (c->s.to_guest.broken) {
		connection_refuse(
		    c, REFUSED_GUEST_DOWN, refusal_answer(REFUSED_GUEST_DOWN, c->s.door), strerror(errno));
		connection_step(c, ON_REFUSE);
	} else if (c->to_guest.bytes > 0) {
		connection_step(c, ON_DIALLED);
	}
}

/* Between requests a guest has nothing to say. */
static void
guest_unasked(struct connection *c)
{
	ssize_t n = recv(c->guest.fd, c->relay->scratch, 1, 0);

	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return;
	c->why = n == 1 ? "the guest spoke unasked" : "the guest ended";
	connection_step(c, ON_END);
}

static void
on_guest(struct ev_loop *loop, ev_io *w, int events)
{
	struct connection *c = w->data;

	(void)loop;
	if (c->s.state == SESSION_DIAL) {
		dialled(c);
		return;
	}
	if (c->s.state == SESSION_HELLO) {
		guest_unasked(c);
		return;
	}
	if (events & EV_WRITE)
		transfer_to_guest(c);
	if (events & EV_READ)
		transfer_from_guest(c);
	transfer_settle(c);
}

/* --- answering a client that gets no guest ---------------------------------------------------------------- */

static void
flush_answer(struct connection *c)
{
	stream_flush(&c->from_guest, &c->s.from_guest, c->client.fd);
	if (c->s.from_guest.broken)
		connection_step(c, ON_CLIENT_END);
	else if (!c->s.from_guest.pending)
		connection_step(c, ON_ANSWERED);
	else
		connection_update(c);
}

static void
linger(struct connection *c)
{
	ssize_t n = recv(c->client.fd, c->relay->scratch, sizeof(c->relay->scratch), 0);

	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n > 0)
		c->discarded += (uint32_t)n;
	if (n <= 0 || c->discarded > RELAY_DISCARD_BYTES)
		connection_step(c, ON_CLIENT_END);
}

static void
on_client(struct ev_loop *loop, ev_io *w, int events)
{
	struct connection *c = w->data;

	(void)loop;
	switch ((enum session_state)c->s.state) {
	case SESSION_HELLO:
		hello_read(c);
		return;
	case SESSION_ANSWER:
		flush_answer(c);
		return;
	case SESSION_LINGER:
		linger(c);
		return;
	default:
		break;
	}
	if (events & EV_WRITE)
		transfer_from_guest(c);
	if (events & EV_READ)
		transfer_to_guest(c);
	transfer_settle(c);
}

/* --- acts ------------------------------------------------------------------------------------------------- */

void
connection_refuse(struct connection *c, enum refusal refusal, uint16_t answer, const char *why)
{
	c->relay->own->refused[refusal]++;
	c->relay->own->guests[c->seat].refused[refusal]++;
	c->refusal = (uint8_t)refusal;
	c->answer = answer;
	c->why = why;
}

int
connection_dial(struct connection *c, struct span first)
{
	struct relay *r = c->relay;
	int fd = dial_guest(&c->reach, &c->from, SOCK_STREAM, r->share->transparent), on = 1;
	enum refusal refusal = fd == -1 && dial_is_short(errno) ? REFUSED_FILES : REFUSED_GUEST_DOWN;

	if (fd != -1) {
		ev_io_set(&c->guest, fd, 0);
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
		stream_send(&c->to_guest, &c->s.to_guest, fd, first);
	}
	if (fd != -1 && !c->s.to_guest.broken) {
		r->own->routed++;
		r->own->guests[c->seat].routed[c->s.door]++;
		r->own->dialled[c->reach.from]++;
		return 0;
	}
	connection_refuse(c, refusal, refusal_answer(refusal, c->s.door), strerror(errno));
	return -1;
}

/* What is said to the client, into out. */
static size_t
make_answer(const struct connection *c, const char *location, char *out)
{
	static const char silent[] = "the server of this name does not answer";

	if (c->s.door != DOOR_HTTP)
		return answer_tls(c->answer, out);
	if (location)
		return answer_redirect(c->answer, location, c->scan.http.is_head, out);
	if (c->is_h2c)
		return h2c_answer(&c->scan.h2c, c->answer, c->why, out);
	return answer_http(
	    c->answer, c->refusal == REFUSED_GUEST_DOWN ? silent : c->why, c->scan.http.is_head, out);
}

static void
act_answer(struct connection *c)
{
	const char *location = c->relay->location;
	char *text;
	size_t n;

	c->relay->location = NULL;
	connection_forget_guest(c);
	text = malloc(ANSWER_MAX + (location ? strlen(location) : 0));
	if (!text) {
		connection_step(c, ON_BREAK);
		return;
	}
	c->relayed = c->from_guest.bytes;
	n = make_answer(c, location, text);
	stream_keep(&c->from_guest, &c->s.from_guest, text, n);
	c->relay->own->answered++;
	connection_deadline(c, RELAY_ANSWER_MS / 1000.0);
	flush_answer(c);
}

/* The guest stays for the next request, should it be for the same one. */
static void
act_next(struct connection *c)
{
	c->scan.http = (struct http_head){0};
	if (c->s.to_guest.eof && c->ahead.len == 0) {
		connection_step(c, ON_CLIENT_END);
		return;
	}
	connection_deadline(c, c->ahead.len ? c->relay->rules.hello_s : c->relay->rules.idle_s);
	hello_next(c);
}

static void
act_linger(struct connection *c)
{
	connection_forget_guest(c);
	if (c->s.to_guest.eof || shutdown(c->client.fd, SHUT_WR) == -1) {
		connection_step(c, ON_CLIENT_END);
		return;
	}
	connection_deadline(c, RELAY_ANSWER_MS / 1000.0);
	connection_update(c);
}

void
connection_step(struct connection *c, enum session_event event)
{
	struct session_step step = session_step(c->s.state, event);

	c->s.state = step.next;
	switch ((enum session_act)step.act) {
	case ACT_NONE:
		return;
	case ACT_WAIT:
		connection_deadline(c, c->relay->rules.connect_s);
		connection_update(c);
		return;
	case ACT_ANSWER:
		act_answer(c);
		return;
	case ACT_RELAY:
		connection_deadline(c, c->relay->rules.idle_s);
		transfer_settle(c);
		return;
	case ACT_NEXT:
		act_next(c);
		return;
	case ACT_LINGER:
		act_linger(c);
		return;
	case ACT_CLOSE:
	case ACT_RESET:
		connection_close(c, step.act == ACT_RESET);
		return;
	}
}

int
connection_open(struct relay *r, enum door door, int fd, const struct addr *from, bool trusted)
{
	struct connection *c = calloc(1, sizeof(*c));
	struct limit_key client = limit_client(&from->ip);

	if (!c || (!trusted && limit_add(r->limits, &client) == -1)) {
		free(c);
		return -1;
	}
	r->own->open++;
	c->s.door = (uint8_t)door;
	c->relay = r;
	c->from = *from;
	c->header_due = trusted;
	c->began = relay_now(r);
	ev_io_init(&c->client, on_client, fd, 0);
	ev_io_init(&c->guest, on_guest, -1, 0);
	ev_init(&c->timer, on_timer);
	c->client.data = c->guest.data = c->timer.data = c;
	c->next = r->connections;
	c->link = &r->connections;
	if (c->next)
		c->next->link = &c->next;
	r->connections = c;
	connection_deadline(c, r->rules.hello_s);
	connection_update(c);
	hello_read(c);
	return 0;
}

/* A request that is under way is the last one. */
void
connection_drain(struct connection *c)
{
	bool waits = c->s.state == SESSION_HELLO && c->requests > 0 && c->ahead.len == 0;

	c->s.keep = false;
	if (!waits)
		return;
	c->why = "idle when the proxy drained";
	connection_step(c, ON_CLIENT_END);
}
