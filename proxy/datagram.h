/*
 * A worker's UDP side: from which door a datagram comes, which flow it belongs to, and what to do with those that
 * belong to none.
 *
 * Nothing is ever sent to a client that its guest did not send: whoever forges addresses gains nothing here.
 * What is followed, when a client's address changes: datagrams to an id that its guest chose (cid.h). That is what a NAT's
 * new mind looks like, and the death of a worker. After an upgrade flows stay where they are (inbox.h). What cannot be
 * followed: a client that changes to an id that it got encrypted, as one does that moves to another network on
 * purpose; and guests whose ids are shorter than CID_MIN or none.
 */
#ifndef PROXY_DATAGRAM_H
#define PROXY_DATAGRAM_H

#include "proxy/quic_keys.h"
#include "proxy/relay.h"
#include "proxy/udp.h"

enum {
	DATAGRAM_ROUNDS = 4, /* batches at one wakeup, before others have their turn */
	DATAGRAM_HELD_BYTES = 16 << 20, /* of incomplete hellos in one worker, together */
	DATAGRAM_LINES = 20, /* log lines a second for flows of clients that proved nothing */
	DATAGRAM_QUIET_S = 30, /* without a datagram, and a flow no longer counts as a connection */
	DATAGRAM_IDLE_S = 180, /* and no flow is kept longer than this */
	DATAGRAM_CLOSES = 4096, /* expired flows closed at once */
	DATAGRAM_LIFE = 0xffffff,
};

struct datagram_door {
	ev_io io;
	uint16_t port;
	uint8_t family; /* of the socket */
};

struct lane_places; /* lane.h */

struct datagrams {
	struct relay *relay;
	struct flow_table *flows;
	struct quic_crypto *crypto;
	struct datagram_door *doors;
	size_t n_doors;
	bool closing; /* new flows are for others, or for nobody */
	struct share_quic *count;
	struct lane_places *places; /* by seat */
	ev_timer sweep;
	unsigned lines; /* left in this second */
	size_t held_bytes;
	uint32_t life; /* tells this worker from others that had its slot */
	uint32_t owners; /* given so far */
	const struct inboxes *inboxes;
	ev_io inbox; /* our own */
	bool ending; /* with the worker */
	struct udp_batch in, out; /* from clients, from guests */
};

/* For those of the listeners that are for it. NULL: errno. */
struct datagrams *datagrams_start(
    struct relay *, unsigned worker, const struct listeners *, const struct inboxes *);
/*
 * No new flows. followed: other workers read the doors from now on, and bring us what is for our flows. Once we have
 * ended, they find the guests of what was left by their ids.
 */
void datagrams_drain(struct datagrams *, bool followed);
/* What was quiet for long is no reason to stay. */
bool datagrams_are_idle(const struct datagrams *);
void datagrams_stop(struct datagrams *);

#endif
