/*
 * Does the capture see what the kernel counts? A core.
 *
 * Each packet that the kernel counted on a tap since the capture looks at it was seen, or the capture's own counter
 * of drops has it. A poll's packets are asked for at the next one, when the last of them must have come through the
 * ring. What is seen before its counter is read is only ever too much, so nothing is missed that was not missing.
 */
#ifndef ACCT_PROOF_H
#define ACCT_PROOF_H

#include "acct/tally.h"

struct proof {
	uint64_t seen; /* frames, since the capture looks; the caller's to count up */
	uint64_t base; /* the kernel's packets at the first poll that began after that */
	uint64_t last, settled; /* at the last poll, and at the one before */
	unsigned polls;
};

/* Zero is a proof that begins: when a tap is new or the capture was opened again. */
void proof_poll(struct proof *, const struct kernel *now);
/* Packets that the kernel has counted since base, as of the last poll. */
uint64_t proof_counted(const struct proof *);
/* Those of the poll before that were not seen. */
uint64_t proof_missing(const struct proof *);

/* In each direction the bytes are the sum of the classes and the unclassified. */
bool proof_sums(const struct record *);

#endif
