/*
 * Where the body of an HTTP/1 message ends, however it is cut. A core. RFC 9112 6 and 7.1.
 */
#ifndef PROXY_BODY_H
#define PROXY_BODY_H

#include "base/span.h"

#include <stdint.h>

enum {
	BODY_EXTRA_MAX = 16 << 10, /* extensions and trailers of one chunked body, together */
};

enum body_framing {
	BODY_NONE, /* or nothing is left of it */
	BODY_LENGTH,
	BODY_CHUNKED,
	BODY_UNTIL_END, /* of the connection; of responses only */
};

enum body_chunk {
	CHUNK_SIZE,
	CHUNK_EXTENSION,
	CHUNK_SIZE_LF,
	CHUNK_DATA,
	CHUNK_DATA_CR,
	CHUNK_DATA_LF,
	CHUNK_TRAILER_START,
	CHUNK_TRAILER,
	CHUNK_TRAILER_LF,
	CHUNK_END_LF,
};

/* What is left of a body. */
struct body {
	uint64_t left; /* of the body, or of the chunk */
	uint32_t extra; /* bytes of extensions and trailers so far */
	uint8_t framing; /* enum body_framing */
	uint8_t chunk; /* enum body_chunk */
	uint8_t digits; /* of the chunk's size, so far */
};

struct body body_of(enum body_framing, uint64_t bytes);

/* How many of these bytes belong to the body; -1: its framing is broken. Then ask whether it is done. */
ptrdiff_t body_take(struct body *, struct span);
bool body_done(const struct body *);

/* The next bytes are nothing but data, so many of them; 0: look at every byte. */
uint64_t body_plain(const struct body *);
/* So many of those went by. */
void body_skip(struct body *, uint64_t bytes);

#endif
