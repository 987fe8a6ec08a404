/*
 * QUIC packets, as far as one can read them who has none of a connection's secrets. A core.
 *
 * Read are RFC 8999 (what every version has), RFC 9000 17.2 and RFC 9369 3.2 (long headers of versions 1 and 2)
 * and RFC 9000 12.2 (several packets in a datagram). The fixed bit is not looked at: RFC 9287 lets a client that
 * was here before send it as it likes.
 */
#ifndef PROXY_QUIC_H
#define PROXY_QUIC_H

#include "base/span.h"

#include <stdint.h>

enum {
	QUIC_CID_MAX = 20, /* RFC 9000 17.2 */
	QUIC_CLIENT_CID_MIN = 8, /* of a client's first, RFC 9000 7.2 */
	QUIC_DATAGRAM_MIN = 1200, /* with a client's Initial in it, RFC 9000 14.1 */
	QUIC_V1 = 1,
	QUIC_V2 = 0x6b3343cf,
};

enum quic_kind {
	QUIC_SHORT, /* only its dcid is known, and not where it ends: it is the whole rest */
	QUIC_INITIAL,
	QUIC_LONG, /* another long header of a version that we know */
	QUIC_OTHER_VERSION, /* what RFC 8999 promises: the version and both ids */
};

struct quic_packet {
	enum quic_kind kind;
	uint32_t version; /* 0 in a QUIC_SHORT, and in Version Negotiation, which is a QUIC_OTHER_VERSION */
	struct span dcid, scid; /* borrowed */
	struct span whole; /* this packet alone */
	size_t number_at; /* of the packet number, in whole; INITIAL only */
};

/* The packet at the front of a datagram, which is taken off it. false: there is none, and nothing was taken. */
bool quic_take(struct span *datagram, struct quic_packet *);

/* A number as RFC 9000 16 writes it, taken off the front. false: cut short. */
bool quic_take_number(struct span *, uint64_t *out);

#endif
