/*
 * Quotas: what of a period's bytes is worth a word, and what is to follow. A core.
 *
 * A guest's quota is told of at 80 and at 100 per cent of it, once each in a billing period: period.told and
 * period.quota remember it, and the events are kept for telling Redis again. Another size begins anew: what it has
 * behind it is told then. At 100 per cent the guest is curbed, if its file says so, until the period ends or the size
 * is raised above what was billed.
 */
#ifndef ACCT_EVENT_H
#define ACCT_EVENT_H

#include "acct/slot.h"
#include "conf/curb.h"

enum { EVENTS_KEEP = 8 };

/* One line of a guest's log. */
struct event {
	uint64_t seq;
	int64_t at, period; /* when, and the first second of the billing period */
	uint64_t quota, billed, bit_s; /* bit_s: of a throttle */
	unsigned percent;
	enum quota_then then;
};

/*
 * The next that is to be told of the period of which used was billed, on all hosts together, and which then has been
 * told of it. False: nothing is.
 */
bool event_next(const struct quota *, struct period *, uint64_t used, struct event *out);

/* What was billed before counts as told: for a period that Redis knew. */
void event_pass(const struct quota *, struct period *, uint64_t used);

/* Appends, in place of the oldest where there is no room. */
void event_keep(struct event list[EVENTS_KEEP], size_t *n, const struct event *);

/* What lodge-natd is to be told of the guest: a throttle or cut with the mark that names its cause, or a lift. */
struct curb event_curb(const struct guest *, const struct period *, uint64_t used);

#endif
