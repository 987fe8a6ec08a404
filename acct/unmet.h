/*
 * What was counted since Redis was last heard of. A core.
 *
 * A process that begins may stand on an older journal than Redis does, and Redis may be down. When it then says that it
 * knows more, it is right: what was counted meanwhile is dropped and each tap goes on from where Redis says that it is
 * counted. A tap that has ended meanwhile cannot go on: this keeps how far it came. It is part of the journal, for
 * Redis may be down longer than a process lives.
 */
#ifndef ACCT_UNMET_H
#define ACCT_UNMET_H

#include "acct/life.h"
#include "ledger/record.h"

struct unmet {
	bool is; /* Redis was not heard of since; false: all below is zero */
	uint64_t
	    seq; /* the account's when it began: what Redis may hold at most if the journal is no older */
	struct kernel from; /* where the account's present life was taken up since */
	struct life ended; /* the first life that ended since; boot "": none */
	struct kernel ended_from; /* and where that one was taken up */
	struct kernel rest; /* what those that ended later counted */
};

/* The account stands at seq, and its life is counted up to done. Nothing where it is unmet already. */
void unmet_begin(struct unmet *, uint64_t seq, const struct kernel *done);
/* Another life begins at done. */
void unmet_life(struct unmet *, const struct kernel *done);
/* The present life is over, or left to others, as it stands. */
void unmet_end(struct unmet *, const struct life *);

/* Something ended. */
bool unmet_owes(const struct unmet *);

/*
 * Redis stands at held, which is no life where it does not know. *delta gets what the lives that are over counted and
 * Redis does not have, unclassified. Returns from where the present life, this one, is to be counted.
 */
struct kernel unmet_owed(const struct unmet *, const struct life *held, const struct life *present,
    const struct kernel *now, struct record *delta);

#endif
