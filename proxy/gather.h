/* Bytes that have come and wait for more of them, or for their turn. They weigh on all connections of a worker. */
#ifndef PROXY_GATHER_H
#define PROXY_GATHER_H

#include "base/span.h"

#include <stdint.h>

enum {
	GATHER_ROOM_FIRST = 2048,
	GATHER_HELD_MAX = 64 << 20, /* in one worker, together */
};

struct gather {
	char *bytes;
	uint32_t len, room;
};

static inline struct span
gather_span(const struct gather *g)
{
	return span_of(g->bytes, g->len);
}

/* Add to the end. held: of all gathers of the worker. False: there is no room for more. */
bool gather_add(struct gather *, struct span, uint64_t *held);

/* The first n are done with; without any left there is no buffer. */
void gather_cut(struct gather *, size_t n, uint64_t *held);

#endif
