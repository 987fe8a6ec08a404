/*
 * What moves now, looked at again and again for `lodge top` and `lodge status`: the kernel's counters of each guest's
 * tap, and what is billed of the ledger.
 */
#ifndef CLI_LOOK_H
#define CLI_LOOK_H

#include "cli/rates.h"
#include "ledger/ledger.h"

#define NETDEV "/proc/net/dev"

struct look {
	const struct conf *conf;
	struct ledger *ledger; /* NULL: does not answer, why says it */
	double ledger_at; /* when it may be asked again */
	char why[256];
	size_t n_refused; /* guests whose keys are not as they should be, or not ours to read, and … */
	char refused[256]; /* … the first of them */
	struct reading *before, *now; /* of the guests in the file's order */
	struct mover *movers; /* of the last two looks; may be sorted */
	struct record
	    *periods; /* of the guests in the file's order, where their mover knows what is billed */
	double seconds; /* between them */
	double at_s;
};

/* -1: no memory. look_close also then. */
int look_open(struct look *, const struct conf *);
/* -1: errno, the kernel does not say. The halves of look_again: movers are made anew by the first. */
int look_rates(struct look *);
void look_billed(struct look *); /* waits at most two seconds for a ledger that does not answer */
int look_again(struct look *);
bool look_any(const struct look *); /* is any guest's tap there? */
void look_close(struct look *);

#endif
