/*
 * A connection's next step. A core: what happened and what is pending go in, what to do comes out.
 *
 *   HELLO ──route──▶ DIAL ──dialled──▶ RELAY ──end──▶ (closed)
 *    │ └──refuse──▶ ANSWER ◀──failed──┘  │ └──answered──▶ LINGER ──▶ (closed)
 *    └───────────────◀──next────────────┘
 *
 * On an HTTP port the first bytes come again and again: after each answer the next request is a hello, with the
 * guest of the last one still connected.
 *
 * LINGER has told the client that nothing more comes and reads on for a moment, so that unread bytes do not make
 * the kernel throw away the end of an answer.
 */
#ifndef PROXY_SESSION_H
#define PROXY_SESSION_H

#include "base/name.h"
#include "conf/route.h"
#include "base/sniff.h"

enum door { DOOR_HTTP, DOOR_TLS, DOOR_QUIC, DOORS };

const char *door_name(enum door);

/* Why a connection did not get through; each is counted. */
enum refusal {
	REFUSED_NOT,
	REFUSED_MALFORMED,
	REFUSED_UNKNOWN_NAME,
	REFUSED_NO_NAME,
	REFUSED_SLOW, /* no whole hello in time */
	REFUSED_HELLO_MEMORY, /* too many bytes of incomplete hellos */
	REFUSED_GUEST_DOWN,
	REFUSED_PER_GUEST,
	REFUSED_PER_CLIENT,
	REFUSED_RATE, /* too many new ones of one client */
	REFUSED_TOTAL,
	REFUSED_FILES, /* no descriptor left */
	REFUSED_H2C, /* HTTP/2 without TLS */
	REFUSED_REDIRECTED, /* to https, as its guest wants it; counted beside the others */
	REFUSALS,
};

const char *refusal_name(enum refusal);

/* --- the first bytes -------------------------------------------------------------------------------------- */

enum choice { CHOICE_MORE, CHOICE_ROUTE, CHOICE_REFUSE };

struct session_choice {
	enum choice choice;
	const struct route *route; /* ROUTE */
	enum refusal refusal; /* REFUSE, and the rest of it: */
	uint16_t answer; /* TLS alert or HTTP status */
	const char *why; /* static text */
};

/* What a parser's verdict means here. name: NAME_ROOM, gets the judged name or "". */
struct session_choice session_choose(enum door, const struct sniff *, const struct routes *, char *name);

/* What to tell a client for a refusal that no parser knew of. */
uint16_t refusal_answer(enum refusal, enum door);

/* --- states and events ------------------------------------------------------------------------------------ */

enum session_state {
	SESSION_HELLO,
	SESSION_DIAL,
	SESSION_RELAY,
	SESSION_ANSWER,
	SESSION_LINGER,
	SESSION_CLOSED,
	SESSION_STATES,
};

enum session_event {
	ON_ROUTE, /* the destination is being dialled */
	ON_REFUSE, /* there will be none */
	ON_DIALLED, /* or was connected before */
	ON_NEXT, /* the answer is over, and another request may follow */
	ON_CLIENT_END, /* the client ended or went away where only it was there */
	ON_ANSWERED, /* all that was for the client is sent, and no more comes; in HELLO: and no more is asked */
	ON_END, /* both directions ended */
	ON_BREAK, /* one direction cannot go on */
	ON_TIMEOUT,
	ON_STOP, /* the program ends */
	SESSION_EVENTS,
};

enum session_act {
	ACT_NONE,
	ACT_WAIT, /* for the guest */
	ACT_ANSWER, /* forget the guest, tell the client */
	ACT_RELAY,
	ACT_NEXT,
	ACT_LINGER, /* forget the guest, end towards the client, read on */
	ACT_CLOSE,
	ACT_RESET, /* close both sides so that they see it was no orderly end */
};

struct session_step {
	uint8_t next, act;
};

struct session_step session_step(enum session_state, enum session_event);

/* --- what is pending -------------------------------------------------------------------------------------- */

/* What may pass to the guest. */
enum gate {
	GATE_OPEN, /* anything */
	GATE_BODY, /* what belongs to the request's body */
	GATE_SHUT, /* nothing: the request is whole. Of the client only its end matters */
	GATE_HELD, /* nothing, and bytes that come later wait in its socket */
};

/* What may pass to the client. */
enum answer {
	ANSWER_OPEN, /* anything, until the guest ends */
	ANSWER_DUE, /* what belongs to the answer */
	ANSWER_OVER, /* nothing: it is whole */
};

/* One direction. */
struct flow {
	bool eof; /* its source has ended */
	bool cut; /* … but not in order: by a reset, or in the middle of what it announced */
	bool pending; /* bytes wait for its destination */
	bool shut; /* its destination was told the end */
	bool broken; /* its destination takes no more */
};

struct session {
	uint8_t state; /* enum session_state */
	uint8_t door; /* enum door */
	uint8_t gate; /* enum gate */
	uint8_t answer; /* enum answer */
	bool keep; /* another request may follow this one */
	struct flow to_guest, from_guest;
};

/* The next thing that follows from what is pending, in RELAY; SETTLED when nothing does. */
enum settle {
	SETTLED,
	SETTLE_SHUT_GUEST,
	SETTLE_SHUT_CLIENT,
	SETTLE_NEXT,
	SETTLE_ANSWERED,
	SETTLE_END,
	SETTLE_BREAK,
};

enum settle session_settle(const struct session *);

/* Which readiness matters now. */
struct session_watch {
	bool client_read, client_write, guest_read, guest_write;
};

struct session_watch session_watch(const struct session *);

#endif
