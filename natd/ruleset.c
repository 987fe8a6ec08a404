/*
 * The nft tables; see ruleset.h.
 *
 * A packet from a tap must bear that guest's MAC and address (guard, and the ARP table). What comes for one
 * of the host's own addresses, and only that, is looked up in the maps (ports): by port alone, a guest's own
 * connection to somebody's port 443 would be turned back. Then closed doors: from a tap to the outside, to a
 * translated port, or to the proxy, and nowhere else.
 */
#include "natd/ruleset.h"
#include "natd/feature.h"

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter_arp.h>

/* nft's numbers of data types; a concatenation is six bits for each part. */
enum {
	T_IP4 = 7,
	T_IP6 = 8,
	T_ETHER = 9,
	T_PROTO = 12,
	T_PORT = 13,
	T_IFNAME = 41,
};
#define T2(a, b) ((a) << 6 | (b))
#define T3(a, b, c) ((a) << 12 | (b) << 6 | (c))
#define T4(a, b, c, d) ((a) << 18 | (b) << 12 | (c) << 6 | (d))

#define SET(family, name, text, type, len, flags)                                                            \
	{                                                                                                    \
		family, name, text,                                                                          \
		{                                                                                            \
			type, len, 0, 0, flags                                                               \
		}                                                                                            \
	}
#define LIMITS(name)                                                                                         \
	{                                                                                                    \
		FAMILY_INET, name, "ifname : limit",                                                         \
		{                                                                                            \
			T_IFNAME, 16, NFT_OBJECT_LIMIT, 0, NFT_SET_OBJECT                                    \
		}                                                                                            \
	}
#define MAP(name, text, type, len, dtype, dlen, flags)                                                       \
	{                                                                                                    \
		FAMILY_INET, name, text,                                                                     \
		{                                                                                            \
			type, len, dtype, dlen, NFT_SET_MAP | (flags)                                        \
		}                                                                                            \
	}

/*
 * Ranges of ports stand in four maps, by their first port: newer kernels (6.18.44 does) walk through all of a map to
 * change one element of it.
 */
#define QUARTERS(what, name) what(name), what(name "_16384"), what(name "_32768"), what(name "_49152")
#define PORTS4(name) MAP(name, "inet_service : ipv4_addr", T_PORT, 2, T_IP4, 4, NFT_SET_INTERVAL)
#define PORTS6(name) MAP(name, "inet_service : ipv6_addr", T_PORT, 2, T_IP6, 16, NFT_SET_INTERVAL)
#define NAME(name) name

const struct ruleset_set ruleset_sets[] = {
    SET(FAMILY_INET, "taps", "ifname", T_IFNAME, 16, 0),
    SET(FAMILY_INET, "wan", "ifname", T_IFNAME, 16, 0),
    SET(FAMILY_INET, "masq6", "ifname", T_IFNAME, 16, 0),
    SET(FAMILY_INET, "self", "ifname . ifname", T2(T_IFNAME, T_IFNAME), 32, 0),
    SET(FAMILY_INET, "mac", "ifname . ether_addr", T2(T_IFNAME, T_ETHER), 24, 0),
    SET(FAMILY_INET, "src4", "ifname . ipv4_addr", T2(T_IFNAME, T_IP4), 20, 0),
    SET(FAMILY_INET, "src6", "ifname . ipv6_addr", T2(T_IFNAME, T_IP6), 32, 0),
    SET(FAMILY_INET, "hostok", "inet_proto . inet_service", T2(T_PROTO, T_PORT), 8, 0),
    SET(FAMILY_INET, "peers", "ifname . ifname", T2(T_IFNAME, T_IFNAME), 32, 0),
    SET(FAMILY_INET, "peer_ports", "ifname . ifname . inet_proto . inet_service",
	T4(T_IFNAME, T_IFNAME, T_PROTO, T_PORT), 40, 0),
    SET(FAMILY_INET, "host_all", "ifname", T_IFNAME, 16, 0),
    SET(FAMILY_INET, "host_ports", "ifname . inet_proto . inet_service", T3(T_IFNAME, T_PROTO, T_PORT), 24,
	0),
    SET(FAMILY_INET, "stay", "inet_proto . inet_service", T2(T_PROTO, T_PORT), 8, 0),
    SET(FAMILY_INET, "reserved", "inet_service", T_PORT, 2, NFT_SET_INTERVAL),
    SET(FAMILY_INET, "cut", "ifname", T_IFNAME, 16, 0),
    LIMITS("slow_from"),
    LIMITS("slow_to"),
    SET(FAMILY_INET, "flows", "ifname", T_IFNAME, 16, NFT_SET_EVAL),
    QUARTERS(PORTS4, "tcp4"),
    QUARTERS(PORTS4, "udp4"),
    QUARTERS(PORTS6, "tcp6"),
    QUARTERS(PORTS6, "udp6"),
    MAP("one4", "inet_proto . inet_service : ipv4_addr . inet_service", T2(T_PROTO, T_PORT), 8,
	T2(T_IP4, T_PORT), 8, 0),
    MAP("one6", "inet_proto . inet_service : ipv6_addr . inet_service", T2(T_PROTO, T_PORT), 8,
	T2(T_IP6, T_PORT), 20, 0),
    MAP("rest4", "ifname : ipv4_addr", T_IFNAME, 16, T_IP4, 4, 0),
    MAP("rest6", "ifname : ipv6_addr", T_IFNAME, 16, T_IP6, 16, 0),
    SET(FAMILY_INET, "gates4", "ipv4_addr", T_IP4, 4, 0),
    SET(FAMILY_INET, "gates6", "ipv6_addr", T_IP6, 16, 0),
    SET(FAMILY_ARP, "taps", "ifname", T_IFNAME, 16, 0),
    SET(FAMILY_ARP, "arp4", "ifname . ether_addr . ipv4_addr", T3(T_IFNAME, T_ETHER, T_IP4), 28, 0),
};
const size_t ruleset_n_sets = sizeof(ruleset_sets) / sizeof(*ruleset_sets);

