/*
 * The supervisor of the workers. It reads nothing that strangers sent: it holds the doors open, starts a worker
 * again when one dies, and hands new rules on. A worker has given up every privilege before it accepts.
 */
#ifndef PROXY_WORKER_H
#define PROXY_WORKER_H

#include "proxy/listen.h"
#include "proxy/share.h"

#include <ev.h>

enum {
	WORKER_REPAIR_MS = 200, /* before a dead worker is replaced */
	WORKER_STOP_MS = 3000, /* for workers to end by themselves */
};

struct workers_plan {
	const struct conf *conf; /* changed by a reload; a new worker starts with it */
	struct share *share;
	struct seats *seats; /* of the conf's guests */
	const struct listeners *listeners;
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
/* End them all; waits. */
void workers_stop(struct workers *);

int workers_pid(const struct workers *, unsigned worker); /* 0: being replaced */
uint64_t workers_replaced(const struct workers *);

#endif
