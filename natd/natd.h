/* What a running lodge-natd holds. Shell, main.c and pulse.c only. */
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
	struct full full;
	struct nft_foreign told[NFT_FOREIGN_MAX]; /* chains of others that were complained of */
	size_t n_told;
	struct plan_ports heard; /* where programs listen now, before it is compared */
	ev_timer pulse;
};

/* Complains of each chain of another tool that drops guests' packets, once; says when one is gone. */
void natd_say_foreign(struct natd *);

/* Looks from time to time at what the kernel tells nobody of: who listens, and whether a table is full. */
void pulse_start(struct ev_loop *, struct natd *);

#endif
