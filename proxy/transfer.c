/* A connection in RELAY: what may pass, and what follows from what passed. See connection.h. */
#include "proxy/connection.h"

#include <errno.h>
#include <sys/socket.h>

enum {
	PLAIN_LEAST = 16 << 10, /* of a chunk's data, to be worth moving without looking */
};

static void
pump_request(struct connection *c, uint64_t *limit)
{
	stream_pump(
	    &c->to_guest, &c->s.to_guest, &c->s.from_guest, &c->client, &c->guest, limit, c->relay->scratch);
}

static void
pump_answer(struct connection *c, uint64_t *limit)
{
	stream_pump(&c->from_guest, &c->s.from_guest, &c->s.to_guest, &c->guest, &c->client, limit,
	    c->relay->scratch);
}

/* Bytes that need no looking at, only counting. False: the next ones do. */
static bool
pump_plain(struct connection *c, struct body *body, void pump(struct connection *, uint64_t *))
{
	uint64_t plain = body_plain(body), left = plain;

	if (plain == 0 || (body->framing == BODY_CHUNKED && plain < PLAIN_LEAST))
		return false;
	pump(c, &left);
	body_skip(body, plain - left);
	return true;
}

/* Nothing more may pass: does the client wait, does it have more to say, or has it ended? */
static void
peek(struct connection *c)
{
	char byte;
	ssize_t n = recv(c->client.fd, &byte, 1, MSG_PEEK);

	if (n > 0)
		c->s.gate = GATE_HELD;
	else if (n == 0)
		c->s.to_guest.eof = true;
	else if (errno == EAGAIN)
		c->client.readable = false;
	else if (errno != EINTR) {
		c->s.to_guest.eof = c->s.to_guest.cut = true;
		c->s.from_guest.broken = true;
	}
}

/* There is no room for what came behind a request: it is its connection's last. */
static void
lose_ahead(struct connection *c)
{
	c->s.keep = false;
	if (!c->exchange.upgrade)
		return;
	/* … or belongs to the protocol that it asks for, which must not have a hole */
	c->why = "too much held for others";
	c->s.to_guest.eof = c->s.to_guest.cut = true;
	c->s.from_guest.broken = true;
}

static void
take_request(struct connection *c)
{
	struct span fresh =
	    stream_read(&c->s.to_guest, &c->s.from_guest, &c->client, c->relay->scratch, STREAM_COPY_BYTES);
	ptrdiff_t n = body_take(&c->exchange.request, fresh);

	if (n == -1) {
		c->why = "broken chunks";
		c->s.to_guest.eof = c->s.to_guest.cut = true;
		c->s.from_guest.broken = true;
		return;
	}
	if (n > 0)
		stream_send(&c->to_guest, &c->s.to_guest, &c->guest, span_first(fresh, (size_t)n));
	fresh = span_from(fresh, (size_t)n);
	if (fresh.len && !gather_add(&c->ahead, fresh, &c->relay->own->held_bytes))
		lose_ahead(c);
}

static void
pass_body(struct connection *c)
{
	if (!pump_plain(c, &c->exchange.request, pump_request))
		take_request(c);
	if (body_done(&c->exchange.request))
		c->s.gate = GATE_SHUT;
	else if (c->s.to_guest.eof)
		c->s.keep = false;
}

/* What the client sent behind its request, when nothing before it waits any more. False: it has to wait still. */
static bool
pass_ahead(struct connection *c)
{
	struct flow *to = &c->s.to_guest;

	if (c->ahead.len == 0)
		return true;
	if (to->pending && c->guest.writable)
		stream_flush(&c->to_guest, to, &c->guest);
	if (to->pending || to->broken)
		return false;
	stream_send(&c->to_guest, to, &c->guest, gather_span(&c->ahead));
	gather_cut(&c->ahead, c->ahead.len, &c->relay->own->held_bytes);
	return true;
}

void
transfer_to_guest(struct connection *c)
{
	struct flow *to = &c->s.to_guest;

	if (c->s.gate == GATE_OPEN) {
		if (pass_ahead(c))
			pump_request(c, NULL);
		return;
	}
	if (to->pending && c->guest.writable)
		stream_flush(&c->to_guest, to, &c->guest);
	if (to->pending || to->broken || to->eof || !c->client.readable)
		return;
	if (c->s.gate == GATE_BODY)
		pass_body(c);
	else if (c->s.gate == GATE_SHUT)
		peek(c);
}

