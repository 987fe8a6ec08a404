/*
 * Pipes for splice(2), lent to a direction while it has bytes in one and taken back when it is empty: an idle
 * connection holds none. One pool a worker.
 */
#ifndef PROXY_PIPE_H
#define PROXY_PIPE_H

#include <stddef.h>
#include <stdint.h>

enum {
	PIPE_BYTES = 64 << 10, /* the kernel's own size */
	/* A splice moves as much as a pipe can hold, so large ones save calls: 5 to 25 % of the CPU for one stream. */
	PIPE_LARGE_BYTES = 256 << 10,
	PIPES_LARGE =
	    32, /* of them, as a user may have 64 MiB of all pipes: it is these that few streams use */
	PIPES_MAX = 512, /* of one worker: the kernel's memory behind them is 38 MiB */
};

struct pipe {
	int out, in; /* [0] and [1] of pipe(2) */
	size_t room;
	struct pipe *next;
};

/* So many at most, if fewer than PIPES_MAX: a worker with few descriptors has better use for them. */
void pipe_limit(size_t pipes);
/* Where to count the times that there was none. */
void pipe_report(uint64_t *shortages);

/* NULL: none free and no more to be had; the caller copies. */
struct pipe *pipe_take(void);
/* An empty one comes back into the pool; one with bytes left in it is closed. */
void pipe_give(struct pipe *, size_t bytes_left);

#endif
