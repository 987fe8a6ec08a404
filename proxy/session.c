/* A connection's next step; see session.h. */
#include "proxy/session.h"
#include "proxy/answer.h"
#include "proxy/tls.h"

static const char *const refusal_names[] = {
    [REFUSED_NOT] = "none",
    [REFUSED_MALFORMED] = "malformed",
    [REFUSED_UNKNOWN_NAME] = "unknown_name",
    [REFUSED_NO_NAME] = "no_name",
    [REFUSED_SLOW] = "slow",
    [REFUSED_HELLO_MEMORY] = "hello_memory",
    [REFUSED_GUEST_DOWN] = "guest_down",
    [REFUSED_PER_GUEST] = "per_guest",
    [REFUSED_PER_CLIENT] = "per_client",
    [REFUSED_RATE] = "rate",
    [REFUSED_TOTAL] = "total",
    [REFUSED_FILES] = "files",
    [REFUSED_H2C] = "h2c",
    [REFUSED_REDIRECTED] = "redirected",
};
_Static_assert(sizeof(refusal_names) / sizeof(refusal_names[0]) == REFUSALS, "every refusal has a name");

static const char *const door_names[] = {[DOOR_HTTP] = "http", [DOOR_TLS] = "tls", [DOOR_QUIC] = "quic"};
_Static_assert(sizeof(door_names) / sizeof(door_names[0]) == DOORS, "every door has a name");

const char *
door_name(enum door door)
{
	return door_names[door];
}

const char *
refusal_name(enum refusal refusal)
{
	return refusal_names[refusal];
}

uint16_t
refusal_answer(enum refusal refusal, enum door door)
{
	if (refusal == REFUSED_UNKNOWN_NAME)
		return door == DOOR_HTTP ? ANSWER_MISDIRECTED : ALERT_UNRECOGNIZED_NAME;
	if (door != DOOR_HTTP)
		return ALERT_INTERNAL_ERROR;
	return refusal == REFUSED_SLOW ? ANSWER_TIMEOUT : ANSWER_UNAVAILABLE;
}

static struct session_choice
refuse(enum refusal refusal, uint16_t answer, const char *why)
{
	return (struct session_choice){
	    .choice = CHOICE_REFUSE, .refusal = refusal, .answer = answer, .why = why};
}

static struct session_choice
choose_host(enum door door, struct span host, const struct routes *routes, char *name)
{
	int judged = door == DOOR_HTTP ? name_judge_host(host, name) : name_judge(host, name);
	const struct route *route;

	if (judged == -1)
		return refuse(REFUSED_MALFORMED,
		    door == DOOR_HTTP ? ANSWER_BAD_REQUEST : ALERT_UNRECOGNIZED_NAME, "not a host name");
	route = routes_find(routes, span_str(name));
	if (!route)
		return refuse(REFUSED_UNKNOWN_NAME, refusal_answer(REFUSED_UNKNOWN_NAME, door),
		    "nobody here has this name");
	return (struct session_choice){.choice = CHOICE_ROUTE, .route = route};
}

struct session_choice
session_choose(enum door door, const struct sniff *sniff, const struct routes *routes, char *name)
{
	const struct route *route = routes_default(routes);

	name[0] = '\0';
	switch (sniff->verdict) {
	case SNIFF_HOST:
		return choose_host(door, sniff->host, routes, name);
	case SNIFF_NONE:
		if (!route)
			return refuse(REFUSED_NO_NAME, sniff->answer, sniff->why);
		return (struct session_choice){.choice = CHOICE_ROUTE, .route = route};
	case SNIFF_BAD:
		return refuse(REFUSED_MALFORMED, sniff->answer, sniff->why);
	case SNIFF_MORE:
		break;
	}
	return (struct session_choice){.choice = CHOICE_MORE};
}

/* clang-format off */
#define DIAL	{SESSION_DIAL, ACT_WAIT}
#define ANSWER	{SESSION_ANSWER, ACT_ANSWER}
#define RELAY	{SESSION_RELAY, ACT_RELAY}
#define NEXT	{SESSION_HELLO, ACT_NEXT}
#define LINGER	{SESSION_LINGER, ACT_LINGER}
#define GONE	{SESSION_CLOSED, ACT_CLOSE}
#define BROKEN	{SESSION_CLOSED, ACT_RESET}
#define NOTHING	{SESSION_CLOSED, ACT_NONE}
#define ROW(route, refuse, dialled, next, client_end, answered, end, brk, timeout, stop) { \
	[ON_ROUTE] = route, [ON_REFUSE] = refuse, [ON_DIALLED] = dialled, [ON_NEXT] = next, \
	[ON_CLIENT_END] = client_end, [ON_ANSWERED] = answered, [ON_END] = end, [ON_BREAK] = brk, \
	[ON_TIMEOUT] = timeout, [ON_STOP] = stop}

