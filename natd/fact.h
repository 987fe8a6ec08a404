/*
 * One fact about the kernel's network: the vocabulary of natd. What is wanted (plan.h), what is there
 * (link.h, nft.h) and what to do about it (diff.h) are lists of the same facts, so they compare whole. A core.
 *
 * kind, family, name and key say which fact it is; value says what is true of it. Unused bytes are zero.
 */
#ifndef NATD_FACT_H
#define NATD_FACT_H

#include "base/addr.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	FACT_NAME = 64, /* bytes of a device, set, chain or sysctl path, NUL included */
	FACT_KEY = 40,
	FACT_VALUE = 56,
	FACT_ALIAS = 40, /* "lodge:" and a guest's name, NUL included */
	LODGE_PROTO = 117, /* rtm_protocol and FRA_PROTOCOL of what is ours: so we find it again */
	LODGE_TABLE = 117, /* routing table of the transparent return path */
	LODGE_MARK = 0x75, /* packets for a transparent socket, under LODGE_MARK_MASK */
	LODGE_MARK_MASK = 0xff,
	LODGE_PREF = 11700, /* first policy rule */
};

/* An nft table's flags. Guarded, only its owner changes it; when that dies it persists, and may be adopted. */
enum { TABLE_PLAIN = 0, TABLE_ORPHAN = 4, TABLE_GUARDED = 6 };

#define LODGE_ALIAS "lodge:"

/* In the order in which they are made; they are undone in reverse. */
enum fact_kind {
	FACT_TAP, /* name: device;   value: struct tap_value */
	FACT_SYSCTL, /* name: path below /proc/sys; value: text. Set, never undone */
	FACT_ADDRESS, /* name: device;   key: struct net */
	FACT_ROUTE, /* key: struct route_key; value: struct route_value */
	FACT_POLICY, /* key: preference, u32; value: struct policy_value */
	FACT_NEIGHBOUR, /* name: device;   key: struct ip, for which the host answers there */
	FACT_TABLE, /* the nft table "lodge"; value: its flags, u32 (a dormant one filters nothing) */
	FACT_COUNTER, /* name: a named counter */
	FACT_LIMIT, /* name: a named limit; value: struct limit_value */
	FACT_SET, /* name: set or map; value: struct set_value */
	FACT_CHAIN, /* name: chain;    value: struct chain_value */
	FACT_ELEMENT, /* name: its set;  key: bytes (an interval: lo hi); value: the map's data */
	FACT_RULES, /* name: chain;    value: struct rules_value, of all its rules in order */
	FACT_KINDS
};

enum { FAMILY_NONE = 0, FAMILY_INET = 1, FAMILY_ARP = 3, FAMILY_IP4 = 4, FAMILY_IP6 = 6 };

struct tap_value {
	uint32_t uid;
	uint32_t up;
	char alias[FACT_ALIAS];
};

struct route_key {
	struct net to;
	uint8_t pad[2]; /* zero: compared like the rest */
	uint32_t table;
};

struct route_value {
	uint32_t type; /* RTN_UNICAST or RTN_LOCAL */
	char device[16];
};

struct policy_value {
	uint32_t table, mark, mask;
	char device[16]; /* iif, or "" */
};

struct set_value {
	/* As nft names types; data_len 0: a set, or with NFT_SET_OBJECT a map to objects of data_type. */
	uint32_t key_type, key_len, data_type, data_len, flags;
};

struct limit_value {
	uint64_t bytes_s; /* what goes beyond matches */
	uint32_t burst; /* bytes that may go at once, apart from a second's worth */
	uint32_t pad;
};

struct chain_value {
	uint32_t base; /* 0: reached by jumps only, the rest is zero */
	uint32_t hook;
	int32_t priority;
	uint32_t policy;
	char type[16];
};

struct rules_value {
	uint64_t digest;
	uint32_t n;
	uint32_t pad;
};

struct fact {
	/* Which, in the order in which facts are sorted, then what. */
	uint8_t kind, family;
	char name[FACT_NAME];
	uint8_t key[FACT_KEY];
	uint8_t key_len;
	uint8_t value[FACT_VALUE];
	uint8_t value_len;
};

struct facts {
	struct fact *list;
	size_t n, room;
	bool failed; /* memory ran out: the list is not to be believed */
};

/* A fact of that name; the caller fills key and value through the two below. name is cut to fit. */
struct fact fact_of(enum fact_kind, uint8_t family, const char *name);
void fact_key(struct fact *, const void *, size_t);
void fact_value(struct fact *, const void *, size_t);

void facts_add(struct facts *, const struct fact *);
void facts_join(struct facts *, const struct fact *list, size_t n); /* behind those that are there */
void facts_sort(struct facts *); /* by fact_cmp; of equal keys the least value stays */
void facts_free(struct facts *);

int fact_cmp(const struct fact *, const struct fact *); /* which: kind, family, name, key */
bool fact_same(const struct fact *, const struct fact *); /* which and what */

static inline bool
fact_is_nft(const struct fact *fact)
{
	return fact->kind >= FACT_TABLE;
}

/* A guarded table whose owner died becomes ours as it is, with all that is in it. */
bool fact_is_adoption(const struct fact *have, const struct fact *want);

/* Forwarding makes the kernel forget what router advertisements told, so accept_ra=2 stands before it. */
bool fact_is_late(const struct fact *);

/* Raised when rule.c or field.c make other expressions of the same words: what runs is then made again. */
enum { RULE_VERSION = 1 };

/* A rule's text and that version → the number that stands for it; and of a chain's rules, folded in order from 0. */
uint64_t rule_digest(const char *text);
uint64_t rules_fold(uint64_t digest, uint64_t rule);

#endif
