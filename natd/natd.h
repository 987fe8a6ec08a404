/* What a running lodge-natd holds, for main.c and what it calls. Shell. */
#ifndef NATD_NATD_H
#define NATD_NATD_H

#include "natd/apply.h"
#include "natd/full.h"
#include "natd/plan.h"
#include "natd/status.h"

#include <ev.h>

struct natd {
	const char *file;
	struct conf conf;
	struct plan_host host;
	struct facts want;
	struct apply apply;
	struct status status;
	struct watch *watch;
	bool wan_lost;
	struct curbs curbs;
	struct full full;
	struct foreign_drop told[FOREIGN_MAX]; /* chains of others that were complained of */
	size_t n_told;
	struct plan_ports heard; /* where programs listen now, before it is compared */
	double lost_told; /* when */
	ev_timer pulse;
};

/*
 * Makes the network as planned. What the kernel lacks for it is said, and where it can be gone without there is another
 * plan. False: something is not as wanted.
 */
bool natd_apply(struct natd *);

/* Makes the network right again after a change that nobody here made; what there was to do is counted and told. */
void natd_repair(struct natd *);

/* Complains of each chain of another tool that drops guests' packets, once; says when one is gone. */
void natd_say_foreign(struct natd *);

/* Looks from time to time at what the kernel tells nobody of: who listens, and whether a table is full. */
void pulse_start(struct ev_loop *, struct natd *);

/*
 * hands.c: what is asked and ordered over the socket. Loading gives the plan the curbs that the state directory holds;
 * pruning lifts those of guests that are gone. Failures are logged.
 */
void hands_load(struct natd *);
void hands_prune(struct natd *);
json_t *hands_answer(void *natd, const char *word);

#endif
