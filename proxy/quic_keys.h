/*
 * Opening a client's Initial packets: RFC 9001 5.2 (keys out of the id that the client chose), 5.3 and 5.4 (both
 * protections), RFC 9369 3.3.1 (what differs in version 2). A core. Anybody on the way can do this; the keys only
 * keep out who is not.
 */
#ifndef PROXY_QUIC_KEYS_H
#define PROXY_QUIC_KEYS_H

#include "proxy/quic.h"

enum {
	QUIC_KEY_BYTES = 16,
	QUIC_IV_BYTES = 12,
	QUIC_TAG_BYTES = 16,
};

struct quic_keys {
	uint8_t key[QUIC_KEY_BYTES], iv[QUIC_IV_BYTES], hp[QUIC_KEY_BYTES];
};

/* What OpenSSL needs to be at work; one serves all packets. NULL: out of memory. */
struct quic_crypto *quic_crypto_new(void);
void quic_crypto_free(struct quic_crypto *);

/* The client's. -1: a version that we do not know. */
int quic_keys_client(struct quic_crypto *, uint32_t version, struct span dcid, struct quic_keys *);

/*
 * Take the protection off an Initial. room: as much as the packet is long; payload then points there. false: it
 * was not protected with these keys, or says what none may say (reserved bits, no payload).
 */
bool quic_open(struct quic_crypto *, const struct quic_keys *, const struct quic_packet *, uint8_t *room,
    struct span *payload);

#endif
