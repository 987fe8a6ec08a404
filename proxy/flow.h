/*
 * Which of a worker's UDP flows a datagram belongs to, and which flow goes when there is no room. A core: the flows
 * are the caller's, time is a parameter.
 *
 * A flow is known by the client's address and port, the address and port it called, and by its connection ids,
 * because one client's socket may have connections to several guests: the id that the client chose first, and those that
 * the guest chose in its long headers (RFC 9000 7.2). Ids that the guest gives out later are encrypted: a short
 * header with an id that we do not know goes to the flow of its address that was at work last.
 *
 * A client has proven its address when it sends to an id that the guest chose: whoever forges addresses does not get to
 * see it. Who has not proven anything makes room first.
 */
#ifndef PROXY_FLOW_H
#define PROXY_FLOW_H

#include "base/addr.h"
#include "proxy/quic.h"

enum {
	FLOW_IDS = 4, /* the client's, and the guest's last three */
	FLOW_NAME = 16,
};

/* In the order in which they make room. */
enum flow_class {
	FLOW_REFUSED, /* there will be no guest; kept so that the same datagrams are not read again */
	FLOW_GATHERING, /* no whole hello yet */
	FLOW_UNPROVEN, /* has a guest; the client may be anybody */
	FLOW_QUIET, /* was proven, and nothing came for a while: perhaps it has ended */
	FLOW_PROVEN, /* never makes room */
	FLOW_CLASSES,
};

struct flow_key {
	struct addr client, local;
};

struct flow_id {
	uint8_t len, b[QUIC_CID_MAX];
};

struct quic_flow {
	struct flow_key key;
	struct quic_flow *next_in_slot;
	struct quic_flow *older, *newer; /* of its class */
	double touched;
	uint8_t class; /* enum flow_class */
	bool answered; /* by the guest */
	uint8_t n_ids;
	struct flow_id ids[FLOW_IDS]; /* [0] may be empty: not from a client's first packet */
};

struct flow_table {
	uint64_t seed; /* random: strangers choose keys */
	size_t n, max, of_class[FLOW_CLASSES];
	struct quic_flow *oldest[FLOW_CLASSES], *newest[FLOW_CLASSES];
	uint32_t mask;
	struct quic_flow *slots[];
};

/*
 * A name for a flow, to be known by in other workers (cid.h): of its addresses, and with a dcid of those of a client's
 * first packets that bear it. seed: one for all.
 */
void flow_name(uint64_t seed, const struct flow_key *, struct span dcid, uint8_t out[FLOW_NAME]);

/* NULL: out of memory. */
struct flow_table *flow_table_new(size_t max, uint64_t seed);
void flow_table_free(struct flow_table *);

/* The flow of this packet, or NULL. It is touched, but for a refused one, whose time runs from then on. Counts as proof what is one. */
struct quic_flow *flow_find(
    struct flow_table *, const struct flow_key *, const struct quic_packet *, double now);
/* Another flow of this address for which is() holds, or NULL. */
struct quic_flow *flow_other(struct flow_table *, const struct quic_flow *,
    bool (*is)(const struct quic_flow *, const void *arg), const void *arg);

/* Its key is set, all else zero. dcid: of the client's first packet, or empty. -1: the table is full. */
int flow_add(struct flow_table *, struct quic_flow *, enum flow_class, struct span dcid, double now);
void flow_remove(struct flow_table *, struct quic_flow *);
void flow_touch(struct flow_table *, struct quic_flow *, double now);
/* Touches it, too. */
void flow_become(struct flow_table *, struct quic_flow *, enum flow_class, double now);
/* The guest answered with this packet; true: an id that is new to us. */
bool flow_learn(struct quic_flow *, const struct quic_packet *);

/* Who makes room; NULL: nobody. */
struct quic_flow *flow_victim(const struct flow_table *);
/* A flow that nobody touched for the seconds of its class; NULL: none. */
struct quic_flow *flow_expired(const struct flow_table *, double now, const double idle_s[FLOW_CLASSES]);

#endif