const char *const ruleset_counters_inet[] = {
    "spoofed",
    "invalid",
    "too_many",
    "guest_to_guest",
    "guest_to_host",
    "guest_elsewhere",
    "to_guest",
    "cut",
    "throttled",
    NULL,
};
const char *const ruleset_counters_arp[] = {"spoofed", NULL};

#define NUMBER(n) NUMBER_(n)
#define NUMBER_(n) #n
#define LIMIT 16384
_Static_assert(LIMIT == GUEST_FLOWS_MAX, "the rules' limit is the named one");

#define RULES(...)                                                                                           \
	(const char *const[])                                                                                \
	{                                                                                                    \
		__VA_ARGS__, NULL                                                                            \
	}
#define BASE(type, hook, priority)                                                                           \
	{                                                                                                    \
		1, hook, priority, NF_ACCEPT, type                                                           \
	}
#define JUMPED                                                                                               \
	{                                                                                                    \
		0                                                                                            \
	}

#define TO_TCP4(map) "meta nfproto ipv4 dnat ip to tcp dport map @" map
#define TO_UDP4(map) "meta nfproto ipv4 dnat ip to udp dport map @" map
#define TO_TCP6(map) "meta nfproto ipv6 dnat ip6 to tcp dport map @" map
#define TO_UDP6(map) "meta nfproto ipv6 dnat ip6 to udp dport map @" map

