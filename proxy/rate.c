/* How many new connections a client makes in a second; see rate.h. */
#include "proxy/rate.h"

enum { TIME_BITS = 40, TRIES = 16 }; /* microseconds, for twelve days until they begin again */

#define TIME_MASK ((1ull << TIME_BITS) - 1)

/* How far ahead of now the bucket is full again; 0: it is. What lies further ahead than can be is long past. */
static uint64_t
ahead(uint64_t cell, uint64_t now, uint64_t most)
{
	uint64_t us = (cell - now) & TIME_MASK;

	return us <= most ? us : 0;
}

/* The key's own place, else the one whose bucket is full first. */
static uint64_t *
find(uint64_t *set, uint64_t tag, uint64_t now, uint64_t most)
{
	uint64_t *first = set, least = UINT64_MAX;

	for (int i = 0; i < RATE_WAYS; i++) {
		uint64_t cell = __atomic_load_n(&set[i], __ATOMIC_RELAXED), us = ahead(cell, now, most);

		if (cell >> TIME_BITS == tag)
			return &set[i];
		if (us < least) {
			least = us;
			first = &set[i];
		}
	}
	return first;
}

bool
rate_take(struct rate_table *t, const struct limit_key *key, uint64_t now_us, unsigned per_second)
{
	uint64_t h = limit_hash(key, t->seed), tag = h >> TIME_BITS, cost = RATE_SECOND_US / per_second;
	uint64_t *set = &t->cells[h % (RATE_CELLS / RATE_WAYS) * RATE_WAYS];

	for (int tries = 0; tries < TRIES; tries++) {
		uint64_t *cell = find(set, tag, now_us, RATE_SECOND_US);
		uint64_t have = __atomic_load_n(cell, __ATOMIC_RELAXED);
		uint64_t us = have >> TIME_BITS == tag ? ahead(have, now_us, RATE_SECOND_US) : 0;
		uint64_t want = tag << TIME_BITS | ((now_us + us + cost) & TIME_MASK);

		if (us + cost > RATE_SECOND_US)
			return false;
		if (__atomic_compare_exchange_n(cell, &have, want, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
			return true;
	}
	return true; /* others take from it as fast as we look */
}
