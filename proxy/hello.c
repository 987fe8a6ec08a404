/* The first bytes of a connection: read, ask, and make of them what the guest gets first. See connection.h. */
#include "conf/page.h"
#include "proxy/connection.h"
#include "proxy/answer.h"
#include "base/haproxy.h"
#include "proxy/redirect.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

static struct sniff
sniff(struct connection *c, struct span in)
{
	struct sniff got;

	if (c->s.door != DOOR_HTTP)
		return tls_sniff(in, &c->scan.tls, c->relay->gathered);
	if (c->is_h2c)
		return h2c_sniff(in, &c->scan.h2c);
	got = http_sniff(in, &c->scan.http);
	if (got.verdict != SNIFF_BAD || !c->scan.http.is_h2c || c->requests)
		return got;
	c->is_h2c = true;
	c->scan.h2c = (struct h2c){0};
	return h2c_sniff(in, &c->scan.h2c);
}

/* The PROXY header that this guest wants, or nothing. */
static size_t
proxy_header(const struct connection *c, enum client_address how, char *out)
{
	struct sockaddr_storage sa;
	socklen_t len = sizeof(sa);
	struct addr called = c->called;

	if (how != CLIENT_PROXY_V1 && how != CLIENT_PROXY_V2)
		return 0;
	if (!ip_is_set(&called.ip) && (getsockname(c->client.fd, (struct sockaddr *)&sa, &len) == -1 ||
					  addr_from_sockaddr((struct sockaddr *)&sa, &called) == -1))
		return 0;
	return how == CLIENT_PROXY_V1 ? haproxy_v1(&c->from, &called, out)
				      : haproxy_v2(&c->from, &called, out);
}

/* An HTTP request: how many of these bytes belong to it; -1: its body is malformed. */
static ptrdiff_t
begin_exchange(struct connection *c, struct span in)
{
	struct http_head *h = &c->scan.http;
	ptrdiff_t body;

	exchange_begin(&c->exchange, h);
	body = body_take(&c->exchange.request, span_from(in, h->length));
	c->s.gate = body_done(&c->exchange.request) ? GATE_SHUT : GATE_BODY;
	c->s.answer = ANSWER_DUE;
	c->s.keep = c->exchange.keep && !c->relay->draining && !(c->s.gate == GATE_BODY && c->s.to_guest.eof);
	c->requests++;
	return body == -1 ? -1 : (ptrdiff_t)h->length + body;
}

/* What the guest gets first: as it came, where nothing goes before it and nothing out of it. */
static struct span
first_bytes(struct connection *c, struct span in, enum client_address how, bool fresh)
{
	char *out = c->relay->first;
	size_t n = fresh ? proxy_header(c, how, out) : 0, head = 0;

	if (c->s.door == DOOR_HTTP && c->scan.http.offers_h2c) {
		head = c->scan.http.length;
		n += http_without_h2c(span_first(in, head), &c->scan.http, out + n);
	}
	if (n == 0)
		return in;
	memcpy(out + n, in.ptr + head, in.len - head);
	return span_of(out, n + in.len - head);
}

/* From now on this is counted as the guest's. */
static void
take_seat(struct connection *c, const struct route_guest *guest)
{
	memcpy(c->guest_name, guest->name, sizeof(c->guest_name));
	c->seat = c->relay->rules.seats[guest->number];
	if (c->seat != SEAT_NONE)
		c->relay->own->guests[c->seat].open++;
}

static bool
admit_guest(struct connection *c, const struct route_guest *guest)
{
	const struct relay *r = c->relay;

	take_seat(c, guest);
	if (r->rules.per_guest && c->seat != SEAT_NONE &&
	    share_guest_open(r->share, c->seat) > r->rules.per_guest) {
		connection_refuse(c, REFUSED_PER_GUEST, refusal_answer(REFUSED_PER_GUEST, c->s.door),
		    "too many connections to this guest");
		return false;
	}
	c->reach = reach_choose(guest, c->s.door == DOOR_HTTP ? guest->to_http : guest->to_tls, &c->from.ip);
	return true;
}

/* The guest of the last request, still there? */
static bool
is_connected(const struct connection *c, const struct route_guest *guest)
{
	struct reach reach = reach_choose(guest, guest->to_http, &c->from.ip);

	return c->guest.fd != -1 && c->reach.to.port == reach.to.port &&
	       (ip_cmp(&c->reach.to.ip, &reach.to.ip) == 0 ||
		   (reach_turn(&reach) && ip_cmp(&c->reach.to.ip, &reach.to.ip) == 0));
}

/* in: what belongs to the first request, or all of it. Then: which event that was. */
static enum session_event
send_first(struct connection *c, struct span in, const struct route_guest *guest)
{
	uint64_t before = c->to_guest.bytes;

	if (is_connected(c, guest)) {
		stream_send(&c->to_guest, &c->s.to_guest, &c->guest,
		    first_bytes(c, in, guest->client_address, false));
		if (!c->s.to_guest.broken)
			return ON_DIALLED;
	}
	connection_forget_guest(c);
	if (!admit_guest(c, guest) ||
	    connection_dial(c, first_bytes(c, in, guest->client_address, true)) == -1)
		return ON_REFUSE;
	return c->to_guest.bytes > before ? ON_DIALLED : ON_ROUTE;
}

