/*
 * Who connects: the listener, the ceilings, and a connection's first bytes, which say whether it is TLS and, where the
 * proxy passes it on, for whom.
 *
 * A PROXY header is believed of this host alone, and there only of a process of ours or of root's: anybody else on it
 * could say that they are a guest.
 */
#ifndef WEB_DOOR_H
#define WEB_DOOR_H

#include "conf/conf.h"

#include <ev.h>

enum {
	DOOR_SEATS = 512, /* connections, of all; … */
	DOOR_SPARE = 64, /* … when no more are left, whoever comes takes the place of the eldest stranger */
	DOOR_PER_CLIENT = 32, /* of one address (IPv6: /64) that is not the host's own; strangers go first */
	DOOR_PER_TENANT = 64, /* that are kept for those who have that tenant's link */
	DOOR_HELLO_S = 5, /* for the first bytes, and … */
	DOOR_REQUEST_S = 15, /* … for a whole request, however it trickles */
	DOOR_IDLE_S = 30, /* the same for one after another */
};

struct seat {
	int fd; /* -1: free */
	struct addr peer, client; /* client: whom the proxy told, else peer */
	bool here; /* the peer is of this host: loopback, or the very address that it connected to */
	bool told, tls;
	bool served; /* handed on */
	bool known; /* they asked for something that was theirs, and … */
	char tenant[CONF_GUEST_NAME_MAX + 1]; /* … so they are that guest's; "": the owner */
	bool leaving; /* ended from our side */
	double since_s;
	ev_io io;
	ev_timer late;
	struct door *door;
};

/* A connection whose first bytes are there; true: it is taken, and door_gone says when it ended. */
typedef bool door_take(void *arg, struct seat *);

struct door_counts {
	uint64_t accepted, full, per_client, displaced, slow, liars, refused;
	unsigned open;
};

struct door;

/* fd listens and is ours from here on. uid: whose PROXY headers are believed, beside root's. NULL: errno. */
struct door *door_open(struct ev_loop *, int fd, unsigned uid, door_take *, void *arg);
void door_close(struct door *);
/* Of a connection that was taken; NULL: none of ours. */
struct seat *door_seat(struct door *, int fd);
void door_asked(struct seat *); /* a whole request came */
void door_known(struct seat *, const char *tenant); /* from somebody who may see something; "": the owner */
void door_answered(struct seat *); /* another may come */
void door_gone(struct seat *);
const struct door_counts *door_counts(const struct door *);

#endif