const struct ruleset_chain ruleset_chains[] = {
    {FAMILY_INET, "guard", BASE("filter", NF_INET_PRE_ROUTING, -305),
	RULES("iifname @taps jump spoof", "iifname @cut counter name cut drop",
	    "limit name iifname map @slow_from counter name throttled drop")},
    {FAMILY_INET, "spoof", JUMPED,
	RULES("iifname . ether saddr != @mac counter name spoofed drop",
	    "icmpv6 type nd-router-advert counter name spoofed drop",
	    "icmpv6 type nd-redirect counter name spoofed drop",
	    "icmp type redirect counter name spoofed drop",
	    "udp sport 67 udp dport 68 counter name spoofed drop",
	    "udp sport 547 udp dport 546 counter name spoofed drop", "iifname . ip saddr @src4 return",
	    "iifname . ip6 saddr @src6 return", "ip6 saddr fe80::/64 return", "ip6 saddr :: return",
	    "counter name spoofed drop")},
    /* A forwarded flow may bear the addresses and ports of a connection the proxy closed a minute ago. */
    {FAMILY_INET, "return_path", BASE("filter", NF_INET_PRE_ROUTING, -150),
	RULES(
	    "iifname @taps ct status dnat return", "iifname @taps socket transparent 1 meta mark set 0x75")},
    {FAMILY_INET, "nat_in", BASE("nat", NF_INET_PRE_ROUTING, -105), RULES("fib daddr type local jump ports")},
    {FAMILY_INET, "nat_out", BASE("nat", NF_INET_LOCAL_OUT, -105),
	RULES("ip daddr 127.0.0.0/8 return", "ip6 daddr ::1 return", "fib daddr type local jump ports")},
    {FAMILY_INET, "ports", JUMPED,
	RULES("tcp dport @reserved return", "udp dport @reserved return",
	    "meta l4proto . th dport @stay return", QUARTERS(TO_TCP4, "tcp4"), QUARTERS(TO_UDP4, "udp4"),
	    "meta nfproto ipv4 dnat ip to meta l4proto . th dport map @one4", QUARTERS(TO_TCP6, "tcp6"),
	    QUARTERS(TO_UDP6, "udp6"), "meta nfproto ipv6 dnat ip6 to meta l4proto . th dport map @one6",
	    "iifname @wan jump rest", "iifname @taps jump rest")},
    /*
     * What a socket of the host's own is open for stays here; DHCP's answers come to no socket. The host's address on
     * the taps is the guests' way to the host alone, where nobody is to take what it does not answer.
     */
    {FAMILY_INET, "rest", JUMPED,
	RULES("ip daddr @gates4 return", "ip6 daddr @gates6 return", "ip6 daddr fe80::/64 return",
	    "socket transparent 0 return", "socket transparent 1 return", "icmp type echo-request return",
	    "icmpv6 type echo-request return", "udp dport 68 return", "udp dport 546 return",
	    "meta nfproto ipv4 dnat ip to iifname map @rest4",
	    "meta nfproto ipv6 dnat ip6 to iifname map @rest6")},
    {FAMILY_INET, "nat_post", BASE("nat", NF_INET_POST_ROUTING, 95),
	RULES("ct status dnat iifname . oifname @self masquerade",
	    "meta nfproto ipv4 iifname @taps oifname @wan masquerade",
	    "meta nfproto ipv6 iifname @taps oifname @masq6 masquerade")},
    /* All that goes to a tap, the host's own and the proxy's too. */
    {FAMILY_INET, "leave", BASE("filter", NF_INET_POST_ROUTING, 200),
	RULES("oifname @cut counter name cut drop",
	    "limit name oifname map @slow_to counter name throttled drop")},
    {FAMILY_INET, "through", BASE("filter", NF_INET_FORWARD, -5),
	RULES("iifname @taps jump from_guest", "oifname @taps jump to_guest")},
    /* Without the third, a guest could go on talking over a connection whose port was taken from it. */
    {FAMILY_INET, "from_guest", JUMPED,
	RULES("ct state established,related accept", "ct state invalid counter name invalid drop",
	    "ct state new tcp flags ! syn counter name invalid drop",
	    "add @flows { iifname ct count over " NUMBER(LIMIT) " } counter name too_many drop",
	    "oifname @taps ct status dnat accept", "iifname . oifname @peers accept",
	    "iifname . oifname . meta l4proto . th dport @peer_ports accept",
	    "oifname @taps counter name guest_to_guest drop", "oifname @wan accept",
	    "counter name guest_elsewhere drop")},
    {FAMILY_INET, "to_guest", JUMPED,
	RULES("ct state established,related accept", "ct state invalid counter name invalid drop",
	    "add @flows { oifname ct count over " NUMBER(LIMIT) " } counter name too_many drop",
	    "ct status dnat accept", "counter name to_guest drop")},
    {FAMILY_INET, "host_in", BASE("filter", NF_INET_LOCAL_IN, -5), RULES("iifname @taps jump to_host")},
    {FAMILY_INET, "to_host", JUMPED,
	RULES("ct state established,related accept", "icmpv6 type nd-router-solicit accept",
	    "icmpv6 type nd-neighbor-solicit accept", "icmpv6 type nd-neighbor-advert accept",
	    "ct state invalid counter name invalid drop",
	    "add @flows { iifname ct count over " NUMBER(LIMIT) " } counter name too_many drop",
	    "icmp type echo-request accept", "icmpv6 type echo-request accept",
	    "meta l4proto . th dport @hostok accept", "iifname @host_all accept",
	    "iifname . meta l4proto . th dport @host_ports accept", "counter name guest_to_host drop")},
    {FAMILY_ARP, "arp_in", BASE("filter", NF_ARP_IN, 0), RULES("iifname @taps jump arp_spoof")},
    {FAMILY_ARP, "arp_spoof", JUMPED,
	RULES("iifname . arp saddr ether . arp saddr ip @arp4 return", "counter name spoofed drop")},
};
const size_t ruleset_n_chains = sizeof(ruleset_chains) / sizeof(*ruleset_chains);

