/*
 * The file and what the host told → every fact the kernel should show. A core.
 */
#ifndef NATD_PLAN_H
#define NATD_PLAN_H

#include "conf/conf.h"
#include "natd/curbs.h"
#include "natd/fact.h"

/* For each port a bit of each protocol (enum proto), and one that is HOST_PERSONAL (conf/host.h) times it. */
struct plan_ports {
	uint8_t of[65536];
};

enum { PLAN_PREFIXES = 16 };

/* What only the running host can tell. */
struct plan_host {
	char wan[CONF_IFNAME]; /* the outside device, already resolved */
	bool ipv6; /* the kernel has IPv6 at all */
	const struct plan_ports *listening; /* where programs of the host wait; NULL: nothing is known */
	int wan_accept_ra; /* net.ipv6.conf.WAN.accept_ra; -1: unknown */
	struct net
	    wan_prefixes[PLAN_PREFIXES]; /* IPv6: what its neighbours outside may think is on their link */
	size_t n_wan_prefixes;
	uint32_t missing; /* features that the kernel lacks (feature.h) */
	const struct curbs *curbs; /* or NULL */
};

/* Sorted. 0, or -1: no memory; *out is then empty. */
int plan_facts(const struct conf *, const struct plan_host *, struct facts *out);

/* Whether a guest may call this port of the host without one. */
bool plan_is_open(const struct facts *want, uint8_t protocol, uint16_t port);

/* Whether the wanted facts let one tap call another (to NULL: the host) by an entry of allow. */
bool plan_allows(const struct facts *want, const char *tap, const char *to, uint8_t protocol, uint16_t port);

#endif
