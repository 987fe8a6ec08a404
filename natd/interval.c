/* Ranges of ports as the kernel keeps them; see interval.h. */
#include "natd/interval.h"

#include <stdlib.h>
#include <string.h>

size_t
interval_split(const struct fact *fact, struct half out[2])
{
	uint16_t lo = (uint16_t)(fact->key[0] << 8 | fact->key[1]);
	uint16_t hi = (uint16_t)(fact->key[2] << 8 | fact->key[3]);

	out[0] = (struct half){.port = lo, .data_len = fact->value_len};
	memcpy(out[0].data, fact->value, fact->value_len <= 16 ? fact->value_len : 16);
	if (hi == 65535)
		return 1;
	out[1] = (struct half){.port = (uint16_t)(hi + 1), .end = true};
	return 2;
}

static int
by_port(const void *a, const void *b)
{
	const struct half *x = a, *y = b;

	if (x->port != y->port)
		return x->port < y->port ? -1 : 1;
	return (int)y->end - (int)x->end; /* one interval ends before the next begins */
}

void
interval_join(struct half *halves, size_t n, uint8_t family, const char *set, struct facts *out)
{
	if (n)
		qsort(halves, n, sizeof(*halves), by_port);
	for (size_t i = 0; i < n; i++) {
		const struct half *half = &halves[i];
		struct fact fact = fact_of(FACT_ELEMENT, family, set);
		uint16_t hi = i + 1 < n ? (uint16_t)(halves[i + 1].port - 1) : 65535;
		uint8_t key[4] = {
		    (uint8_t)(half->port >> 8), (uint8_t)half->port, (uint8_t)(hi >> 8), (uint8_t)hi};

		if (half->end || hi < half->port || (i + 1 < n && halves[i + 1].port == half->port))
			continue;
		fact_key(&fact, key, sizeof(key));
		fact_value(&fact, half->data, half->data_len <= sizeof(half->data) ? half->data_len : 0);
		facts_add(out, &fact);
	}
}
