/* Figures for people beside table.h's sizes: shares, bars, rates. A core. */
#ifndef BASE_FIGURE_H
#define BASE_FIGURE_H

#include <stddef.h>
#include <stdint.h>

enum {
	PERCENT_MAX = 9999,
	BAR_CELLS = 32, /* at most */
	BAR_TEXT = BAR_CELLS * 3 + 1, /* a cell is three bytes of UTF-8 */
	RATE_TEXT = 24,
};

/* Whole ones, never rounded up: 100 means that all of it is used. whole 0: 0. */
unsigned percent_of(uint64_t part, uint64_t whole);

/* So many cells, as many of them full as the part is of the whole: the last one only when all of it is used. */
const char *bar_print(uint64_t part, uint64_t whole, size_t cells, char out[BAR_TEXT]);

/* 999 bit/s, 1.2 kbit/s, 34 Mbit/s: three figures at the most, powers of ten. */
const char *rate_print(uint64_t bit_s, char out[RATE_TEXT]);

#endif
