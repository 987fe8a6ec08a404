/*
 * The curbs, of each guest at most one by hand and one of a quota. They outlive the process in STATE/natd/curbs, one
 * line each (conf/curb.h).
 */
#ifndef NATD_CURBS_H
#define NATD_CURBS_H

#include "conf/curb.h"

#include <string.h>

struct curbs {
	struct curb *list; /* in the order in which they came */
	size_t n;
};

/* curbset.c, a core. What is in force; NULL: nothing. */
const struct curb *curbs_find(const struct curbs *, const char *guest);

enum curb_change {
	CURB_CHANGED,
	CURB_SAME, /* it stood so before */
	CURB_LIFTED, /* of that mark it was lifted by hand: nothing changes */
};

/*
 * What an order makes of them, in a list of its own; -1: no memory. One by hand or of a quota takes the place of its
 * like; a lift by hand takes that by hand away and leaves a note of the quota's mark, a lift of a quota that note, too.
 */
int curbs_after(const struct curbs *, const struct curb *order, struct curbs *out, enum curb_change *);

/* What the file of that configuration holds, those of unknown guests aside. -1: errno; there are then none. */
int curbs_load(struct curbs *, const struct conf *);

/* The folder of the file, before privilege is dropped. -1: errno. */
int curbs_prepare(const struct conf *);

/* Does what is ordered, on disk too. -1: errno, and nothing has changed. */
int curbs_set(struct curbs *, const struct conf *, const struct curb *order, enum curb_change *);
/* Lifts those of guests that the file does not have. -1: errno. */
int curbs_prune(struct curbs *, const struct conf *);

#endif
