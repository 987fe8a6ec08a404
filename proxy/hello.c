/* The first bytes of a connection: read, ask, and make of them what the guest gets first. See connection.h. */
#include "proxy/connection.h"
#include "proxy/answer.h"
#include "proxy/haproxy.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

enum { HELLO_ROOM_FIRST = 2048 };

void
hello_release(struct connection *c)
{
	c->relay->own->held_bytes -= c->hello_room;
	c->hello_room = 0;
}

/* Add fresh bytes to those kept. False: there is no room in this worker for more. */
static bool
keep(struct connection *c, struct span fresh)
{
	struct stream *st = &c->to_guest;
	uint32_t room = c->hello_room ? c->hello_room : HELLO_ROOM_FIRST;
	char *bytes;

	while (room < st->len + fresh.len)
		room *= 2;
	if (room != c->hello_room) {
		if (c->relay->own->held_bytes + room - c->hello_room > RELAY_HELD_BYTES)
			return false;
		bytes = realloc(st->kept, room);
		if (!bytes)
			return false;
		st->kept = bytes;
		c->relay->own->held_bytes += room - c->hello_room;
		c->hello_room = room;
	}
	memcpy(st->kept + st->len, fresh.ptr, fresh.len);
	st->len += (uint32_t)fresh.len;
	return true;
}

static struct sniff
sniff(struct connection *c, struct span in)
{
	if (c->s.door == DOOR_HTTP)
		return http_sniff(in, &c->scan.http);
	return tls_sniff(in, &c->scan.tls, c->relay->gathered);
}

/* The PROXY header that this guest wants, or nothing. */
static size_t
proxy_header(const struct connection *c, enum client_address how, char *out)
{
	struct sockaddr_storage sa;
	socklen_t len = sizeof(sa);
	struct addr called;

	if (how != CLIENT_PROXY_V1 && how != CLIENT_PROXY_V2)
		return 0;
	if (getsockname(c->client.fd, (struct sockaddr *)&sa, &len) == -1 ||
	    addr_from_sockaddr((struct sockaddr *)&sa, &called) == -1)
		return 0;
	return how == CLIENT_PROXY_V1 ? haproxy_v1(&c->from, &called, out)
				      : haproxy_v2(&c->from, &called, out);
}

/*
 * An HTTP request: its head rewritten (into the relay's room), then as much of in as is body. -1: the body is
 * malformed.
 */
static ptrdiff_t
open_gate(struct connection *c, struct span in, struct span *head)
{
	struct http_head *h = &c->scan.http;
	struct span behind = span_from(in, h->length);
	ptrdiff_t body;

	h->upgrade = h->upgrade && behind.len == 0; /* who cannot wait for the 101 does not get one */
	*head = span_of(c->relay->head, http_rewrite(span_first(in, h->length), h, c->relay->head));
	c->body = http_body(h);
	body = http_body_take(&c->body, behind);
	c->s.gate = h->upgrade ? GATE_HELD : http_body_done(&c->body) ? GATE_SHUT : GATE_BODY;
	return body;
}

/* What the guest gets first, into a buffer of its own; what was gathered goes. */
static bool
prepare(struct connection *c, struct span in, enum client_address how)
{
	char proxy[HAPROXY_MAX], *first;
	size_t n = proxy_header(c, how, proxy);
	struct span head = span_first(in, 0);

	if (c->s.door == DOOR_HTTP) {
		ptrdiff_t body = open_gate(c, in, &head);

		if (body == -1) {
			connection_refuse(c, REFUSED_MALFORMED, ANSWER_BAD_REQUEST, "broken chunks");
			return false;
		}
		in = span_of(in.ptr + c->scan.http.length, (size_t)body);
	}
	first = malloc(n + head.len + in.len);
	if (!first) {
		connection_refuse(c, REFUSED_HELLO_MEMORY, refusal_answer(REFUSED_HELLO_MEMORY, c->s.door),
		    "out of memory");
		return false;
	}
	memcpy(first, proxy, n);
	memcpy(first + n, head.ptr, head.len);
	memcpy(first + n + head.len, in.ptr, in.len);
	stream_drop(&c->to_guest, &c->s.to_guest);
	stream_keep(&c->to_guest, &c->s.to_guest, first, n + head.len + in.len);
	hello_release(c);
	return true;
}

static bool
admit_guest(struct connection *c, const struct route_guest *guest)
{
	const struct relay *r = c->relay;

	memcpy(c->guest_name, guest->name, sizeof(c->guest_name));
	c->seat = r->rules.seats[guest->number];
	if (c->seat != SEAT_NONE)
		r->own->guests[c->seat].open++;
	if (r->rules.per_guest && c->seat != SEAT_NONE &&
	    share_guest_open(r->share, c->seat) > r->rules.per_guest) {
		connection_refuse(c, REFUSED_PER_GUEST, refusal_answer(REFUSED_PER_GUEST, c->s.door),
		    "too many connections to this guest");
		return false;
	}
	c->reach = reach_choose(guest, c->s.door == DOOR_HTTP ? guest->to_http : guest->to_tls, &c->from.ip);
	return true;
}

static void
hello_decide(struct connection *c, struct span in, bool kept)
{
	struct sniff verdict = sniff(c, in);
	struct session_choice choice = session_choose(c->s.door, &verdict, c->relay->rules.routes, c->name);

	switch (choice.choice) {
	case CHOICE_ROUTE:
		connection_step(c,
		    admit_guest(c, choice.route->guest) && prepare(c, in, choice.route->guest->client_address)
			? ON_ROUTE
			: ON_REFUSE);
		return;
	case CHOICE_REFUSE:
		connection_refuse(c, choice.refusal, choice.answer, choice.why);
		connection_step(c, ON_REFUSE);
		return;
	case CHOICE_MORE:
		break;
	}
	if (kept || keep(c, in))
		return;
	connection_refuse(c, REFUSED_HELLO_MEMORY, refusal_answer(REFUSED_HELLO_MEMORY, c->s.door),
	    "too many incomplete requests");
	connection_step(c, ON_REFUSE);
}

/* The usual hello comes whole with the first read and is never copied before it is decided about. */
void
hello_read(struct connection *c)
{
	struct relay *r = c->relay;
	ssize_t n = recv(c->client.fd, r->scratch, SNIFF_BYTES - c->to_guest.len, 0);
	struct span fresh = span_of(r->scratch, n > 0 ? (size_t)n : 0);

	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		c->why = n == 0 ? "ended before a whole request" : "reset before a whole request";
		connection_step(c, ON_CLIENT_END);
		return;
	}
	if (c->to_guest.len == 0) {
		hello_decide(c, fresh, false);
		return;
	}
	if (keep(c, fresh)) {
		hello_decide(c, span_of(c->to_guest.kept, c->to_guest.len), true);
		return;
	}
	connection_refuse(c, REFUSED_HELLO_MEMORY, refusal_answer(REFUSED_HELLO_MEMORY, c->s.door),
	    "too many incomplete requests");
	connection_step(c, ON_REFUSE);
}
