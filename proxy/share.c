/* What the workers and their supervisor see of each other; see share.h. */
#include "proxy/share.h"
#include "base/hash.h"

#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

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

enum { PAGE = 4096 };

/* Where things lie; there is one such memory in a program. */
static size_t ceiling, flow_ceiling, tables, table_bytes, cid_table_bytes, whole;

static size_t
pages(size_t bytes)
{
	return (bytes + PAGE - 1) / PAGE * PAGE;
}

static void
measure(size_t sessions, size_t flows)
{
	ceiling = sessions < SHARE_SESSIONS_MAX ? sessions : SHARE_SESSIONS_MAX;
	flow_ceiling = flows < SHARE_FLOWS_MAX ? flows : SHARE_FLOWS_MAX;
	tables = pages(sizeof(struct share));
	table_bytes = pages(limit_bytes(ceiling + flow_ceiling));
	cid_table_bytes = pages(cid_bytes(flow_ceiling * SHARE_FLOW_IDS));
	whole = tables + SHARE_SLOTS * (table_bytes + cid_table_bytes);
}

/* Two programs with the same number here mean the same by the same bytes. */
static uint64_t
layout(void)
{
	const uint64_t sizes[] = {SHARE_LAYOUT, sizeof(struct share), sizeof(struct share_worker),
	    sizeof(struct share_guest), sizeof(struct limit_slot), sizeof(struct cid_bucket), DROPS, REFUSALS,
	    DOORS, SEATS_MAX, RATE_WAYS};

	return hash_bytes(0, sizes, sizeof(sizes));
}

static struct share *
map(int fd)
{
	void *at = mmap(NULL, whole, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	return at == MAP_FAILED ? NULL : at;
}

/* Only what is touched takes memory. */
struct share *
share_open(size_t sessions, size_t flows, int *fd)
{
	struct share *share;
	uint64_t seed;

	measure(sessions, flows);
	*fd = memfd_create("lodge-proxy counts", MFD_CLOEXEC);
	if (*fd == -1 || ftruncate(*fd, (off_t)whole) == -1)
		return NULL;
	share = map(*fd);
	if (!share || getrandom(&seed, sizeof(seed), 0) != sizeof(seed))
		return NULL;
	share->layout = layout();
	share->generation = share->writing = 1;
	share->rates.seed = seed;
	return share;
}

struct share *
share_adopt(size_t sessions, size_t flows, int fd, struct seats *seats)
{
	struct share *share;
	struct stat st;

	measure(sessions, flows);
	if (fstat(fd, &st) == -1 || (size_t)st.st_size != whole)
		return NULL;
	share = map(fd);
	if (share && (share->layout != layout() || share->n_workers > SHARE_SLOTS)) {
		munmap(share, whole);
		return NULL;
	}
	if (!share)
		return NULL;
	*seats = share->seats;
	seats_mend(seats);
	share->writing = ++share->generation; /* of what this program read; old workers stay with theirs */
	share->upgrades++;
	return share;
}

void
share_bound(struct share *share, size_t sessions, size_t flows)
{
	share->sessions = sessions < ceiling ? sessions : ceiling;
	share->flows = flows < flow_ceiling ? flows : flow_ceiling;
}

struct limit_table *
share_limits(const struct share *share, unsigned worker)
{
	return (struct limit_table *)((char *)share + tables + worker * table_bytes);
}

struct cid_table *
share_cids(const struct share *share, unsigned worker)
{
	return (struct cid_table *)((char *)share + tables + SHARE_SLOTS * table_bytes +
				    worker * cid_table_bytes);
}

void
share_seize(struct share *share, unsigned worker)
{
	struct limit_table *t = share_limits(share, worker);

	if (worker >= share->n_workers)
		share->n_workers = worker + 1;
	share->workers[worker].generation = share->generation;
	limit_init(t, ceiling + flow_ceiling, share->rates.seed);
	cid_init(share_cids(share, worker), flow_ceiling * SHARE_FLOW_IDS, share->rates.seed);
}

void
share_clear(struct share *share, unsigned worker)
{
	struct share_worker *w = &share->workers[worker];
	struct limit_table *t = share_limits(share, worker);

	__atomic_store_n(&w->life, 0, __ATOMIC_RELEASE);
	w->open = w->held_bytes = w->quic.open = 0;
	w->generation = UINT64_MAX; /* holds up nobody's seat */
	for (size_t i = 0; i < SEATS_MAX; i++)
		if (w->guests[i].open)
			w->guests[i].open = 0;
	/* Gives the pages back, which are zero when they are next touched. */
	if (madvise(t, table_bytes, MADV_REMOVE) == -1)
		memset(t, 0, table_bytes);
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
	share->seats = *seats;
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
		n += limit_count(share_limits(share, i), key);
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
