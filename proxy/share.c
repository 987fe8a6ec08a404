/* What the workers and their supervisor see of each other; see share.h. */
#include "proxy/share.h"

#include <sys/mman.h>
#include <sys/random.h>

static const char *const drop_names[] = {
    [DROP_TOO_LONG] = "too_long",
    [DROP_TOO_SHORT] = "too_short",
    [DROP_UNKNOWN_VERSION] = "unknown_version",
    [DROP_MALFORMED] = "malformed",
    [DROP_NO_FLOW] = "no_flow",
    [DROP_REFUSED] = "refused",
    [DROP_NO_ROOM] = "no_room",
    [DROP_TO_GUEST] = "to_guest",
    [DROP_TO_CLIENT] = "to_client",
};
_Static_assert(sizeof(drop_names) / sizeof(drop_names[0]) == DROPS, "every drop has a name");

const char *
drop_name(enum drop drop)
{
	return drop_names[drop];
}

static void *
shared(size_t bytes)
{
	void *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return at == MAP_FAILED ? NULL : at;
}

struct share *
share_open(unsigned workers, size_t sessions, size_t flows)
{
	struct share *share = shared(sizeof(*share));
	size_t keys;
	uint64_t seed;

	if (!share || getrandom(&seed, sizeof(seed), 0) != sizeof(seed))
		return NULL;
	share->n_workers = workers;
	share->generation = share->writing = 1;
	share->sessions = sessions < SHARE_SESSIONS_MAX ? sessions : SHARE_SESSIONS_MAX;
	share->flows = flows < SHARE_FLOWS_MAX ? flows : SHARE_FLOWS_MAX;
	keys = share->sessions + share->flows;
	for (unsigned i = 0; i < workers; i++) {
		share->workers[i].limits = shared(limit_bytes(keys));
		share->workers[i].guests = shared(SEATS_MAX * sizeof(struct share_guest));
		share->workers[i].cids = shared(cid_bytes(share->flows * SHARE_FLOW_IDS));
		if (!share->workers[i].limits || !share->workers[i].guests || !share->workers[i].cids)
			return NULL;
		cid_init(share->workers[i].cids, share->flows * SHARE_FLOW_IDS, seed);
		limit_init(share->workers[i].limits, keys, seed);
	}
	return share;
}

void
share_clear(struct share *share, unsigned worker)
{
	struct share_worker *w = &share->workers[worker];
	size_t keys = share->sessions + share->flows;
	uint64_t seed = w->limits->seed;

	w->open = w->held_bytes = w->quic.open = 0;
	for (size_t i = 0; i < SEATS_MAX; i++)
		w->guests[i].open = 0;
	/* Gives the pages back, which are zero when they are next touched. */
	if (madvise(w->limits, limit_bytes(keys), MADV_REMOVE) == -1)
		memset(w->limits, 0, limit_bytes(keys));
	limit_init(w->limits, keys, seed);
}

/* No worker has rules that name it, and none has a connection of it. */
static bool
is_left(const struct share *share, const struct seat *seat, size_t number)
{
	if (!seat->name[0] || !seat->left || share_guest_open(share, number) > 0)
		return false;
	for (unsigned i = 0; i < share->n_workers; i++)
		if (__atomic_load_n(&share->workers[i].generation, __ATOMIC_ACQUIRE) < seat->left)
			return false;
	return true;
}

void
share_seat(struct share *share, struct seats *seats, const struct conf *conf, uint64_t generation)
{
	for (size_t i = SEAT_NONE + 1; i < seats->n; i++) {
		if (!is_left(share, &seats->list[i], i))
			continue;
		for (unsigned k = 0; k < share->n_workers; k++)
			share->workers[k].guests[i] = (struct share_guest){0};
		seats_free(seats, i);
	}
	seats_take(seats, conf, generation);
	memcpy(share->seat_of, seats->of_guest, sizeof(share->seat_of));
}

uint64_t
share_open_count(const struct share *share)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < share->n_workers; i++)
		n += __atomic_load_n(&share->workers[i].open, __ATOMIC_RELAXED);
	return n;
}

uint64_t
share_flow_count(const struct share *share)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < share->n_workers; i++)
		n += __atomic_load_n(&share->workers[i].quic.open, __ATOMIC_RELAXED);
	return n;
}

uint32_t
share_limit_count(const struct share *share, const struct limit_key *key)
{
	uint32_t n = 0;

	for (unsigned i = 0; i < share->n_workers; i++)
		n += limit_count(share->workers[i].limits, key);
	return n;
}

uint64_t
share_guest_open(const struct share *share, size_t seat)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < share->n_workers; i++)
		n += __atomic_load_n(&share->workers[i].guests[seat].open, __ATOMIC_RELAXED);
	return n;
}

struct share_guest
share_guest_sum(const struct share *share, size_t seat)
{
	struct share_guest sum = {0};

	for (unsigned i = 0; i < share->n_workers; i++) {
		const struct share_guest *one = &share->workers[i].guests[seat];

		sum.open += one->open;
		sum.to_guest_bytes += one->to_guest_bytes;
		sum.from_guest_bytes += one->from_guest_bytes;
		for (int k = 0; k < DOORS; k++)
			sum.routed[k] += one->routed[k];
		for (int k = 0; k < REFUSALS; k++)
			sum.refused[k] += one->refused[k];
	}
	return sum;
}
