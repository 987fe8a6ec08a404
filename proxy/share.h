/*
 * What the workers and their supervisor see of each other: one mapping made before the first fork. A worker
 * writes only what is its own; the supervisor sums up, and clears what a dead worker had open.
 *
 * Every worker has a slot. An upgrade hands the memory over, so that old workers and new ones count together in
 * slots of their own; a program that lays it out differently begins with a new one. As a worker that was taken over
 * may write anything here, the supervisor follows nothing that it finds in it: there are no pointers, and where
 * things lie and how many they are it knows by itself.
 */
#ifndef PROXY_SHARE_H
#define PROXY_SHARE_H

#include "proxy/cid.h"
#include "proxy/handover.h"
#include "proxy/limit.h"
#include "proxy/rate.h"
#include "proxy/reach.h"
#include "proxy/seat.h"
#include "proxy/session.h"

enum {
	SHARE_LAYOUT = 4, /* goes up when the same sizes mean something else */
	SHARE_WORKERS_MAX = CONF_WORKERS_MAX, /* that accept */
	SHARE_SLOTS = HANDOVER_WORKERS_MAX, /* for them and those that drain */
	SHARE_SESSIONS_MAX = 128 << 10, /* of one worker */
	SHARE_FLOWS_MAX = 16 << 10, /* likewise, of UDP */
	SHARE_FLOW_IDS = 4, /* that a flow usually has in the table: two of the guest's, two names */
};

/* Why a datagram went nowhere. */
enum drop {
	DROP_TOO_LONG,
	DROP_TOO_SHORT, /* an Initial in less than QUIC_DATAGRAM_MIN */
	DROP_UNKNOWN_VERSION,
	DROP_MALFORMED,
	DROP_NO_FLOW, /* of no connection that is known here */
	DROP_REFUSED, /* of one that was refused */
	DROP_NO_ROOM, /* its hello has too many pieces */
	DROP_TO_GUEST, /* the system did not take it */
	DROP_TO_CLIENT,
	DROPS,
};

/* What a worker counted of UDP. Refused flows are among the refused, bytes among the bytes. */
struct share_quic {
	uint64_t open, opened; /* flows */
	uint64_t followed; /* opened for a connection whose address had changed */
	uint64_t passed_on; /* datagrams, to the worker that has the flow */
	uint64_t evicted; /* to make room */
	uint64_t unlogged; /* ended without a line of log, for there were too many */
	uint64_t to_guest, from_guest; /* datagrams */
	uint64_t dropped[DROPS];
};

const char *drop_name(enum drop);

/* What a worker counted of one guest. Only what is open now goes when the worker dies. */
struct share_guest {
	uint64_t open; /* connections now */
	uint64_t routed[DOORS]; /* in all */
	uint64_t to_guest_bytes, from_guest_bytes;
	uint64_t refused[REFUSALS]; /* for reasons that were found when the guest was known */
};

struct share_worker {
	_Alignas(64) uint64_t generation; /* of the routes it runs with */
	uint32_t life; /* of this worker and no other that had its slot; 0: nobody reads its inbox */
	uint64_t open; /* connections now */
	uint64_t held_bytes; /* of incomplete hellos, now */
	uint64_t accepted, routed, answered; /* answered: refused with a page or an alert */
	uint64_t to_guest_bytes, from_guest_bytes;
	uint64_t stalls; /* times that accepting paused for want of descriptors or memory */
	uint64_t pipe_shortages; /* times that bytes were copied for want of a pipe */
	uint64_t log_lost; /* lines of log that nobody took */
	uint64_t refused[REFUSALS];
	uint64_t dialled[FROMS]; /* guests, by whose address they see */
	struct share_quic quic;
	struct share_guest guests[SEATS_MAX]; /* by seat */
};

struct share {
	uint64_t layout;
	uint64_t upgrades; /* that this memory went through */
	unsigned n_workers; /* slots from here on were never used */
	size_t sessions, flows; /* ceilings of one worker */
	bool transparent; /* guests can be dialled from their clients' addresses; dial.h */
	uint64_t generation; /* of the rules that lie in the text */
	uint64_t writing; /* of those that are being written there; else the same */
	uint16_t seat_of[SEAT_GUESTS_MAX]; /* by the number of a guest in the text */
	struct seats seats; /* as the supervisor knows them, for the next one */
	struct rate_table rates;
	struct share_worker workers[SHARE_SLOTS];
};

/*
 * NULL: errno. sessions, flows: how many connections and UDP flows one worker has room for here; until share_bound,
 * it may have none. *fd: the memory's.
 */
struct share *share_open(size_t sessions, size_t flows, int *fd);
/* What another supervisor opened. NULL: it is no such memory. */
struct share *share_adopt(size_t sessions, size_t flows, int fd, struct seats *);

/* How many of each one worker may have from now on, by its descriptors; no more than there is room for. */
void share_bound(struct share *, size_t sessions, size_t flows);

/* How many connections each client has with this worker, and the ids of its flows. */
struct limit_table *share_limits(const struct share *, unsigned worker);
struct cid_table *share_cids(const struct share *, unsigned worker);

/* A worker begins in this slot. */
void share_seize(struct share *, unsigned worker);
/*
 * A dead worker's connections are gone. What it counted stays, and so do the ids of its flows, for whoever gets
 * their datagrams.
 */
void share_clear(struct share *, unsigned worker);

/* New rules with these guests follow: seats of those that left earlier are free once nobody can count there. */
void share_seat(struct share *, struct seats *, const struct conf *, uint64_t generation);

/* Over all workers. */
uint64_t share_open_count(const struct share *);
uint64_t share_flow_count(const struct share *);
uint32_t share_limit_count(const struct share *, const struct limit_key *);
uint64_t share_guest_open(const struct share *, size_t seat);
struct share_guest share_guest_sum(const struct share *, size_t seat);

#endif