/* Keep what is not used, unless it is there already. False: no room, and the caller refuses. */
static bool
keep_ahead(struct connection *c, struct span in, size_t used)
{
	uint64_t *held = &c->relay->own->held_bytes;

	if (c->ahead.len)
		gather_cut(&c->ahead, used, held);
	else if (used < in.len && !gather_add(&c->ahead, span_from(in, used), held)) {
		connection_refuse(c, REFUSED_HELLO_MEMORY, refusal_answer(REFUSED_HELLO_MEMORY, c->s.door),
		    "too many incomplete requests");
		return false;
	}
	return true;
}

static enum session_event
hello_route(struct connection *c, struct span in, const struct route_guest *guest)
{
	ptrdiff_t used = c->s.door == DOOR_HTTP ? begin_exchange(c, in) : (ptrdiff_t)in.len;
	enum session_event event;

	if (used == -1) {
		connection_forget_guest(c);
		take_seat(c, guest);
		connection_refuse(c, REFUSED_MALFORMED, ANSWER_BAD_REQUEST, "broken chunks");
		return ON_REFUSE;
	}
	event = send_first(c, span_first(in, (size_t)used), guest);
	return event == ON_REFUSE || keep_ahead(c, in, (size_t)used) ? event : ON_REFUSE;
}

/* Is this one to be asked by https alone? A request without a name has no place there. */
static bool
is_redirected(const struct connection *c, struct span in, const struct route_guest *guest)
{
	return c->s.door == DOOR_HTTP && guest->redirect_https && c->name[0] &&
	       !redirect_spares(http_path(span_first(in, c->scan.http.length)));
}

static enum session_event
hello_redirect(struct connection *c, struct span in, const struct route_guest *guest)
{
	_Static_assert(sizeof(c->relay->gathered) >= REDIRECT_LOCATION_MAX, "there is room for it");
	char *location = (char *)c->relay->gathered;
	const struct http_head *head = &c->scan.http;

	connection_forget_guest(c);
	take_seat(c, guest);
	c->requests++;
	redirect_location(
	    c->name, c->relay->rules.https_port, http_path(span_first(in, head->length)), location);
	c->relay->location = location;
	connection_refuse(c, REFUSED_REDIRECTED, (uint16_t)redirect_status(head), "to https");
	return ON_REFUSE;
}

static struct session_choice
choose(struct connection *c, struct span in)
{
	struct sniff verdict = sniff(c, in);
	struct session_choice choice = session_choose(c->s.door, &verdict, c->relay->rules.routes, c->name);

	const struct relay_rules *rules = &c->relay->rules;

	if (c->is_h2c && c->scan.h2c.stream)
		choice.refusal = REFUSED_H2C;
	if (choice.choice == CHOICE_REFUSE && c->s.door == DOOR_HTTP && !c->is_h2c && rules->page.guest &&
	    verdict.verdict == SNIFF_HOST &&
	    page_is_asked(verdict.host, &c->from.ip, &rules->network, &rules->network6))
		choice = (struct session_choice){.choice = CHOICE_ROUTE, .route = &rules->page};
	return choice;
}

/* in: all that came and is not used, in c->ahead if that has any bytes. */
static void
hello_decide(struct connection *c, struct span in)
{
	struct session_choice choice = {.choice = CHOICE_MORE};
	bool begins;

	if (c->header_due)
		choice = trusted_take(c, &in);
	if (!c->header_due)
		choice = choose(c, in);
	begins = c->ahead.len == 0;
	switch (choice.choice) {
	case CHOICE_ROUTE:
		connection_step(c, is_redirected(c, in, choice.route->guest)
				       ? hello_redirect(c, in, choice.route->guest)
				       : hello_route(c, in, choice.route->guest));
		return;
	case CHOICE_REFUSE:
		/* Whose the last request was has nothing to do with this one. */
		connection_forget_guest(c);
		c->guest_name[0] = '\0';
		connection_refuse(c, choice.refusal, choice.answer, choice.why);
		connection_step(c, choice.answer ? ON_REFUSE : ON_CLIENT_END);
		return;
	case CHOICE_MORE:
		break;
	}
	if (begins && !keep_ahead(c, in, 0)) {
		connection_step(c, ON_REFUSE);
		return;
	}
	if (c->s.to_guest.eof) {
		c->why = "ended before a whole request";
		connection_step(c, ON_CLIENT_END);
		return;
	}
	if (begins && c->requests)
		connection_deadline(c, c->relay->rules.hello_s);
}

void
hello_next(struct connection *c)
{
	if (c->ahead.len)
		hello_decide(c, gather_span(&c->ahead));
}

/* The usual hello comes whole with the first read and is never copied before it is decided about. */
void
hello_read(struct connection *c)
{
	struct relay *r = c->relay;
	ssize_t n = end_read(&c->client, r->scratch, SNIFF_BYTES - c->ahead.len);
	struct span fresh = span_of(r->scratch, n > 0 ? (size_t)n : 0);

	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		if (!c->requests || c->ahead.len)
			c->why = n == 0 ? "ended before a whole request" : "reset before a whole request";
		connection_step(c, ON_CLIENT_END);
		return;
	}
	if (c->ahead.len == 0) {
		hello_decide(c, fresh);
		return;
	}
	if (gather_add(&c->ahead, fresh, &r->own->held_bytes)) {
		hello_decide(c, gather_span(&c->ahead));
		return;
	}
	connection_refuse(c, REFUSED_HELLO_MEMORY, refusal_answer(REFUSED_HELLO_MEMORY, c->s.door),
	    "too many incomplete requests");
	connection_step(c, ON_REFUSE);
}
