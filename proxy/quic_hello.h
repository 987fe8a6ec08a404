/*
 * The server name in the Initial packets of a QUIC client. A core.
 *
 * What the packets carry of the TLS handshake (RFC 9000 19.6: any piece of it in any order) is gathered until the
 * ClientHello is whole; then tls.h reads it. Only PADDING, PING, ACK, CRYPTO and CONNECTION_CLOSE may be in an Initial
 * (RFC 9000 12.4).
 *
 * Law, as in sniff.h: no strict part of a hello yields a host. A datagram that cannot be used (forged, malformed, at odds
 * with what came before, no room) changes nothing, so that neither the order of datagrams nor how the hello was cut into
 * them changes what is said in the end.
 */
#ifndef PROXY_QUIC_HELLO_H
#define PROXY_QUIC_HELLO_H

#include "proxy/quic_keys.h"
#include "base/sniff.h"

enum {
	QUIC_PIECES_MAX = 64, /* parts of a hello with gaps between them */
	QUIC_PACKET_MAX = 9216, /* a datagram that is longer is none of a client's first */
};

enum quic_use {
	QUIC_USED, /* an Initial of this connection */
	QUIC_NOT_READ, /* nothing to read for us: 0-RTT */
	QUIC_TOO_SHORT, /* RFC 9000 14.1 */
	QUIC_UNKNOWN_VERSION,
	QUIC_MALFORMED,
	QUIC_NO_ROOM, /* more pieces than we keep, or no memory */
};

struct quic_piece {
	uint32_t from, to; /* of the handshake */
	uint32_t at; /* in the bytes */
};

/* One client's hello while it is gathered; zero before its first datagram. Moves freely. */
struct quic_scan {
	uint32_t version; /* 0: nothing yet */
	uint8_t dcid_len, dcid[QUIC_CID_MAX];
	struct quic_keys keys;
	uint8_t *bytes; /* allocated */
	uint32_t len;
	size_t n_pieces;
	struct quic_piece pieces[QUIC_PIECES_MAX];
};

/*
 * The next datagram. room: SNIFF_BYTES of anybody's memory. When *use is not QUIC_USED, the datagram is none
 * of this hello's, and the verdict is MORE. A host borrows from the scan.
 */
struct sniff quic_sniff(
    struct quic_scan *, struct quic_crypto *, struct span datagram, uint8_t *room, enum quic_use *use);

/* Does a packet belong to it? */
bool quic_scan_has(const struct quic_scan *, const struct quic_packet *);

void quic_scan_free(struct quic_scan *);

#endif
