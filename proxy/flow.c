/* Which flow a datagram belongs to; see flow.h. Chains by address, and a list by age for every class. */
#include "proxy/flow.h"
#include "base/hash.h"

#include <stdlib.h>

struct flow_table *
flow_table_new(size_t max, uint64_t seed)
{
	size_t slots = 16;
	struct flow_table *t;

	while (slots < max)
		slots *= 2;
	t = calloc(1, sizeof(*t) + slots * sizeof(t->slots[0]));
	if (!t)
		return NULL;
	t->seed = seed;
	t->max = max;
	t->mask = (uint32_t)slots - 1;
	return t;
}

void
flow_table_free(struct flow_table *t)
{
	free(t);
}

static uint64_t
hash_addr(uint64_t seed, const struct addr *a)
{
	return hash_mix(hash_bytes(seed, a->ip.b, sizeof(a->ip.b)) ^ (uint64_t)a->port << 8 ^ a->ip.family);
}

static struct quic_flow **
slot_of(struct flow_table *t, const struct flow_key *key)
{
	return &t->slots[hash_addr(hash_addr(t->seed, &key->client), &key->local) & t->mask];
}

void
flow_name(uint64_t seed, const struct flow_key *key, struct span dcid, uint8_t out[FLOW_NAME])
{
	uint64_t halves[2];

	for (unsigned i = 0; i < 2; i++)
		halves[i] = hash_bytes(
		    hash_addr(hash_addr(hash_mix(seed + i), &key->client), &key->local), dcid.ptr, dcid.len);
	memcpy(out, halves, FLOW_NAME);
}

static bool
same_addr(const struct addr *a, const struct addr *b)
{
	return a->port == b->port && ip_cmp(&a->ip, &b->ip) == 0;
}

static bool
same_key(const struct flow_key *a, const struct flow_key *b)
{
	return same_addr(&a->client, &b->client) && same_addr(&a->local, &b->local);
}

/* --- lists by age -------------------------------------------------------------------------------------------- */

static void
list_take(struct flow_table *t, struct quic_flow *f)
{
	*(f->older ? &f->older->newer : &t->oldest[f->class]) = f->newer;
	*(f->newer ? &f->newer->older : &t->newest[f->class]) = f->older;
	t->of_class[f->class]--;
}

static void
list_put(struct flow_table *t, struct quic_flow *f)
{
	f->older = t->newest[f->class];
	f->newer = NULL;
	*(f->older ? &f->older->newer : &t->oldest[f->class]) = f;
	t->newest[f->class] = f;
	t->of_class[f->class]++;
}

int
flow_add(struct flow_table *t, struct quic_flow *f, enum flow_class class, struct span dcid, double now)
{
	struct quic_flow **slot = slot_of(t, &f->key);

	if (t->n == t->max || dcid.len > QUIC_CID_MAX)
		return -1;
	f->class = (uint8_t) class;
	f->touched = now;
	f->n_ids = 1;
	f->ids[0].len = (uint8_t)dcid.len;
	if (dcid.len)
		memcpy(f->ids[0].b, dcid.ptr, dcid.len);
	f->next_in_slot = *slot;
	*slot = f;
	list_put(t, f);
	t->n++;
	return 0;
}

void
flow_remove(struct flow_table *t, struct quic_flow *f)
{
	struct quic_flow **link = slot_of(t, &f->key);

	while (*link != f)
		link = &(*link)->next_in_slot;
	*link = f->next_in_slot;
	list_take(t, f);
	t->n--;
}

void
flow_touch(struct flow_table *t, struct quic_flow *f, double now)
{
	f->touched = now;
	if (t->newest[f->class] == f)
		return;
	list_take(t, f);
	list_put(t, f);
}

void
flow_become(struct flow_table *t, struct quic_flow *f, enum flow_class class, double now)
{
	list_take(t, f);
	f->class = (uint8_t) class;
	f->touched = now;
	list_put(t, f);
}

