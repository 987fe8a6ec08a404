/*
 * The file and what the host told → every fact the kernel should show. A core.
 */
#ifndef NATD_PLAN_H
#define NATD_PLAN_H

#include "conf/conf.h"
#include "natd/fact.h"

/* What only the running host can tell. */
struct plan_host {
	char wan[CONF_IFNAME]; /* the outside device, already resolved */
	bool ipv6; /* the kernel has IPv6 at all */
	int wan_accept_ra; /* net.ipv6.conf.WAN.accept_ra; -1: unknown */
};

/* Sorted. 0, or -1: no memory; *out is then empty. */
int plan_facts(const struct conf *, const struct plan_host *, struct facts *out);

#endif
