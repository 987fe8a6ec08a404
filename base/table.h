/* Columns for people: cells in, aligned lines out. A core. Width is that of a terminal (utf8.h). */
#ifndef BASE_TABLE_H
#define BASE_TABLE_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum {
	TABLE_COLUMNS = 16,
	SIZE_TEXT = 16,
	SPAN_TEXT = 16,
};

struct table {
	size_t columns, n; /* n: cells, row by row; the first row is the heading */
	uint32_t right; /* bit per column: numbers stand to the right */
	char **cells;
};

/* A copy of the text becomes the next cell. -1: no memory. A colour in it (colour.h) takes no column. */
int table_add(struct table *, const char *text);
/* Complete rows, two spaces between columns, no spaces at the end of a line. */
void table_print(const struct table *, FILE *);
void table_free(struct table *);

/* Columns of its longest possible line; one column less. */
size_t table_line(const struct table *);
void table_drop(struct table *, size_t column);
/*
 * Columns go until the longest line fits into width, 0 for any: the n of less, named as they stand now, in that order.
 */
void table_fit(struct table *, size_t width, const unsigned char *less, size_t n);

/* 999 B, 1.2 kB, 34 MB, 5.6 GB: three figures at the most, powers of ten as traffic is billed. */
const char *size_print(uint64_t bytes, char out[SIZE_TEXT]);
/* 7s, 2m5s, 3h5m, 4d6h: the two largest units. */
const char *span_print(uint64_t seconds, char out[SPAN_TEXT]);

#endif
