/* The doors: listening sockets, opened while there is privilege, or passed in by systemd. */
#ifndef PROXY_LISTEN_H
#define PROXY_LISTEN_H

#include "proxy/relay.h"

enum {
	LISTEN_BACKLOG = 4096,
	LISTEN_PORTS_MAX = 64, /* of all doors together */
	LISTEN_EVERY_WORKER = -1,
};

struct listener {
	int fd;
	int worker; /* whose, or LISTEN_EVERY_WORKER */
	enum door door;
	uint16_t port;
	bool passed; /* by systemd */
};

struct listeners {
	struct listener *list;
	size_t n;
};

struct doors_plan {
	const struct conf *conf;
	const unsigned *workers; /* those that will accept */
	unsigned n_workers;
	const struct handover_listen *had; /* by the supervisor before us */
	size_t n_had;
};

/*
 * All that the file names, on all addresses of both families (IPv4 alone where there is no IPv6), each worker with
 * its own. Sockets that systemd passes are taken instead, shared by the workers, each for what its port is in the
 * file; but one for datagrams is read by the first worker alone. Of an earlier supervisor's those are kept whose ports the file still names, all of them: where there are
 * more than workers, one has several, for what waits in a socket that nobody reads would wait for ever.
 * -1: errno, and *port is the one it failed at.
 */
int listen_open(const struct doors_plan *, struct listeners *, uint16_t *port);
void listen_close(struct listeners *);
/*
 * Nobody new is let in any more by these sockets, and is refused. Who began before can still be accepted, so that
 * they can be closed in a moment without resetting anybody. Those that systemd passed stay as they are.
 */
void listen_finish(const struct listeners *);

#endif
