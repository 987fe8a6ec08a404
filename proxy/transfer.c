/* A connection in RELAY: what may pass, and what follows from what passed. See connection.h. */
#include "proxy/connection.h"

#include <sys/socket.h>

/* Bytes that nobody gets: so many, then no more are read. */
static ptrdiff_t
discard(struct connection *c, size_t n)
{
	c->discarded += (uint32_t)n;
	if (c->discarded > RELAY_DISCARD_BYTES)
		c->s.gate = GATE_HELD;
	return 0;
}

/* The guest has answered and may wait for more, which it must not get: its answer is all there is. */
static void
end_requests(struct connection *c)
{
	shutdown(c->guest.fd, SHUT_WR);
	c->s.to_guest.shut = true;
	c->s.gate = GATE_SHUT;
}

static ptrdiff_t
filter_request(void *arg, struct span bytes)
{
	struct connection *c = arg;
	ptrdiff_t n;

	if (c->s.gate == GATE_LAST)
		end_requests(c);
	if (c->s.gate != GATE_BODY)
		return discard(c, bytes.len);
	n = http_body_take(&c->body, bytes);
	if (n == -1)
		c->why = "broken chunks";
	if (http_body_done(&c->body))
		c->s.gate = GATE_SHUT;
	return n;
}

static ptrdiff_t
filter_reply(void *arg, struct span bytes)
{
	struct connection *c = arg;
	enum http_reply reply = http_reply(&c->reply, bytes);

	if (reply != REPLY_MORE) {
		c->s.gate = reply == REPLY_SWITCHING ? GATE_OPEN : GATE_LAST;
		c->scan.http.upgrade = false;
	}
	return (ptrdiff_t)bytes.len;
}

/* A body of known length needs no looking at, only counting. */
static void
pump_body(struct connection *c)
{
	const struct stream_rule rule = {.limit = &c->body.left};

	stream_pump(&c->to_guest, &c->s.to_guest, &c->s.from_guest, c->client.fd, c->guest.fd, &rule,
	    c->relay->scratch);
	if (c->body.left == 0)
		c->s.gate = GATE_SHUT;
}

void
transfer_to_guest(struct connection *c)
{
	const struct stream_rule any = {0}, filtered = {filter_request, c, NULL};

	if (c->s.gate == GATE_HELD)
		stream_flush(&c->to_guest, &c->s.to_guest, c->guest.fd);
	else if (c->s.gate == GATE_BODY && c->body.framing == HTTP_LENGTH)
		pump_body(c);
	else
		stream_pump(&c->to_guest, &c->s.to_guest, &c->s.from_guest, c->client.fd, c->guest.fd,
		    c->s.gate == GATE_OPEN ? &any : &filtered, c->relay->scratch);
}

void
transfer_from_guest(struct connection *c)
{
	const struct stream_rule any = {0}, undecided = {filter_reply, c, NULL};
	bool asked = c->s.door == DOOR_HTTP && c->scan.http.upgrade;

	stream_pump(&c->from_guest, &c->s.from_guest, &c->s.to_guest, c->guest.fd, c->client.fd,
	    asked ? &undecided : &any, c->relay->scratch);
}

/* Do what follows from the flows until nothing does. */
void
transfer_settle(struct connection *c)
{
	connection_count(c);
	c->deadline = ev_now(c->relay->loop) + c->relay->rules.idle_s;
	for (;;) {
		switch (session_settle(&c->s)) {
		case SETTLE_SHUT_GUEST:
			shutdown(c->guest.fd, SHUT_WR);
			c->s.to_guest.shut = true;
			break;
		case SETTLE_SHUT_CLIENT:
			shutdown(c->client.fd, SHUT_WR);
			c->s.from_guest.shut = true;
			break;
		case SETTLE_ANSWERED:
			connection_step(c, ON_ANSWERED);
			return;
		case SETTLE_END:
			connection_step(c, ON_END);
			return;
		case SETTLE_BREAK:
			c->why = c->why ? c->why : "reset";
			connection_step(c, ON_BREAK);
			return;
		case SETTLED:
			connection_update(c);
			return;
		}
	}
}
