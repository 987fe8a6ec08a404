/*
 * The last bytes of a stream, by their place in it: the first byte ever has place 0, and who reads keeps the place of
 * what is to be read next. A core.
 */
#ifndef LAUNCH_RING_H
#define LAUNCH_RING_H

#include "base/span.h"

#include <stdint.h>

enum { RING_BYTES = 64 << 10 };

struct ring {
	uint64_t total; /* bytes ever; the place of the next one */
	char bytes[RING_BYTES];
};

void ring_add(struct ring *, const char *bytes, size_t n);

/* Place of the oldest byte that is still there. */
uint64_t ring_oldest(const struct ring *);

/* From a place (or from the oldest) on, as far as it lies in one piece; empty: there is no more. Until the next add. */
struct span ring_from(const struct ring *, uint64_t place);

/* The same as one piece, into out[RING_BYTES]. */
struct span ring_copy(const struct ring *, uint64_t place, char *out);

/* Where the last so many lines begin; a last line without an end counts. */
uint64_t ring_lines(const struct ring *, size_t lines);

#endif
