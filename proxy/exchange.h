/*
 * One HTTP/1 request and its answer: which bytes of either side belong to it. A core.
 *
 * A connection carries one exchange after the other. The next request is looked at when the answer before it is
 * over, so answers come in the order of requests, whatever guests they go to, and nobody's answer can be taken for
 * another's: what a guest says beyond its answer is never passed on.
 */
#ifndef PROXY_EXCHANGE_H
#define PROXY_EXCHANGE_H

#include "proxy/http.h"
#include "proxy/reply.h"

enum exchange_phase {
	EXCHANGE_HEAD, /* of the answer, or of an interim one before it */
	EXCHANGE_BODY,
	EXCHANGE_OVER, /* the answer is whole */
	EXCHANGE_OPAQUE, /* the answer is what comes until the guest ends */
	EXCHANGE_SWITCHED, /* 101: not HTTP any more, in both directions */
};

struct exchange {
	struct body request, answer; /* what is left of their bodies */
	struct reply reply;
	uint8_t phase; /* enum exchange_phase */
	bool keep; /* both sides want to go on after it, as far as they have said */
	bool upgrade; /* the client asked for it */
	bool to_head;
};

void exchange_begin(struct exchange *, const struct http_head *);

/*
 * Bytes from the guest: how many of them go on to the client, from the first. What does not is, in HEAD, an
 * incomplete head, to be brought again with more behind it; in OVER, nobody's.
 */
size_t exchange_answer(struct exchange *, struct span);

#endif
