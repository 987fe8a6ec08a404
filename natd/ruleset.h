/*
 * What never changes of the nft tables: sets, chains and rules. All that the file decides is in the sets'
 * elements, so a reload moves elements only. A core. The rules are nft's own words, a part of them (rule.h).
 */
#ifndef NATD_RULESET_H
#define NATD_RULESET_H

#include "natd/fact.h"

enum {
	THROTTLE_BURST =
	    65536, /* bytes: the largest packet that segmentation offload makes has to pass whole */
};

enum { GUEST_FLOWS_MAX = 16384 }; /* connections of one guest, both ways, that the host tracks */

struct ruleset_set {
	uint8_t family;
	const char *name;
	const char *type; /* nft's words: "ifname . ether_addr", a map's with " : ipv4_addr" */
	struct set_value value;
};

struct ruleset_chain {
	uint8_t family;
	const char *name;
	struct chain_value value;
	const char *const *rules; /* ended by NULL */
};

extern const struct ruleset_set ruleset_sets[];
extern const size_t ruleset_n_sets;
extern const struct ruleset_chain ruleset_chains[];
extern const size_t ruleset_n_chains;

/* Why packets are dropped: the named counters of each family, ended by NULL. */
extern const char *const ruleset_counters_inet[];
extern const char *const ruleset_counters_arp[];

/* NULL: no such. */
const struct ruleset_set *ruleset_set(uint8_t family, const char *name);
const struct ruleset_chain *ruleset_chain(uint8_t family, const char *name);

/* The map that a range beginning with that port stands in. */
const char *ruleset_ports(bool six, bool udp, uint16_t lo);

/* Everything above as facts, but for what a kernel without those features (feature.h) cannot have. */
void ruleset_facts(struct facts *, uint32_t table_flags, uint32_t missing);

/* Of a fact of kind FACT_RULES as made above: the features without which its chain's rules are meant. */
uint32_t ruleset_without(const struct fact *rules);

#endif
