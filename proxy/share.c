/* What the workers and their supervisor see of each other; see share.h. */
#include "proxy/share.h"

#include <sys/mman.h>
#include <sys/random.h>

static void *
shared(size_t bytes)
{
	void *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return at == MAP_FAILED ? NULL : at;
}

struct share *
share_open(unsigned workers, size_t sessions)
{
	struct share *share = shared(sizeof(*share));
	size_t keys;
	uint64_t seed;

	if (!share || getrandom(&seed, sizeof(seed), 0) != sizeof(seed))
		return NULL;
	share->n_workers = workers;
	share->sessions = sessions < SHARE_SESSIONS_MAX ? sessions : SHARE_SESSIONS_MAX;
	keys = share->sessions * 2; /* a connection counts for its client and for its guest */
	for (unsigned i = 0; i < workers; i++) {
		share->workers[i].limits = shared(limit_bytes(keys));
		if (!share->workers[i].limits)
			return NULL;
		limit_init(share->workers[i].limits, keys, seed);
	}
	return share;
}

void
share_clear(struct share *share, unsigned worker)
{
	struct share_worker *w = &share->workers[worker];
	size_t keys = share->sessions * 2;
	uint64_t seed = w->limits->seed;

	w->open = w->held_bytes = 0;
	/* Gives the pages back, which are zero when they are next touched. */
	if (madvise(w->limits, limit_bytes(keys), MADV_REMOVE) == -1)
		memset(w->limits, 0, limit_bytes(keys));
	limit_init(w->limits, keys, seed);
}

uint64_t
share_open_count(const struct share *share)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < share->n_workers; i++)
		n += __atomic_load_n(&share->workers[i].open, __ATOMIC_RELAXED);
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
