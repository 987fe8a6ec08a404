/*
 * The head of an HTTP/1 request and where its body ends. A core.
 *
 * Read are RFC 9112 (2.2 lines, 3 request line and targets, 5 fields, 6 framing, 9.3 persistence) and RFC 9110 7.2
 * (Host), on the strict side wherever two readers could understand a request differently: what they differ about
 * is how one client's bytes become another guest's request. So a bare CR or LF, a NUL, a folded line, a space
 * before a colon, two Host, Host against an absolute target, two Content-Length, Content-Length beside
 * Transfer-Encoding, or a Transfer-Encoding that does not end in chunked is refused.
 *
 * A head that is accepted goes on as it came, to the byte, but for the offer to upgrade to h2c: that would carry
 * requests for anybody's names past us, and is taken out.
 */
#ifndef PROXY_HTTP_H
#define PROXY_HTTP_H

#include "proxy/body.h"
#include "base/sniff.h"

enum {
	HTTP_HEAD_MAX = 16 << 10,
	HTTP_REWRITE_EXTRA = 32, /* a head without its h2c is at most this much longer */
};

/* A head and, while it is incomplete, how far it was looked at; zero before the first call. */
struct http_head {
	uint64_t body_bytes; /* BODY_LENGTH */
	uint32_t seen; /* bytes judged so far */
	uint32_t length; /* of the head, its empty line included; HOST and NONE */
	uint8_t framing; /* enum body_framing, never UNTIL_END */
	bool http10;
	bool keep; /* the client wants to go on after the answer */
	bool upgrade; /* asks for another protocol, and may have it */
	bool offers_h2c; /* which it may not */
	bool is_get;
	bool is_head; /* the answer has no body */
	bool is_h2c; /* BAD: the beginning of HTTP/2's preface; see h2c.h */
};

struct sniff http_sniff(struct span in, struct http_head *);

/*
 * The head without its offer of h2c. head: what http_sniff accepted. out: room for HTTP_REWRITE_EXTRA more than its
 * length. Returns the length.
 */
size_t http_without_h2c(struct span head, const struct http_head *, char *out);

/* Path and query of an accepted head's target, borrowed: from its "/" or, where it has no path, its "?" on; else "/". */
struct span http_path(struct span head);

#endif
