/*
 * The head of an HTTP/1 request, where its body ends, and what of it goes on to the guest. A core.
 *
 * Read are RFC 9112 (2.2 lines, 3 request line and targets, 5 fields, 6 framing) and RFC 9110 7.2 (Host), on the
 * strict side wherever two readers could understand a request differently: what they differ about is how one
 * client's bytes become another guest's request. So a bare CR or LF, a NUL, a folded line, a space before a
 * colon, two Host, Host against an absolute target, two Content-Length, Content-Length beside
 * Transfer-Encoding, or a Transfer-Encoding that does not end in chunked is refused.
 *
 * One request a connection: it goes on with `Connection: close`, its body as long as its framing says, and
 * nothing behind it. A request without a body to upgrade (but to h2c, which would carry requests for other hosts)
 * becomes a tunnel once the guest has answered 101.
 */
#ifndef PROXY_HTTP_H
#define PROXY_HTTP_H

#include "proxy/sniff.h"

enum {
	HTTP_HEAD_MAX = 16 << 10,
	HTTP_CHUNK_EXTRA_MAX = 16 << 10, /* extensions and trailers of one chunked body, together */
	HTTP_REWRITE_EXTRA = 64, /* a rewritten head is at most this much longer */
};

enum http_framing { HTTP_NO_BODY, HTTP_LENGTH, HTTP_CHUNKED };

/* A head and, while it is incomplete, how far it was looked at; zero before the first call. */
struct http_head {
	uint32_t seen; /* bytes judged so far */
	uint32_t length; /* of the head, its empty line included; HOST and NONE */
	enum http_framing framing;
	uint64_t body_bytes; /* HTTP_LENGTH */
	bool upgrade; /* asks for another protocol, and may have it */
	bool is_head; /* the answer may have no body */
};

struct sniff http_sniff(struct span in, struct http_head *);

/*
 * The head as the guest gets it: without the fields that speak of this connection only, with a Connection of our
 * own. head: what http_sniff accepted. out: room for HTTP_REWRITE_EXTRA more than its length. Returns the length.
 */
size_t http_rewrite(struct span head, const struct http_head *, char *out);

enum http_chunk_state {
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

/* What is left of a request's body. */
struct http_body {
	uint8_t framing; /* enum http_framing; HTTP_NO_BODY: nothing is left */
	uint8_t chunk; /* enum http_chunk_state */
	uint8_t digits; /* of the chunk's size, so far */
	uint32_t extra; /* bytes of extensions and trailers so far */
	uint64_t left; /* of the body, or of the chunk */
};

struct http_body http_body(const struct http_head *);

/* How many of these bytes belong to the body; -1: its framing is broken. Then ask whether it is done. */
ptrdiff_t http_body_take(struct http_body *, struct span);
bool http_body_done(const struct http_body *);

enum http_reply { REPLY_MORE, REPLY_SWITCHING, REPLY_OTHER };

/* How far the answer to an Upgrade was looked at; zero before its first byte. */
struct http_reply_scan {
	uint8_t at; /* bytes of "HTTP/1.1 101" so far */
	uint8_t code; /* last two digits of a 1xx, so far */
	uint8_t ends; /* of lines in a row, in an interim answer's head */
};

/* Is it 101? The next bytes of the answer, from where the last call ended; interim answers (RFC 9110 15.2) pass. */
enum http_reply http_reply(struct http_reply_scan *, struct span bytes);

#endif
