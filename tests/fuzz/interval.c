/*
 * What the kernel lists of a set of ranges: any halves become facts in order that do not meet, and splitting and
 * joining those again changes nothing. Four bytes a half: port, mark, data.
 */
#include <stdlib.h>

#include "natd/interval.h"
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

enum { MAX = 512 };

static struct facts
joined(struct half *halves, size_t n)
{
	struct facts out = {0};

	interval_join(halves, n, FAMILY_INET, "tcp4", &out);
	return out;
}

static void
check_apart(const struct facts *facts)
{
	int last = -1;

	for (size_t i = 0; i < facts->n; i++) {
		const uint8_t *b = facts->list[i].key;
		int lo = b[0] << 8 | b[1], hi = b[2] << 8 | b[3];

		if (lo <= last || hi < lo)
			abort();
		last = hi;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *b, size_t size)
{
	struct half halves[MAX], again[2 * MAX];
	struct facts facts, twice;
	size_t n = 0, m = 0;

	for (; n < MAX && 4 * n + 4 <= size; n++, b += 4) {
		halves[n] = (struct half){.port = (uint16_t)(b[0] << 8 | b[1]), .end = b[2] & 1};
		halves[n].data_len = b[2] >> 1 & 16;
		memset(halves[n].data, b[3], halves[n].data_len);
	}
	facts = joined(halves, n);
	check_apart(&facts);
	for (size_t i = facts.n; i-- > 0;)
		m += interval_split(&facts.list[i], again + m);
	twice = joined(again, m);
	if (twice.n != facts.n || (facts.n && memcmp(twice.list, facts.list, facts.n * sizeof(*facts.list))))
		abort();
	facts_free(&facts);
	facts_free(&twice);
	return 0;
}
