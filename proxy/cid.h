/*
 * Whose a connection id is, for datagrams from an address that no flow is known of. A core: a table in memory
 * that all workers share; each writes only its own and reads all.
 *
 * In it are the ids that guests chose in their long headers, as long as a flow has them, and names made of the addresses
 * of each flow (flow.h), which say which worker has it. So a connection goes on
 * when its client's address changed on the way (a NAT forgot), when the worker that had it died, or
 * when it ended before its flows after an upgrade: the new flow looks to the guest like an address change, which it validates
 * itself (RFC 9000 9.3). A wrong guest could make nothing of the datagram.
 */
#ifndef PROXY_CID_H
#define PROXY_CID_H

#include "base/addr.h"
#include "proxy/quic.h"

enum {
	CID_MIN = 4, /* shorter ones are met by chance */
	CID_WAYS = 8,
};

struct cid_entry {
	uint8_t len; /* 0: free */
	uint8_t id[QUIC_CID_MAX];
	struct ip guest;
	uint64_t owner; /* who may take it out again */
	uint64_t order; /* of coming */
};

struct cid_bucket {
	uint32_t writes; /* odd: somebody writes */
	struct cid_entry entries[CID_WAYS];
};

struct cid_table {
	uint64_t seed, order;
	uint32_t lengths; /* a bit for each length that was ever in it */
	uint32_t mask;
	struct cid_bucket buckets[];
};

/* A table for so many ids, and its memory, which is all zero at first. All workers have one seed. */
size_t cid_bytes(size_t ids);
void cid_init(struct cid_table *, size_t ids, uint64_t seed);

/* The oldest of its bucket makes room. An id that is there gets this guest and owner. Too short, too long: nothing. */
void cid_put(struct cid_table *, struct span id, const struct ip *guest, uint64_t owner);
/* Unless it has another owner by now. */
void cid_drop(struct cid_table *, struct span id, uint64_t owner);

/* Who put this very id into one of the n tables. false: nobody. */
bool cid_owner(struct cid_table *const *, size_t n, struct span id, uint64_t *owner);
/* Whose id does this begin with? The longest that one of the n tables has. false: nobody's. */
bool cid_find(struct cid_table *const *, size_t n, struct span dcid, struct ip *guest, size_t *len);

#endif
