/*
 * How many new connections a client makes in a second. A core: one table in memory of the caller's, which all
 * workers change at once without waiting for each other, so that the ceiling holds over all of them exactly.
 *
 * A bucket a client, which holds a second's worth and fills again in a second. It is one word: a part of the
 * key's hash, and when the bucket is full again. A word that says the past is a full bucket, and so is a free
 * place; hence nothing is ever removed. A key has RATE_WAYS places; when others have them all, it takes that of the
 * bucket that is full first. So whoever makes up clients loses sight of the quiet ones, not of the busy ones.
 */
#ifndef PROXY_RATE_H
#define PROXY_RATE_H

#include "proxy/limit.h"

enum {
	RATE_CELLS = 1 << 17, /* clients that are seen at once; 1 MiB */
	RATE_WAYS = 4,
	RATE_SECOND_US = 1000000,
};

struct rate_table {
	uint64_t seed; /* random: strangers choose keys */
	uint64_t cells[RATE_CELLS]; /* all zero at first */
};

/* One more of this client, if there is one in its bucket. now_us: of a clock that only goes forward. */
bool rate_take(struct rate_table *, const struct limit_key *, uint64_t now_us, unsigned per_second);

#endif
