/*
 * What drives the connections: the readiness of their sockets, as edges.
 *
 * All of a worker's sockets are in one epoll descriptor, which the loop watches like any other. An edge only notes what
 * is possible (end.h). Then drive does what is both possible and wanted, and what is wanted always follows from what
 * is pending (session_watch). It does so a few times; who then has more to do waits until the others had their turn.
 */
#ifndef PROXY_DRIVE_H
#define PROXY_DRIVE_H

#include <ev.h>
#include <stdint.h>

enum {
	DRIVE_EVENTS = 256, /* taken at once */
	DRIVE_PASSES = 2, /* of a connection, before others have their turn */
};

struct connection;
struct relay;

struct drive {
	int poll;
	uint64_t batch; /* of events: counted */
	ev_io edges;
	ev_prepare round; /* at the end of every round of the loop */
	ev_idle awake; /* while there is more to do: the loop does not wait */
	struct connection *more; /* who has more to do */
	struct connection *over; /* closed in this round: events that were taken may still name them */
};

/* -1: errno. */
int drive_start(struct relay *);
void drive_stop(struct relay *);

/* Whenever something else than an edge happened to the connection. */
void drive(struct connection *);
/* The connection's timer. */
void drive_timer(struct ev_loop *, ev_timer *, int events);
/* It is closed: free it when nothing can name it any more. */
void drive_forget(struct connection *);

#endif
