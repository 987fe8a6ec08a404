/*
 * How many connections a client has. A core: a table of counters in memory of the caller's.
 *
 * Each worker writes only its own table and reads all of them (they lie in shared memory): what a worker counted
 * goes with it when it dies, and nobody waits for anybody. A reader who meets a writer that moves slots looks again, a
 * few times, and then takes what it looked for as not there: so a ceiling may be passed by as many connections as are
 * accepted in the same instant, but nobody is ever taken for somebody else.
 */
#ifndef PROXY_LIMIT_H
#define PROXY_LIMIT_H

#include "base/addr.h"

struct limit_key {
	struct ip ip;
};

struct limit_slot {
	struct limit_key key; /* family 0: free */
	uint32_t n;
};

struct limit_table {
	uint64_t seed; /* random: strangers choose keys */
	uint32_t mask, used;
	uint32_t writes; /* odd: slots are being moved */
	struct limit_slot slots[];
};

/* A table for so many different keys, and its memory, which is all zero at first. */
size_t limit_bytes(size_t keys);
void limit_init(struct limit_table *, size_t keys, uint64_t seed);

/* The key of a client: its address, or for IPv6 its /64. */
struct limit_key limit_client(const struct ip *);
uint64_t limit_hash(const struct limit_key *, uint64_t seed);

uint32_t limit_count(const struct limit_table *, const struct limit_key *);
/* One more. -1: the table is full. */
int limit_add(struct limit_table *, const struct limit_key *);
/* One less of what was added. */
void limit_remove(struct limit_table *, const struct limit_key *);

#endif
