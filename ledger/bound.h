/* Inside the ledger: a ceiling of what one answer holds, met before any of it is kept. */
#ifndef LEDGER_BOUND_H
#define LEDGER_BOUND_H

#include <hiredis/hiredis.h>

#include <stdbool.h>

enum { BOUND_FIELDS = 65536 }; /* of a hash, or twice as many names: more than any key of ours holds */

struct bound {
	redisReplyObjectFunctions usual, bounded; /* how an answer is made, and how with a ceiling */
	bool met; /* by the answer under way; the caller sets it back */
};

/* For all that a connection answers from now on. The bound has to outlive it. */
void bound_set(struct bound *, redisContext *);

#endif
