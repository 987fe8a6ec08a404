/* Makes the kernel's network equal to the wanted facts: read, compare, undo, commit, make, forget. */
#ifndef NATD_APPLY_H
#define NATD_APPLY_H

#include "natd/link.h"
#include "natd/nft.h"
#include "natd/sock.h"

struct apply {
	struct link *link;
	struct nft *nft;
	struct sock *sock;
	struct plan_ports listening; /* as last asked for */
	struct foreign others; /* chains of other tools, as last read */
	struct foreign_drop foreign[FOREIGN_MAX]; /* those that drop, as of the last apply */
	size_t n_foreign; /* with those beyond the ceiling */
	uint32_t generation; /* of the nft tables after the last change */
	struct facts tables; /* what they held then, sorted; none: not known */
	struct facts links; /* as apply_check read them, for the apply that follows it at once */
	bool links_read;
	size_t n_ops; /* of the last apply */
	uint32_t missing; /* features (feature.h) beyond `without`, for want of which the last was refused */
	uint32_t without; /* those that the plan does not ask for */
	bool whole; /* the last apply looked at everything */
	int n_forgotten; /* flows, by the last apply; -1: conntrack refused */
};

/* -1: apply_why. */
int apply_open(struct apply *);
void apply_close(struct apply *);

/* What is there now, sorted; the caller frees it. -1: apply_why. */
int apply_read(struct apply *, const struct facts *want, struct facts *have);

/* Whether nothing stands in the way of what is wanted. -1: apply_why. What was read of the links is used once more. */
int apply_check(struct apply *, const struct facts *want);
void apply_unread(struct apply *); /* … unless time goes by, in which they may change */

/* -1: something was refused; it is logged, and what could be done is done. */
int apply_facts(struct apply *, const struct facts *want);

/* Why reading failed, as a sentence. */
const char *apply_why(const struct apply *);

#endif