const struct ruleset_set *
ruleset_set(uint8_t family, const char *name)
{
	for (size_t i = 0; i < ruleset_n_sets; i++)
		if (ruleset_sets[i].family == family && strcmp(ruleset_sets[i].name, name) == 0)
			return &ruleset_sets[i];
	return NULL;
}

const char *
ruleset_ports(bool six, bool udp, uint16_t lo)
{
	static const char *const maps[2][2][4] = {
	    {{QUARTERS(NAME, "tcp4")}, {QUARTERS(NAME, "udp4")}},
	    {{QUARTERS(NAME, "tcp6")}, {QUARTERS(NAME, "udp6")}},
	};

	return maps[six][udp][lo >> 14];
}

const struct ruleset_chain *
ruleset_chain(uint8_t family, const char *name)
{
	for (size_t i = 0; i < ruleset_n_chains; i++)
		if (ruleset_chains[i].family == family && strcmp(ruleset_chains[i].name, name) == 0)
			return &ruleset_chains[i];
	return NULL;
}

static void
counter_facts(struct facts *out, uint8_t family, const char *const *names)
{
	for (; *names; names++) {
		struct fact counter = fact_of(FACT_COUNTER, family, *names);

		facts_add(out, &counter);
	}
}

static struct rules_value
rules_of(const struct ruleset_chain *chain, uint32_t missing)
{
	struct rules_value value = {0};

	for (const char *const *rule = chain->rules; *rule; rule++) {
		if (!feature_has_rule(*rule, missing))
			continue;
		value.digest = rules_fold(value.digest, rule_digest(*rule));
		value.n++;
	}
	return value;
}

uint32_t
ruleset_without(const struct fact *rules)
{
	const struct ruleset_chain *chain = ruleset_chain(rules->family, rules->name);
	struct rules_value want, value;

	memcpy(&want, rules->value, sizeof(want));
	for (uint32_t missing = 0; chain && missing <= FEATURE_ALL; missing++) {
		value = rules_of(chain, missing);
		if (value.digest == want.digest && value.n == want.n)
			return missing;
	}
	return 0;
}

static void
chain_facts(struct facts *out, const struct ruleset_chain *chain, uint32_t missing)
{
	struct fact fact = fact_of(FACT_CHAIN, chain->family, chain->name);
	struct fact rules = fact_of(FACT_RULES, chain->family, chain->name);
	struct rules_value value = rules_of(chain, missing);

	fact_value(&fact, &chain->value, sizeof(chain->value));
	facts_add(out, &fact);
	fact_value(&rules, &value, sizeof(value));
	facts_add(out, &rules);
}

void
ruleset_facts(struct facts *out, uint32_t table_flags, uint32_t missing)
{
	struct fact inet = fact_of(FACT_TABLE, FAMILY_INET, "lodge");
	struct fact arp = fact_of(FACT_TABLE, FAMILY_ARP, "lodge");

	if (missing & FEATURE_GUARD)
		table_flags = TABLE_PLAIN;
	fact_value(&inet, &table_flags, sizeof(table_flags));
	fact_value(&arp, &table_flags, sizeof(table_flags));
	facts_add(out, &inet);
	facts_add(out, &arp);
	counter_facts(out, FAMILY_INET, ruleset_counters_inet);
	counter_facts(out, FAMILY_ARP, ruleset_counters_arp);
	for (size_t i = 0; i < ruleset_n_sets; i++) {
		struct fact set = fact_of(FACT_SET, ruleset_sets[i].family, ruleset_sets[i].name);

		fact_value(&set, &ruleset_sets[i].value, sizeof(struct set_value));
		facts_add(out, &set);
	}
	for (size_t i = 0; i < ruleset_n_chains; i++)
		chain_facts(out, &ruleset_chains[i], missing);
}
