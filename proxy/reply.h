/*
 * The head of an HTTP/1 response and where its body ends. A core.
 *
 * Read are RFC 9112 4 (status line), 6.3 (body length), 9.3 (persistence) and RFC 9110 15.2 (interim responses). A
 * guest may speak as oddly as it likes to its own client: what two readers could understand differently, or what
 * is no HTTP/1 at all, is OPAQUE, which goes on as it is and ends with the guest's connection, so that nothing of
 * it can be taken for the answer to a later request.
 */
#ifndef PROXY_REPLY_H
#define PROXY_REPLY_H

#include "proxy/body.h"

enum {
	REPLY_HEAD_MAX = 32 << 10,
};

enum reply_verdict {
	REPLY_MORE,
	REPLY_HEAD, /* whole */
	REPLY_OPAQUE,
};

/* A head and, while it is incomplete, how far it was looked at; zero before the first call. */
struct reply {
	uint64_t body_bytes; /* BODY_LENGTH */
	uint32_t seen;
	uint32_t length; /* of the head, its empty line included */
	uint16_t status;
	uint8_t framing; /* enum body_framing */
	bool keep; /* the guest goes on after it */
};

/* in: from the head's first byte. to_head: it answers HEAD. */
enum reply_verdict reply_sniff(struct span in, bool to_head, struct reply *);

#endif
