/*
 * The supervisor of the workers. It reads nothing that strangers sent: it holds the doors open, starts a worker
 * again when one dies, and hands new rules on. A worker has given up every privilege before it accepts.
 *
 * Workers of a supervisor that this one replaced go on accepting until all the new ones do; then they drain: they
 * accept no more, finish what they have, and end. So what does not start costs nobody a connection.
 */
#ifndef PROXY_WORKER_H
#define PROXY_WORKER_H

#include "proxy/listen.h"
#include "proxy/share.h"

#include <ev.h>

enum {
	WORKER_REPAIR_MS = 200, /* before a dead worker is replaced */
	WORKER_STOP_MS =
	    3000, /* for workers to end by themselves, when stopped or past the end of draining */
	WORKER_KILL_MS = 2000, /* for those that were killed, to be gone */
};

struct workers_plan {
	const struct conf *conf; /* changed by a reload; a new worker starts with it */
	struct share *share;
	struct seats *seats; /* of the conf's guests */
	const struct listeners *listeners;
	const unsigned *slots; /* in the memory in common, of the workers to start; named in listeners, too */
	unsigned n_slots;
	const struct handover_worker *old; /* of the supervisor that this one replaced */
	size_t n_old;
	bool drop; /* become uid:gid */
	bool keep_raw; /* CAP_NET_RAW, for guests that see their clients' addresses */
	unsigned uid, gid;
	void (*on_ready)(void); /* all accept for the first time */
};

struct workers;

/* NULL: errno. The plan stays the caller's. */
struct workers *workers_start(struct ev_loop *, const struct workers_plan *);
/* plan->conf has changed: tell them. -1: errno, and they go on as before. */
int workers_reload(struct workers *);
/* All drain, and nobody is replaced. on_end: none is left. */
void workers_drain(struct workers *, void (*on_end)(void *), void *arg);
/* End them all; waits. */
void workers_stop(struct workers *);

/* For the next supervisor: as many as are alive, into out[SHARE_SLOTS]. */
size_t workers_list(const struct workers *, struct handover_worker *out);

enum worker_state { WORKER_NONE, WORKER_SERVES, WORKER_OLD, WORKER_DRAINS };

enum worker_state workers_state(const struct workers *, unsigned slot);
int workers_pid(const struct workers *, unsigned slot); /* 0: being replaced */
uint64_t workers_replaced(const struct workers *);

#endif
