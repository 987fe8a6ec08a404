/*
 * One tap's frames and kernel counters → what moved. A core.
 *
 * The kernel's counters say how much, the frames say what: at each poll the bytes that the kernel counted are
 * explained by frames seen, class by class. What is left over for a whole poll is unclassified. A frame that the
 * kernel did not count yet waits; one that the tap dropped is undelivered. Nothing is guessed twice: every byte of
 * the kernel's leaves tally_poll exactly once.
 */
#ifndef ACCT_TALLY_H
#define ACCT_TALLY_H

#include "acct/frame.h"
#include "conf/conf.h"

/* An interface's counters, by direction: what the host sends on a tap is to the guest. */
struct kernel {
	uint64_t bytes[DIRECTIONS], packets[DIRECTIONS];
	uint64_t dropped; /* frames to the guest that the tap threw away */
};

/* Any counter of a below b's. */
bool kernel_is_below(const struct kernel *a, const struct kernel *b);

/* Frames not yet matched with the kernel's counters. */
struct seen {
	uint64_t bytes[CLASSES], wire[CLASSES], packets;
};

struct tally {
	struct seen seen[DIRECTIONS];
	struct kernel last; /* the poll before */
	struct kernel done; /* what has left tally_poll */
	bool polled;
	uint64_t ahead; /* bytes seen from the guest that the last poll had not counted yet */
	uint64_t surplus; /* bytes seen from the guest that the kernel never counted: should stay 0 */
};

/* Begins at counters already accounted for: all zero for an interface never met. */
void tally_begin(struct tally *, const struct kernel *done);
void tally_add(struct tally *, const struct frame *);

/*
 * now is not below the last poll. last_one: there will be no more frames, so whatever is not seen never will be.
 * *delta gets what moved, billing and time aside.
 */
void tally_poll(struct tally *, const struct kernel *now, bool last_one, struct record *delta);

/*
 * After tally_poll: whoever read the tap is gone, and with it what waited there. Frames seen for the guest that the
 * kernel has not counted by now are undelivered.
 */
void tally_purge(struct tally *, struct record *delta);

/*
 * Fills in delta's billable and billed. had is what the billing period had to bill in each direction before, everywhere;
 * NULL: that is not known yet, and what hangs on it is not billed before tally_owed.
 */
void tally_bill(const struct billing *, const uint64_t had[DIRECTIONS], struct record *delta);
/* What is still to be billed of a sum of such deltas, once it is known what was before them. */
uint64_t tally_owed(const struct billing *, const uint64_t had[DIRECTIONS], const struct record *sum);

#endif
