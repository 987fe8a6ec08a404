/*
 * HTTP/2 without TLS, by prior knowledge (RFC 9113 3.3): read as far as its first request, and refused in words that
 * its client understands. A core.
 *
 * It cannot be routed by the name of that request: those that follow on the same connection may name other guests, in
 * header blocks that only who read all before them can read (RFC 7541 2.2), so that each stream would have to be
 * ended here. A client that hears 421 makes another connection (RFC 9110 15.5.20).
 */
#ifndef PROXY_H2C_H
#define PROXY_H2C_H

#include "base/sniff.h"

enum {
	H2C_MAX = 32 << 10, /* bytes before a first request and with it */
};

/* How far it was looked at, and what is to be known for an answer; zero before the first call. */
struct h2c {
	uint32_t seen; /* bytes of the preface and of whole frames */
	uint32_t stream; /* of the first request; 0: it has not come */
	uint32_t window; /* bytes of content that the client takes at once */
	bool settings; /* the client's have come */
	bool content; /* the request is known to be one whose answer may have some */
};

/*
 * in: all bytes from the first. MORE, or BAD: answer 421 when there is a request to be told so, 400 for what is no
 * HTTP/2. No names are read.
 */
struct sniff h2c_sniff(struct span in, struct h2c *);

/* All that is said to such a client, the end included, into out (ANSWER_MAX). status, why: see answer.h. */
size_t h2c_answer(const struct h2c *, unsigned status, const char *why, char *out);

#endif