/* --- ids ------------------------------------------------------------------------------------------------------ */

/* How well a packet fits: -1 not at all, else the number of the id that fits best, most of them first. */
static int
match(const struct quic_flow *f, const struct quic_packet *p)
{
	int best = -1;

	for (int i = 0; i < f->n_ids; i++) {
		const struct flow_id *id = &f->ids[i];
		bool is_short = p->kind == QUIC_SHORT;

		if (is_short && i == 0)
			continue; /* nobody sends to it any more */
		if (p->dcid.len < id->len || (!is_short && p->dcid.len != id->len) ||
		    (id->len && memcmp(p->dcid.ptr, id->b, id->len) != 0))
			continue;
		if (best == -1 || id->len >= f->ids[best].len)
			best = i;
	}
	return best;
}

static bool
better(const struct quic_flow *a, int a_id, const struct quic_flow *b, int b_id)
{
	if (!b)
		return true;
	if ((a_id == -1) != (b_id == -1))
		return a_id != -1;
	if (a_id != -1 && a->ids[a_id].len != b->ids[b_id].len)
		return a->ids[a_id].len > b->ids[b_id].len;
	return a->touched > b->touched;
}

struct quic_flow *
flow_find(struct flow_table *t, const struct flow_key *key, const struct quic_packet *p, double now)
{
	struct quic_flow *best = NULL;
	int best_id = -1;

	for (struct quic_flow *f = *slot_of(t, key); f; f = f->next_in_slot) {
		int id;

		if (!same_key(&f->key, key))
			continue;
		id = match(f, p);
		if (id == -1 && (p->kind != QUIC_SHORT || f->class < FLOW_UNPROVEN))
			continue;
		if (better(f, id, best, best_id))
			best = f, best_id = id;
	}
	if (best && best->class != FLOW_REFUSED)
		flow_touch(t, best, now);
	if (best &&
	    (best->class == FLOW_QUIET || (best->class == FLOW_UNPROVEN && best->answered && best_id > 0)))
		flow_become(t, best, FLOW_PROVEN, now);
	return best;
}

struct quic_flow *
flow_other(struct flow_table *t, const struct quic_flow *than,
    bool (*is)(const struct quic_flow *, const void *), const void *arg)
{
	for (struct quic_flow *f = *slot_of(t, &than->key); f; f = f->next_in_slot)
		if (f != than && same_key(&f->key, &than->key) && is(f, arg))
			return f;
	return NULL;
}

bool
flow_learn(struct quic_flow *f, const struct quic_packet *p)
{
	f->answered = true;
	if (p->kind == QUIC_SHORT || p->version == 0 || p->scid.len > QUIC_CID_MAX)
		return false;
	for (int i = 1; i < f->n_ids; i++)
		if (span_eq(span_of(f->ids[i].b, f->ids[i].len), p->scid))
			return false;
	if (f->n_ids == FLOW_IDS)
		memmove(&f->ids[1], &f->ids[2], (FLOW_IDS - 2) * sizeof(f->ids[0]));
	else
		f->n_ids++;
	f->ids[f->n_ids - 1].len = (uint8_t)p->scid.len;
	if (p->scid.len)
		memcpy(f->ids[f->n_ids - 1].b, p->scid.ptr, p->scid.len);
	return true;
}

/* --- making room --------------------------------------------------------------------------------------------- */

struct quic_flow *
flow_victim(const struct flow_table *t)
{
	for (int class = 0; class < FLOW_PROVEN; class ++)
		if (t->oldest[class])
			return t->oldest[class];
	return NULL;
}

struct quic_flow *
flow_expired(const struct flow_table *t, double now, const double idle_s[FLOW_CLASSES])
{
	for (int class = 0; class < FLOW_CLASSES; class ++)
		if (t->oldest[class] && now - t->oldest[class]->touched >= idle_s[class])
			return t->oldest[class];
	return NULL;
}
