/*
 * What moves now: two readings of the kernel's counters make rates. A core.
 *
 * The counters are those of /proc/net/dev: 64 bits, for everybody to read, of now and not of the last second's turn,
 * and there whether lodge-acct runs or not. What the host sends on a tap is to the guest.
 */
#ifndef CLI_RATES_H
#define CLI_RATES_H

#include "base/table.h"
#include "conf/conf.h"
#include "ledger/record.h"

struct counters {
	uint64_t bytes[DIRECTIONS], packets[DIRECTIONS];
};

/* A guest's tap in a reading. */
struct reading {
	bool there;
	struct counters at;
};

/* What moved between two readings. */
struct rate {
	bool known; /* the tap was there both times, or came between */
	struct counters moved;
};

/* The interface of that name in the text of /proc/net/dev. False: none. */
bool netdev_find(struct span text, const char *name, struct counters *out);

/* Counters that fell are a tap that was made again: all that they say moved since. */
struct rate rate_between(const struct reading *before, const struct reading *now);

/* One line of `lodge top`. */
struct mover {
	const char *guest; /* "" for all of them */
	struct rate rate;
	bool billed_known;
	uint64_t billed; /* this period */
};

/* The busiest first, then by name. */
void movers_sort(struct mover *, size_t n);
/* The heading, those of them that there is room for, the rest and all of them; room 0: any. -1: no memory. */
int movers_table(struct table *, const struct mover *, size_t n, double seconds, size_t room);
/* One line each, in whole numbers, with the time in front. */
void mover_line(const struct mover *, const char *time, double seconds, FILE *);

/* A second's share, rounded; 0 for no time. */
uint64_t per_second(uint64_t n, double seconds);

#endif
