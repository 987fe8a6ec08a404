/*
 * What an error that Redis answers means for who asked. A core.
 *
 * A node of a cluster that does not serve a key says who does: «MOVED 3999 10.0.0.7:6379» for good, «ASK 3999
 * 10.0.0.7:6379» for this one question, while the key's slot is on its way there (the question is then asked there
 * behind the word ASKING).
 */
#ifndef LEDGER_REFUSAL_H
#define LEDGER_REFUSAL_H

#include "ledger/place.h"

enum { HOPS_MAX = 4 }; /* a question is sent on so often at most */

enum refusal_kind {
	REFUSED, /* whatever else: a reason for people to read */
	REFUSED_MOVED,
	REFUSED_ASK,
	REFUSED_LATER, /* not now: loading, no quorum, a slot on its way, out of memory */
	REFUSED_SCRIPT, /* the server knows no script of that name: give it the whole of it */
};

struct refusal {
	enum refusal_kind kind;
	uint16_t slot; /* MOVED and ASK */
	struct span host; /* likewise; borrowed; empty: the host that answers */
	uint16_t port;
};

/* What cannot be read as one of them is REFUSED. */
struct refusal refusal_parse(struct span error);

#endif
