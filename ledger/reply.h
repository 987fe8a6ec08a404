/* Inside the ledger: an answer of Redis as a text. */
#ifndef LEDGER_REPLY_H
#define LEDGER_REPLY_H

#include "base/span.h"

#include <hiredis/hiredis.h>

/* Borrowed; empty where the answer is no text. */
static inline struct span
reply_text(const redisReply *reply)
{
	return reply->type == REDIS_REPLY_STRING ? span_of(reply->str, (size_t)reply->len) : span_of("", 0);
}

#endif
