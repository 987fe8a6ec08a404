/*
 * One UDP flow, from its first datagram to its one log line: flow.h says which it is, here are its sockets.
 */
#ifndef PROXY_LANE_H
#define PROXY_LANE_H

#include "proxy/datagram.h"
#include "proxy/dial.h"
#include "proxy/flow.h"
#include "proxy/quic_hello.h"

enum { LANE_KEPT_BYTES = SNIFF_BYTES }; /* of datagrams that wait for the rest of a hello */

struct lane_kept; /* what waits */

/* What a guest has of the table. */
struct lane_places {
	size_t n;
	struct lane *oldest, *newest; /* of the unproven */
};

struct lane {
	struct quic_flow flow; /* first */
	struct datagrams *all;
	const struct datagram_door *door; /* answers leave here */
	ev_io guest; /* fd -1: none */
	struct reach reach;
	struct quic_scan *scan; /* while it gathers */
	struct lane_kept *kept, **kept_end;
	size_t kept_bytes; /* of both */
	uint16_t seat; /* of its guest */
	bool counted; /* among its client's and its guest's */
	bool placed; /* takes one of its guest's places in the table */
	struct lane *older, *newer; /* of the same guest's, while they are unproven */
	bool cut; /* ends before its time */
	uint8_t refusal; /* enum refusal */
	uint64_t owner; /* of its ids in the shared table: slot, life and number */
	uint64_t to_guest_bytes, from_guest_bytes;
	double began, reached, first; /* first: byte from the guest; 0: not yet */
	char guest_name[CONF_GUEST_NAME_MAX + 1];
	char name[NAME_ROOM];
	const char *why; /* static text, or NULL */
};

/* A new one of this class, which has counted nothing yet. dcid: as flow_add. NULL: there is no room. */
struct lane *lane_open(struct datagrams *, const struct datagram_door *, const struct flow_key *,
    enum flow_class, struct span dcid);
void lane_close(struct lane *);

/* From now on it leads to this guest; false: it does not, and is closed. */
bool lane_lead(struct lane *, const struct route_guest *);
/* There will be no guest; what comes for it is dropped for a while. */
void lane_refuse(struct lane *, enum refusal, const char *why);

/* A datagram waits until it is known where it goes. false: too many wait. */
bool lane_keep(struct lane *, const struct udp_datagram *);
/* What waited goes to this lane's guest. false: that is closed now, for its guest is down. */
bool lane_flush(struct lane *from, struct lane *to);

/* false: it is closed now. */
bool lane_send(struct lane *, const struct udp_datagram *, size_t n);
/* Its client has proven its address: from now on it counts. false: it may not, and is closed. */
bool lane_prove(struct lane *);
/* Nothing came for a while: it does not count until its client is back. */
void lane_rest(struct lane *);

#endif
