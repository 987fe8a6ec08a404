/* The 95th percentile of a time's 5 minutes; see percentile.h. */
#include "ledger/percentile.h"

#include <stdlib.h>

enum { SLOT_S = 300 };

size_t
percentile_samples(int64_t from, int64_t until)
{
	int64_t first = from <= 0 ? 0 : (from - 1) / SLOT_S + 1, end = until < 0 ? 0 : until / SLOT_S;

	return end > first ? (size_t)(end - first) : 0;
}

static int
by_size(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

uint64_t
percentile_95(uint64_t *bytes, size_t n, size_t samples)
{
	size_t above = samples / 20; /* samples - ceil(95 samples / 100) */

	if (above >= n) /* what is not given is 0 and lies below all that is */
		return 0;
	qsort(bytes, n, sizeof(*bytes), by_size);
	return bytes[n - 1 - above];
}

uint64_t
percentile_rate(uint64_t bytes)
{
	return bytes / 75 * 2 + bytes % 75 * 2 / 75; /* 8 / 300 = 2 / 75 */
}

enum { TAP, WIRE, UNITS };

int
percentile_of(const struct history *history, int64_t from, int64_t until, struct percentile *out)
{
	uint64_t *bytes = calloc(history->n + 1, sizeof(*bytes));
	size_t n = 0;

	*out = (struct percentile){.samples = percentile_samples(from, until)};
	if (!bytes)
		return -1;
	for (int unit = 0; unit < UNITS; unit++)
		for (int d = 0; d < DIRECTIONS; d++) {
			int field = (unit == TAP ? SLOT_TO_GUEST : SLOT_WIRE_TO_GUEST) + d;
			uint64_t rate;

			n = 0;
			for (size_t i = 0; i < history->n; i++)
				if (history->list[i].start >= from &&
				    history->list[i].start + SLOT_S <= until)
					bytes[n++] = history->list[i].v[field];
			rate = percentile_rate(percentile_95(bytes, n, out->samples));
			(unit == TAP ? out->tap : out->wire)[d] = rate;
		}
	out->recorded = n;
	free(bytes);
	return 0;
}
