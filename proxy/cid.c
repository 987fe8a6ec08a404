/* Whose a connection id is; see cid.h. Buckets of a few; a reader who meets a writer looks again, then gives up. */
#include "proxy/cid.h"
#include "base/hash.h"

enum { TRIES = 4 };

static size_t
buckets_for(size_t ids)
{
	size_t n = 1;

	while (n * CID_WAYS < ids * 2)
		n *= 2;
	return n;
}

size_t
cid_bytes(size_t ids)
{
	return sizeof(struct cid_table) + buckets_for(ids) * sizeof(struct cid_bucket);
}

void
cid_init(struct cid_table *t, size_t ids, uint64_t seed)
{
	t->seed = seed;
	t->mask = (uint32_t)buckets_for(ids) - 1;
}

static size_t
bucket_of(uint64_t seed, uint32_t mask, struct span id)
{
	return hash_bytes(seed, id.ptr, id.len) & mask;
}

static bool
is(const struct cid_entry *e, struct span id)
{
	return span_eq(span_of(e->id, e->len), id);
}

static bool
fits(struct span id)
{
	return id.len >= CID_MIN && id.len <= QUIC_CID_MAX;
}

/* A writer that died in the middle left it odd. */
static void
begin(struct cid_bucket *b)
{
	__atomic_store_n(&b->writes, b->writes | 1, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_RELEASE);
}

static void
end(struct cid_bucket *b)
{
	__atomic_store_n(&b->writes, b->writes + 1, __ATOMIC_RELEASE);
}

static struct cid_entry *
place(struct cid_bucket *b, struct span id)
{
	struct cid_entry *oldest = &b->entries[0];

	for (size_t i = 0; i < CID_WAYS; i++)
		if (is(&b->entries[i], id))
			return &b->entries[i];
	for (size_t i = 0; i < CID_WAYS; i++) {
		if (b->entries[i].len == 0)
			return &b->entries[i];
		if (b->entries[i].order < oldest->order)
			oldest = &b->entries[i];
	}
	return oldest;
}

void
cid_put(struct cid_table *t, struct span id, const struct ip *guest, uint64_t owner)
{
	struct cid_bucket *b;
	struct cid_entry *e;

	if (!fits(id))
		return;
	b = &t->buckets[bucket_of(t->seed, t->mask, id)];
	e = place(b, id);
	begin(b);
	*e = (struct cid_entry){.len = (uint8_t)id.len, .guest = *guest, .owner = owner, .order = ++t->order};
	memcpy(e->id, id.ptr, id.len);
	end(b);
	__atomic_or_fetch(&t->lengths, 1u << id.len, __ATOMIC_RELAXED);
}

void
cid_drop(struct cid_table *t, struct span id, uint64_t owner)
{
	struct cid_bucket *b;

	if (!fits(id))
		return;
	b = &t->buckets[bucket_of(t->seed, t->mask, id)];
	for (size_t i = 0; i < CID_WAYS; i++) {
		if (!is(&b->entries[i], id) || b->entries[i].owner != owner)
			continue;
		begin(b);
		b->entries[i] = (struct cid_entry){0};
		end(b);
	}
}

static bool
look(const struct cid_table *t, struct span id, struct cid_entry *out)
{
	const struct cid_bucket *b = &t->buckets[bucket_of(t->seed, t->mask, id)];

	for (int try = 0; try < TRIES; try++) {
		uint32_t writes = __atomic_load_n(&b->writes, __ATOMIC_ACQUIRE);
		bool found = false;

		for (size_t i = 0; i < CID_WAYS && !found; i++) {
			struct cid_entry e = b->entries[i];

			found = is(&e, id);
			*out = e;
		}
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
		if (writes % 2 == 0 && __atomic_load_n(&b->writes, __ATOMIC_RELAXED) == writes)
			return found;
	}
	return false;
}

bool
cid_owner(struct cid_table *const *tables, size_t n, struct span id, uint64_t *owner)
{
	struct cid_entry e;

	for (size_t i = 0; i < n; i++) {
		if (!look(tables[i], id, &e))
			continue;
		*owner = e.owner;
		return true;
	}
	return false;
}

bool
cid_find(struct cid_table *const *tables, size_t n, struct span dcid, struct ip *guest, size_t *len)
{
	struct cid_entry e;
	uint32_t lengths = 0;

	for (size_t i = 0; i < n; i++)
		lengths |= __atomic_load_n(&tables[i]->lengths, __ATOMIC_RELAXED);
	for (size_t bytes = QUIC_CID_MAX; bytes >= CID_MIN; bytes--) {
		if (!(lengths & 1u << bytes) || dcid.len < bytes)
			continue;
		for (size_t i = 0; i < n; i++) {
			if (look(tables[i], span_first(dcid, bytes), &e)) {
				*guest = e.guest;
				*len = bytes;
				return true;
			}
		}
	}
	return false;
}
