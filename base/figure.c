/* Figures for people; see figure.h. */
#include "base/figure.h"
#include "base/table.h"

#include <string.h>

unsigned
percent_of(uint64_t part, uint64_t whole)
{
	__uint128_t n = whole == 0 ? 0 : (__uint128_t)part * 100 / whole;

	return n < PERCENT_MAX ? (unsigned)n : PERCENT_MAX;
}

const char *
bar_print(uint64_t part, uint64_t whole, size_t cells, char out[BAR_TEXT])
{
	size_t n = cells < BAR_CELLS ? cells : BAR_CELLS;
	__uint128_t full = whole == 0 ? 0 : (__uint128_t)part * n / whole;

	out[0] = '\0';
	for (size_t i = 0; i < n; i++)
		memcpy(out + i * 3, i < full ? "█" : "░", 4);
	return out;
}

const char *
rate_print(uint64_t bit_s, char out[RATE_TEXT])
{
	char size[SIZE_TEXT];
	size_t n;

	/* The figure is a size's, its unit ends in bits where that ends in B. */
	size_print(bit_s, size);
	n = strlen(size);
	snprintf(out, RATE_TEXT, "%.*sbit/s", (int)(n - 1), size);
	return out;
}
