/*
 * Moving the bytes of one direction: the first 64 KiB by copy, which is cheaper for short answers, the rest by
 * splice(2). What the destination does not take at once is kept here, and only then is there a buffer.
 */
#ifndef PROXY_STREAM_H
#define PROXY_STREAM_H

#include "proxy/end.h"
#include "proxy/pipe.h"
#include "proxy/session.h"

#include <stdint.h>

enum {
	STREAM_COPY_FIRST = 64 << 10, /* bytes of a direction before it is spliced */
	STREAM_COPY_BYTES = 32 << 10, /* at most read, and so at most kept, at once */
	STREAM_ROUNDS = 2, /* reads at one wakeup, before others have their turn */
};

struct stream {
	uint64_t bytes; /* passed on to the destination */
	char *kept; /* bytes that wait: kept[at … at + len) */
	uint32_t at, len;
	struct pipe *pipe; /* or bytes in here */
	uint32_t in_pipe;
};

/*
 * Move what can be moved from src to dst, as far as they are ready, and note in the flow what happened. other: the flow the other way, which
 * breaks when src is gone. limit: no more is read than this, and it is counted down; or NULL. scratch:
 * STREAM_COPY_BYTES of anybody's.
 */
void stream_pump(struct stream *, struct flow *, struct flow *other, struct end *src, struct end *dst,
    uint64_t *limit, char *scratch);

/* One read of src into room bytes of scratch, noted likewise; what came. */
struct span stream_read(struct flow *, struct flow *other, struct end *src, char *scratch, size_t room);

/* Send; what is not taken at once is kept. Nothing may be waiting. */
void stream_send(struct stream *, struct flow *, struct end *dst, struct span);

/* Send what is kept. */
void stream_flush(struct stream *, struct flow *, struct end *dst);

/* Keep these allocated bytes, the stream's from now on, for the destination. */
void stream_keep(struct stream *, struct flow *, char *bytes, size_t n);

/* Forget what waits. */
void stream_drop(struct stream *, struct flow *);

#endif
