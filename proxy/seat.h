/*
 * Where the counts of each guest lie: a seat of its own in every worker's table, which it keeps over reloads, so
 * that a connection counts with one index and no search. A core; only the supervisor changes seats.
 *
 * A guest that the file no longer names stays in its seat for what it still has open, and gets it back when the
 * file names it again. Who frees a seat sees to it that nobody counts there any more.
 */
#ifndef PROXY_SEAT_H
#define PROXY_SEAT_H

#include "conf/conf.h"

enum {
	SEAT_NONE = 0, /* nobody's: what is counted here is shown nowhere */
	SEAT_GUESTS_MAX = CONF_GUESTS_MAX + 1, /* those of the file, and the usage page */
	SEATS_MAX = 2 * SEAT_GUESTS_MAX + 1, /* theirs, those of as many that have left, and nobody's */
};

struct seat {
	char name[CONF_GUEST_NAME_MAX + 1]; /* "": free */
	uint64_t left; /* the generation that did not name it any more; 0: it is in the file */
};

struct seats {
	size_t n; /* seats from here on were never used */
	uint16_t of_guest[SEAT_GUESTS_MAX]; /* by its number in conf.guests; SEAT_NONE: none was free */
	struct seat list[SEATS_MAX];
};

/* These are the guests from this generation on (above 0): known ones keep their seats, new ones get free ones. */
void seats_take(struct seats *, const struct conf *, uint64_t generation);
/* Nobody sits here any more. */
void seats_free(struct seats *, size_t seat);

/* What another program kept, of which nothing is certain: as it is as far as it makes sense. */
void seats_mend(struct seats *);

#endif
