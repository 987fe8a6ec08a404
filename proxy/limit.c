/* How many connections a client has; see limit.h. Open addressing, at most half full. */
#include "proxy/limit.h"
#include "base/hash.h"

enum { IPV6_CLIENT_BYTES = 8, TRIES = 8 };

static size_t
slots_for(size_t keys)
{
	size_t slots = 16;

	while (slots < keys * 2)
		slots *= 2;
	return slots;
}

size_t
limit_bytes(size_t keys)
{
	return sizeof(struct limit_table) + slots_for(keys) * sizeof(struct limit_slot);
}

void
limit_init(struct limit_table *t, size_t keys, uint64_t seed)
{
	t->seed = seed;
	t->mask = (uint32_t)slots_for(keys) - 1;
}

struct limit_key
limit_client(const struct ip *ip)
{
	struct limit_key key = {.ip = *ip};

	if (ip->family == 6)
		memset(key.ip.b + IPV6_CLIENT_BYTES, 0, sizeof(key.ip.b) - IPV6_CLIENT_BYTES);
	return key;
}

uint64_t
limit_hash(const struct limit_key *key, uint64_t seed)
{
	return hash_mix(hash_bytes(seed, key->ip.b, sizeof(key->ip.b)) ^ key->ip.family);
}

static uint32_t
home(const struct limit_table *t, const struct limit_key *key)
{
	return (uint32_t)limit_hash(key, t->seed) & t->mask;
}

static bool
same(const struct limit_key *a, const struct limit_key *b)
{
	return ip_cmp(&a->ip, &b->ip) == 0;
}

/* Where the key is, or the free slot where it would be. Bounded, also while another process writes. */
static uint32_t
find(const struct limit_table *t, const struct limit_key *key)
{
	uint32_t i = home(t, key);

	for (uint32_t n = 0; n < t->mask && t->slots[i].key.ip.family && !same(&t->slots[i].key, key); n++)
		i = (i + 1) & t->mask;
	return i;
}

uint32_t
limit_count(const struct limit_table *t, const struct limit_key *key)
{
	for (int try = 0; try < TRIES; try++) {
		uint32_t writes = __atomic_load_n(&t->writes, __ATOMIC_ACQUIRE), n = 0;
		const struct limit_slot *slot = &t->slots[find(t, key)];

		if (same(&slot->key, key))
			n = __atomic_load_n(&slot->n, __ATOMIC_RELAXED);
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
		if (writes % 2 == 0 && __atomic_load_n(&t->writes, __ATOMIC_RELAXED) == writes)
			return n;
	}
	return 0;
}

static void
begin_moving(struct limit_table *t)
{
	__atomic_store_n(&t->writes, t->writes + 1, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_RELEASE);
}

static void
end_moving(struct limit_table *t)
{
	__atomic_store_n(&t->writes, t->writes + 1, __ATOMIC_RELEASE);
}

int
limit_add(struct limit_table *t, const struct limit_key *key)
{
	struct limit_slot *slot = &t->slots[find(t, key)];

	if (same(&slot->key, key)) {
		__atomic_store_n(&slot->n, slot->n + 1, __ATOMIC_RELAXED);
		return 0;
	}
	if (t->used > t->mask / 2)
		return -1;
	begin_moving(t);
	slot->n = 1;
	slot->key = *key;
	end_moving(t);
	t->used++;
	return 0;
}

/* Close the gap at i: whoever was pushed past it moves back. */
static void
close_gap(struct limit_table *t, uint32_t i)
{
	for (uint32_t k = (i + 1) & t->mask; t->slots[k].key.ip.family; k = (k + 1) & t->mask) {
		uint32_t from_home = (k - home(t, &t->slots[k].key)) & t->mask;

		if (from_home < ((k - i) & t->mask))
			continue;
		t->slots[i] = t->slots[k];
		i = k;
	}
	t->slots[i] = (struct limit_slot){0};
}

void
limit_remove(struct limit_table *t, const struct limit_key *key)
{
	uint32_t i = find(t, key);

	if (!same(&t->slots[i].key, key))
		return;
	__atomic_store_n(&t->slots[i].n, t->slots[i].n - 1, __ATOMIC_RELAXED);
	if (t->slots[i].n > 0)
		return;
	begin_moving(t);
	close_gap(t, i);
	end_moving(t);
	t->used--;
}
