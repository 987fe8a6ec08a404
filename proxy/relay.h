/*
 * One worker: accepts, asks the cores, moves bytes. Front door of the room's shell.
 *
 *   listen.h      the doors, opened while there is privilege
 *   worker.h      the supervisor of workers; life.h: what one does; share.h: what they see of each other
 *   relay.h       a worker's doors, ceilings and connections
 *   datagram.h    the UDP side; arrival.h: what to do with one; lane.h: one flow; inbox.h: from worker to worker
 *   connection.h  one connection: hello.c decides, transfer.c moves
 *   drive.h       what its sockets are ready for; end.h: one of them
 *   stream.h      one direction's bytes; pipe.h: what splice needs
 */
#ifndef PROXY_RELAY_H
#define PROXY_RELAY_H

#include "proxy/drive.h"
#include "base/haproxy.h"
#include "proxy/http.h"
#include "conf/route.h"
#include "proxy/share.h"
#include "proxy/stream.h"

#include <ev.h>

enum {
	RELAY_ACCEPTS = 64, /* at one wakeup, before others have their turn */
	RELAY_ANSWER_MS = 2000, /* for a refusal to be sent, and to linger after it */
	RELAY_PAUSE_MS = 100, /* no accepting after the system had no descriptor */
	RELAY_DOORS_MS = 1000, /* a draining worker accepts who has connected before and sends only now */
	RELAY_TURNED_AWAY = 64, /* closed as they come before each such pause */
	RELAY_DISCARD_BYTES = 256 << 10, /* read and dropped behind a request or an answer */
};

/* What a reload changes, as one value. */
struct relay_rules {
	struct routes *routes;
	uint16_t *seats; /* by the number of a guest */
	uint16_t https_port; /* where clients find https; 0: where they look for it anyway */
	double hello_s, connect_s, idle_s, half_open_s, drain_s;
	unsigned per_client, per_guest, total; /* 0: no ceiling */
	unsigned client_rate; /* new ones of a client, a second; likewise */
	struct net proxy_in[CONF_TRUSTED_MAX]; /* who has to tell its client first */
	size_t n_proxy_in;
	struct net network, network6; /* the guests' */
	struct route page; /* guest NULL: there is none */
};

struct inboxes; /* inbox.h */
struct listeners; /* listen.h */
struct connection;
struct datagrams; /* datagram.h */

struct relay {
	struct ev_loop *loop;
	struct share *share;
	struct share_worker *own;
	struct relay_rules rules;
	struct connection *connections;
	struct drive drive;
	struct datagrams *datagrams;
	struct limit_table *limits; /* our own */
	struct cid_table *cids; /* likewise */
	bool draining; /* nobody new comes; what is open ends when it can */
	double now; /* in the loop's round of this number: */
	unsigned round;
	ev_timer pause, doors_close;
	int reserve; /* a descriptor to give up for a moment; -1: none */
	struct door_watch *doors;
	size_t n_doors;
	char scratch[SNIFF_BYTES]; /* what was read last */
	uint8_t gathered[SNIFF_BYTES]; /* a hello out of several records */
	const char *location; /* where a client is sent, in gathered; from a step to its act */
	/* What a guest gets first, when it is not what came. */
	char first[HAPROXY_MAX + SNIFF_BYTES + HTTP_REWRITE_EXTRA];
};

/* seats: one for each guest of the conf. -1: out of memory. */
int relay_plan(const struct conf *, const uint16_t *seats, struct relay_rules *);
void relay_rules_free(struct relay_rules *);

/* Listen with these (they stay the caller's). NULL: errno. */
struct relay *relay_start(struct ev_loop *, struct share *, unsigned worker, const struct listeners *,
    const struct inboxes *, const struct relay_rules *);
/* Seconds of the clock that nobody sets, the same all through a round of the loop. Every time here is of this. */
double relay_now(struct relay *);
/* New rules for what comes from now on; the old ones are freed. Connections stay as they are. */
void relay_swap(struct relay *, const struct relay_rules *);
/* Is there room for one more of this client, and has it not come too often? */
enum refusal relay_admit_client(struct relay *, const struct ip *);
/*
 * For a moment take who is at the doors already, then close them; let what is open end by itself; kept-alive connections end
 * once they are asked for nothing. followed: others read the doors now, and pass on what is for our UDP flows.
 */
void relay_drain(struct relay *, bool followed);
double relay_drain_seconds(const struct relay *);
bool relay_is_idle(struct relay *);
/* End every connection, with its log line. */
void relay_stop(struct relay *);

#endif
