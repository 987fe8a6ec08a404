/*
 * What the first bytes of a connection say about where it should go: the verdict, and the contract of all
 * parsers of first bytes (tls.h, http.h).
 *
 * A parser is given all bytes that came so far, from the first one, and a scan of its own in which it keeps how
 * far it looked; the next call brings the same bytes and more. It borrows, never copies more than its header
 * says, never logs.
 *
 * Law: no strict prefix of a valid input yields a host; only MORE may change, and how the bytes were cut into
 * calls never changes what they say.
 */
#ifndef BASE_SNIFF_H
#define BASE_SNIFF_H

#include "base/span.h"

#include <stdint.h>

enum {
	SNIFF_BYTES = 64 << 10, /* no parser wants more first bytes than this */
};

enum verdict {
	SNIFF_MORE, /* no opinion yet: read on */
	SNIFF_HOST, /* host names the destination; whether it is a name at all, name.h says */
	SNIFF_NONE, /* well formed, names nobody */
	SNIFF_BAD, /* can never become valid: why says it */
};

struct sniff {
	enum verdict verdict;
	uint16_t
	    answer; /* what a refusal tells the client: a TLS alert or an HTTP status; NONE and BAD only */
	struct span host; /* borrowed; HOST only */
	const char *why; /* static text; NONE and BAD only */
};

#endif
