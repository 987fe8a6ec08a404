/*
 * One connection, from accept to its one log line.
 *
 * drive.c notes what the sockets did and does what is both wanted and possible; connection_step asks the core what
 * that means and does it. Closing has one place. Whoever steps must not touch the connection afterwards: it may be
 * over, and its memory goes with the next round of the loop.
 */
#ifndef PROXY_CONNECTION_H
#define PROXY_CONNECTION_H

#include "proxy/end.h"
#include "proxy/exchange.h"
#include "proxy/gather.h"
#include "proxy/h2c.h"
#include "proxy/relay.h"
#include "proxy/stream.h"
#include "proxy/tls.h"

struct connection {
	struct session s;
	uint8_t refusal; /* enum refusal */
	bool header_due; /* from a balancer that has not told its client yet, who is not counted yet */
	uint16_t answer; /* what a refusal tells the client */
	struct relay *relay;
	struct connection *next, **link;
	struct connection *next_more, **link_more; /* NULL: not among those with more to do */
	struct end client, guest;
	ev_timer timer;
	double began, deadline;
	double reached, first; /* the guest took, and gave, a first byte; 0: not yet */
	struct stream to_guest, from_guest;
	struct gather ahead; /* from the client, and not yet judged or not yet its turn */
	struct gather head; /* from the guest: an answer's head that is not whole */
	union {
		struct tls_scan tls;
		struct http_head http;
		struct h2c h2c;
	} scan;
	bool is_h2c; /* and this is what is scanned */
	struct exchange exchange; /* HTTP */
	uint32_t requests; /* HTTP; of them one is going on in RELAY */
	uint32_t discarded;
	uint64_t relayed; /* from_guest.bytes, before an answer of ours */
	struct addr from,
	    called; /* the client, and whom it called; its family is 0 where only the socket knows */
	struct reach reach; /* where in the guest, and what it sees */
	uint16_t seat; /* where this guest is counted, while there is one */
	uint64_t counted_to_guest, counted_from_guest; /* of the bytes below */
	char guest_name[CONF_GUEST_NAME_MAX + 1];
	char name[NAME_ROOM];
	const char *why; /* static text, or NULL */
};

/*
 * Takes the accepted descriptor, counts it and reads at once. from: the client, or a trusted balancer. -1: out of
 * memory.
 */
int connection_open(struct relay *, enum door, int fd, const struct addr *from, bool trusted);

void connection_step(struct connection *, enum session_event);

/* Counts the refusal and notes what to tell the client; the caller then steps. */
void connection_refuse(struct connection *, enum refusal, uint16_t answer, const char *why);

/* What the log says of a guest whose socket failed so. */
const char *connection_why_refused(const struct connection *, int error);
/* While it is dialled: nobody listens there, and what waits is on its way to the guest's other address. */
bool connection_call_other(struct connection *);

/* The worker drains: end, if the client is in the middle of nothing. */
void connection_drain(struct connection *);

/* What has passed since the last time goes to the totals and to the guest's counts. */
void connection_count(struct connection *);

/* The timer is moved only when it would be late: when early, it looks at the deadline and sleeps on. */
void connection_deadline(struct connection *, double seconds);

/*
 * Connect to c->reach and send what comes first; what does not go out yet is kept. -1: refused, the caller steps.
 */
int connection_dial(struct connection *, struct span first);
/* What was between the two is over; the client may get another guest. */
void connection_forget_guest(struct connection *);

/* transfer.c: move bytes in RELAY, then settle what follows from it (a step). */
void transfer_to_guest(struct connection *);
void transfer_from_guest(struct connection *);
void transfer_settle(struct connection *);

/* trusted.c: who is believed when it says for whom it comes. */
bool trusted_has(const struct relay_rules *, const struct ip *);
/* While header_due. The header goes from *in and from c->ahead; MORE: it is due still, or what is left is next. */
struct session_choice trusted_take(struct connection *, struct span *in);

/* hello.c: read first bytes and decide about them. */
void hello_read(struct connection *);
/* The last exchange is over: the next request, or what is here of it. */
void hello_next(struct connection *);

#endif
