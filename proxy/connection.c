/* One connection, from accept to its one log line; see connection.h. */
#include "proxy/connection.h"
#include "base/log.h"
#include "proxy/answer.h"
#include "proxy/dial.h"
#include "proxy/drive.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

_Static_assert(sizeof(struct connection) <= 1024, "an idle connection costs at most 1 KiB of ours");

/* --- the end ---------------------------------------------------------------------------------------------- */

/* Milliseconds since the connection began, or "-" for what never happened. */
static const char *
since(const struct connection *c, double when, char out[24])
{
	if (!when)
		return "-";
	snprintf(out, 24, "%llu", (unsigned long long)((when - c->began) * 1000 + 0.5));
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
	if (c->guest.fd != -1)
		connection_count(c);
	end_close(&c->guest);
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
	ev_timer_stop(r->loop, &c->timer);
	end_close(&c->client);
	*c->link = c->next;
	if (c->next)
		c->next->link = c->link;
	drive_forget(c);
}

/* --- time --------------------------------------------------------------------------------------------- */

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

/* --- the guest's side -------------------------------------------------------------------------------------- */

const char *
connection_why_refused(const struct connection *c, int error)
{
	bool as_client = c->reach.from == FROM_CLIENT || c->reach.from == FROM_CLIENT_ADDRESS;

	if (dial_is_refused(error) && as_client && c->reach.to.ip.family == 6)
		return "refused over IPv6, and over IPv4 the guest would not see this client: "
		       "let its server listen on IPv6, or take address6 out";
	return strerror(error);
}

/* A socket on its way to where the guest is supposed to be. -1: errno. */
static int
call_guest(struct connection *c)
{
	struct relay *r = c->relay;
	int fd = dial_guest(&c->reach, &c->from, SOCK_STREAM, r->share->transparent);

	if (fd == -1)
		return -1;
	end_close(&c->guest);
	c->guest = end_dialled(fd, r->drive.batch);
	return 0;
}

bool
connection_call_other(struct connection *c)
{
	struct reach other = c->reach;
	int error = 0;
	socklen_t size = sizeof(error);

	if (!reach_turn(&other) || getsockopt(c->guest.fd, SOL_SOCKET, SO_ERROR, &error, &size) == -1 ||
	    !dial_is_refused(error))
		return false;
	c->reach = other;
	return call_guest(c) == 0;
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
	enum refusal refusal;
	bool good;

	do {
		c->s.to_guest.broken = false;
		good = call_guest(c) == 0;
		if (good)
			stream_send(&c->to_guest, &c->s.to_guest, &c->guest, first);
		good = good && !c->s.to_guest.broken;
	} while (!good && dial_is_refused(errno) && reach_turn(&c->reach));
	if (good) {
		r->own->routed++;
		r->own->guests[c->seat].routed[c->s.door]++;
		r->own->dialled[c->reach.from]++;
		return 0;
	}
	refusal = dial_is_short(errno) ? REFUSED_FILES : REFUSED_GUEST_DOWN;
	connection_refuse(c, refusal, refusal_answer(refusal, c->s.door), connection_why_refused(c, errno));
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
	c->client = end_accepted(fd);
	c->guest.fd = -1;
	ev_init(&c->timer, drive_timer);
	c->timer.data = c;
	c->next = r->connections;
	c->link = &r->connections;
	if (c->next)
		c->next->link = &c->next;
	r->connections = c;
	connection_deadline(c, r->rules.hello_s);
	drive(c);
	return 0;
}

/*
 * A request that is under way is the last one, be it that it has only just come. Who asks while it is told the end
 * finds that in good order, and no reset: it may ask again elsewhere.
 */
void
connection_drain(struct connection *c)
{
	bool waits = c->s.state == SESSION_HELLO && c->requests > 0 && c->ahead.len == 0;

	c->s.keep = false;
	if (!waits || recv(c->client.fd, c->relay->scratch, 1, MSG_PEEK) == 1)
		return;
	c->why = "idle when the proxy drained";
	connection_step(c, ON_ANSWERED);
}
