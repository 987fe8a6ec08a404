/*
 * What moved, by time: slots of 5 minutes, hours, days and billing periods, all UTC. A core.
 *
 * The clock is a parameter and may jump. Bytes go into the slot in which the clock says they moved and stay there:
 * a jump forward closes the open slot, a jump back takes a closed one up again. One that was closed so long ago that it
 * is no longer kept is begun anew as unknown: it holds only what was added since, until slots_known adds what Redis
 * holds of it.
 */
#ifndef ACCT_SLOT_H
#define ACCT_SLOT_H

#include "ledger/keys.h"
#include "ledger/record.h"

/*
 * Closed slots kept for telling Redis again: 24 hours of them, two of a longer kind, and one of each that may be open
 * again.
 */
enum {
	KEEP_5M = 288 + 1,
	KEEP_HOUR = 24 + 1,
	KEEP_DAY = 2 + 1,
	KEEP_PERIOD = 2 + 1,
};

struct slot {
	int64_t start;
	uint64_t seq; /* at which it was closed */
	bool unknown;
	uint64_t v[SLOT_FIELDS];
};

struct period {
	int64_t start;
	uint64_t seq;
	bool unknown;
	uint8_t told; /* per cent of the quota that were told of */
	uint64_t quota; /* which one */
	struct record sum;
};

/* Closed ones are in the order in which they closed; nothing that holds no bytes is ever closed. */
struct slots {
	bool begun;
	bool may_be_unknown; /* false: nothing is, without a look at all of it */
	struct slot open[SLOT_KINDS];
	struct period period;
	size_t n_closed[SLOT_KINDS], n_periods;
	struct slot closed_5m[KEEP_5M], closed_hour[KEEP_HOUR], closed_day[KEEP_DAY];
	struct period periods[KEEP_PERIOD];
	/* The latest start of those that Redis may hold and that are kept no longer; 0: none. */
	int64_t gone[SLOT_KINDS], gone_period;
};

struct slot *slots_closed(struct slots *, enum slot_kind);
size_t slots_keep(enum slot_kind);

/*
 * Opens what belongs to now and closes what does not, under the sequence seq. day is the first day of the billing
 * period. True: something was closed.
 */
bool slots_turn(struct slots *, int64_t now, uint8_t day, uint64_t seq);

/* Into the open slots. */
void slots_add(struct slots *, const struct record *delta);

/* Into the closed list, in place of one with the same start, or of the oldest where there is no room. */
void slots_keep_closed(struct slots *, enum slot_kind, const struct slot *);
void slots_keep_period(struct slots *, const struct period *);

/* The billing period that starts then, where it is unknown; or NULL. */
struct period *slots_unknown_period(struct slots *, int64_t start);

/* The start of something that is unknown; -1: nothing is. */
int64_t slots_unknown(struct slots *);

/*
 * What Redis holds of the slots and the period that at lies in, for those of them that are unknown; the closed ones
 * are news under seq. True: a closed one changed.
 */
bool slots_known(struct slots *, int64_t at, const uint64_t held[SLOT_KINDS][SLOT_FIELDS], int64_t period,
    const struct record *held_period, uint64_t seq);

/*
 * The open slots and the period are what Redis holds; it may hold any others, before and after them, though nothing of
 * it is kept.
 */
void slots_take(
    struct slots *, const uint64_t held[SLOT_KINDS][SLOT_FIELDS], const struct record *held_period);

/* What was closed after seq goes, and the open ones are empty: they stood on older numbers than Redis has. */
void slots_go_back(struct slots *, uint64_t seq);

#endif
