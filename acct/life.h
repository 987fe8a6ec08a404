/* One life of a tap, from its making to its end, and how far it is counted. A core. */
#ifndef ACCT_LIFE_H
#define ACCT_LIFE_H

#include "acct/tally.h"

enum { LIFE_BOOT_TEXT = 64, LIFE_TEXT = 224 };

struct life {
	char boot[LIFE_BOOT_TEXT]; /* which running kernel and network namespace; "": none yet */
	char tap[CONF_IFNAME];
	uint32_t ifindex;
	struct kernel done;
};

/* The same interface. */
bool life_is(const struct life *, const char *boot, uint32_t ifindex);
/* It goes on where the other stands: the other is none, or the same interface and not as far. */
bool life_is_past(const struct life *, const struct life *other);

/* "BOOT TAP IFINDEX" and the five counters, as it goes with the totals to Redis. -1: no such text. */
const char *life_print(const struct life *, char out[LIFE_TEXT]);
int life_parse(struct span, struct life *);

#endif
