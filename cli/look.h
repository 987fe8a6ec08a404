/*
 * What moves now, looked at again and again for `lodge top`: the kernel's counters of each guest's tap, and what is
 * billed of the ledger.
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
	struct reading *before, *now; /* of the guests in the file's order */
	struct mover *movers; /* of the last two looks; may be sorted */
	double seconds; /* between them */
	double at_s;
};

/* -1: no memory. look_close also then. */
int look_open(struct look *, const struct conf *);
/* -1: errno, the kernel does not say. */
int look_again(struct look *);
bool look_any(const struct look *); /* is any guest's tap there? */
void look_close(struct look *);

#endif