/* What cannot happen closes: a connection that we do not understand is not kept. */
static const struct session_step steps[][SESSION_EVENTS] = {
	/*                     route    refuse   dialled  next     client   answered end      break    timeout  stop */
	[SESSION_HELLO]  = ROW(DIAL,    ANSWER,  RELAY,   GONE,    GONE,    LINGER,  GONE,    BROKEN,  ANSWER,  GONE),
	[SESSION_DIAL]   = ROW(GONE,    ANSWER,  RELAY,   GONE,    GONE,    GONE,    GONE,    BROKEN,  ANSWER,  GONE),
	[SESSION_RELAY]  = ROW(GONE,    BROKEN,  GONE,    NEXT,    GONE,    LINGER,  GONE,    BROKEN,  GONE,    GONE),
	[SESSION_ANSWER] = ROW(GONE,    GONE,    GONE,    GONE,    GONE,    LINGER,  GONE,    BROKEN,  GONE,    GONE),
	[SESSION_LINGER] = ROW(GONE,    GONE,    GONE,    GONE,    GONE,    GONE,    GONE,    BROKEN,  GONE,    GONE),
	[SESSION_CLOSED] = ROW(NOTHING, NOTHING, NOTHING, NOTHING, NOTHING, NOTHING, NOTHING, NOTHING, NOTHING, NOTHING),
};
/* clang-format on */
_Static_assert(sizeof(steps) / sizeof(steps[0]) == SESSION_STATES, "a row for every state");
_Static_assert(SESSION_EVENTS == 10, "a cell for every event");

struct session_step
session_step(enum session_state state, enum session_event event)
{
	return steps[state][event];
}

static bool
ended(const struct flow *f)
{
	return f->eof && !f->pending;
}

static bool
done(const struct flow *f)
{
	return f->broken || ended(f);
}

/* An answer is over when it is whole, or when the guest has ended; what follows from that, or SETTLED. */
static enum settle
settle_answer(const struct session *s)
{
	const struct flow *to = &s->to_guest, *from = &s->from_guest;

	if (from->pending || from->broken || from->cut || to->cut)
		return SETTLED;
	if (from->eof || (s->answer == ANSWER_OVER && to->broken))
		return SETTLE_ANSWERED;
	/* A guest that answered early still gets the rest of the request, if the client has it. */
	if (s->answer != ANSWER_OVER || to->pending || (s->gate == GATE_BODY && !to->eof))
		return SETTLED;
	return s->keep ? SETTLE_NEXT : SETTLE_ANSWERED;
}

enum settle
session_settle(const struct session *s)
{
	const struct flow *to = &s->to_guest, *from = &s->from_guest;
	enum settle answer = s->gate == GATE_OPEN ? SETTLED : settle_answer(s);

	if (answer != SETTLED)
		return answer;
	/* The client is gone, and its end will not be read. */
	if (from->broken && (s->gate == GATE_HELD || s->gate == GATE_SHUT) && !to->pending)
		return SETTLE_BREAK;
	if (done(to) && done(from))
		return to->broken || from->broken || to->cut || from->cut ? SETTLE_BREAK : SETTLE_END;
	if (ended(from) && !from->shut)
		return SETTLE_SHUT_CLIENT;
	/* The end of a client that waits for its answer says nothing that the guest does not know. */
	if (ended(to) && !to->shut && !to->broken && (s->gate == GATE_OPEN || s->gate == GATE_BODY))
		return SETTLE_SHUT_GUEST;
	return SETTLED;
}

struct session_watch
session_watch(const struct session *s)
{
	const struct flow *to = &s->to_guest, *from = &s->from_guest;

	switch ((enum session_state)s->state) {
	case SESSION_HELLO:
		return (struct session_watch){.client_read = true, .guest_read = true};
	case SESSION_LINGER:
		return (struct session_watch){.client_read = true};
	case SESSION_DIAL:
		return (struct session_watch){.guest_write = true};
	case SESSION_ANSWER:
		return (struct session_watch){.client_write = true};
	case SESSION_RELAY:
		return (struct session_watch){
		    .client_read = !to->eof && !to->pending && !to->broken && s->gate != GATE_HELD,
		    .guest_write = to->pending && !to->broken,
		    .guest_read = !from->eof && !from->pending && !from->broken,
		    .client_write = from->pending && !from->broken,
		};
	case SESSION_CLOSED:
	case SESSION_STATES:
		break;
	}
	return (struct session_watch){0};
}
