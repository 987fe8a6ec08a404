/*
 * Interfaces as the kernel tells of them (rtnetlink): their counters when asked, their end when it comes, and the
 * host's own addresses. Needs no privilege.
 */
#ifndef ACCT_LINK_H
#define ACCT_LINK_H

#include "acct/tally.h"

#include <ev.h>

enum { LINK_ADDRESSES_MAX = 1024 };

struct link_row {
	uint32_t ifindex, mtu;
	uint32_t cuts; /* times the carrier went: on a tap, that nobody read it any more */
	char name[CONF_IFNAME];
	struct kernel kernel;
	bool counted; /* by the last dump */
};

struct link_calls {
	void (*on_gone)(void *arg, const struct link_row *); /* with its final counters */
	void (*on_new)(void *arg, const struct link_row *); /* it came, or something about it changed */
	void (*on_link)(void *arg, const struct link_row *); /* answers link_dump */
	void (*on_addresses)(void *arg); /* they changed */
};

struct link_status {
	uint64_t lost; /* times the kernel could not tell all: ends of interfaces may be among it */
	uint64_t failed; /* dumps without an answer */
};

struct link;

/* NULL: errno. */
struct link *link_open(struct ev_loop *, const struct link_calls *, void *arg);
void link_close(struct link *);

/*
 * Every interface through on_link. Ends that came before the counters were read are told first, so a name that
 * went and came again is seen in that order. -1: errno, nothing was called.
 */
int link_dump(struct link *);

/* The host's addresses but link-local ones, sorted by ip_cmp, each once, at most max; returns how many. -1: errno. */
int link_addresses(struct link *, struct ip *out, size_t max);

const struct link_status *link_status(const struct link *);

#endif
