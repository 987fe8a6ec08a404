/*
 * Which server holds which key. A core.
 *
 * A server alone holds all of them. A cluster spreads 16,384 slots over its nodes; a key's slot is a checksum of what
 * stands between its first braces, so all keys of one guest lie together. The first places are those of the file, the
 * seeds; the others are what the cluster said of itself.
 */
#ifndef LEDGER_PLACE_H
#define LEDGER_PLACE_H

#include "base/span.h"

#include <stdbool.h>
#include <stdint.h>

enum { PLACE_SLOTS = 16384, PLACE_HOST_MAX = 253, PLACES_MAX = 64 };

struct server {
	char host[PLACE_HOST_MAX + 1];
	uint16_t port;
};

struct places {
	struct server list[PLACES_MAX]; /* a seed has no host here where it is a socket's path */
	size_t n, n_seeds;
	uint8_t of_slot[PLACE_SLOTS];
};

uint16_t place_slot(struct span key);

/* All keys belong to place 0, and there is none yet. */
void places_begin(struct places *);
/* The next seed, all of them before any other place. host "": a socket. */
void places_seed(struct places *, const char *host, uint16_t port);
/* The place of that name, made where there is none; host empty: that of the place who says it. -1: PLACES_MAX, or no host. */
int places_add(struct places *, size_t who, struct span host, uint16_t port);
/* The slots first to last, both less than PLACE_SLOTS, are served there. */
void places_serve(struct places *, uint16_t first, uint16_t last, size_t place);

#endif