/* The guest took the connection out of HTTP: what the client sent behind its request was for that. */
static void
open_gates(struct connection *c)
{
	c->s.gate = GATE_OPEN;
	c->s.answer = ANSWER_OPEN;
	pass_ahead(c);
}

/* What the exchange has come to. stray: bytes behind the answer. */
static void
note_answer(struct connection *c, bool stray)
{
	const struct exchange *x = &c->exchange;

	c->s.keep = c->s.keep && x->keep && !stray;
	if (x->phase == EXCHANGE_OVER)
		c->s.answer = ANSWER_OVER;
	else if (x->phase == EXCHANGE_OPAQUE)
		c->s.answer = ANSWER_OPEN;
	else if (x->phase == EXCHANGE_SWITCHED)
		open_gates(c);
}

/* Bytes of an answer that have to be looked at: behind what is kept of its head, if there is any. */
static void
take_answer(struct connection *c)
{
	struct relay *r = c->relay;
	struct span in =
	    stream_read(&c->s.from_guest, &c->s.to_guest, &c->guest, r->scratch, STREAM_COPY_BYTES);
	bool kept = c->head.len > 0;
	size_t n;

	if (in.len == 0)
		return;
	if (kept && !gather_add(&c->head, in, &r->own->held_bytes)) {
		c->why = "too many incomplete answers";
		c->s.from_guest.eof = c->s.from_guest.cut = c->s.to_guest.broken = true;
		return;
	}
	in = kept ? gather_span(&c->head) : in;
	n = exchange_answer(&c->exchange, in);
	if (n > 0)
		stream_send(&c->from_guest, &c->s.from_guest, &c->client, span_first(in, n));
	note_answer(c, n < in.len && c->exchange.phase == EXCHANGE_OVER);
	if (c->exchange.phase != EXCHANGE_HEAD)
		n = in.len;
	if (kept)
		gather_cut(&c->head, n, &r->own->held_bytes);
	else if (n < in.len && !gather_add(&c->head, span_from(in, n), &r->own->held_bytes))
		c->s.from_guest.eof = c->s.from_guest.cut = c->s.to_guest.broken = true;
}

/* What a guest says behind its answer is nobody's, and it says no more. */
static void
drop_stray(struct connection *c)
{
	stream_read(&c->s.from_guest, &c->s.to_guest, &c->guest, c->relay->scratch, STREAM_COPY_BYTES);
	c->s.keep = false;
}

void
transfer_from_guest(struct connection *c)
{
	struct flow *from = &c->s.from_guest;

	if (c->s.answer == ANSWER_OPEN) {
		pump_answer(c, NULL);
		return;
	}
	if (from->pending && c->client.writable)
		stream_flush(&c->from_guest, from, &c->client);
	if (from->pending || from->broken || from->eof || !c->guest.readable)
		return;
	if (c->s.answer == ANSWER_OVER) {
		drop_stray(c);
	} else if (c->exchange.phase == EXCHANGE_BODY && pump_plain(c, &c->exchange.answer, pump_answer)) {
		if (body_done(&c->exchange.answer))
			c->exchange.phase = EXCHANGE_OVER;
		note_answer(c, false);
	} else {
		take_answer(c);
	}
}

/* The end of a guest that had something left to say; NULL: it had not. */
static const char *
unfinished(const struct connection *c)
{
	const struct exchange *x = &c->exchange;

	if (c->s.answer != ANSWER_DUE)
		return NULL;
	if (x->phase == EXCHANGE_HEAD)
		return "the guest ended before its answer";
	return x->answer.framing == BODY_UNTIL_END ? NULL : "the guest ended in the middle of its answer";
}

/* Do what follows from the flows until nothing does. */
void
transfer_settle(struct connection *c)
{
	const struct relay_rules *rules = &c->relay->rules;

	connection_count(c);
	if (c->s.to_guest.eof || c->s.from_guest.eof)
		connection_deadline(c, rules->half_open_s);
	else
		c->deadline = relay_now(c->relay) + rules->idle_s;
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
		case SETTLE_NEXT:
			connection_step(c, ON_NEXT);
			return;
		case SETTLE_ANSWERED:
			c->why = c->why ? c->why : unfinished(c);
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
			return;
		}
	}
}
