/* Putting a handshake together out of pieces: part of quic_hello.h. A core. */
#ifndef PROXY_QUIC_GATHER_H
#define PROXY_QUIC_GATHER_H

#include "proxy/quic_hello.h"

/* All CRYPTO of a packet's payload, or nothing of it. */
enum quic_use quic_gather(struct quic_scan *, struct span payload);

/* The handshake from its beginning, as far as it is without a gap. */
struct span quic_gathered(const struct quic_scan *);

#endif
