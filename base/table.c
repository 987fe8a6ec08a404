/* Columns for people; see table.h. */
#include "base/table.h"
#include "base/utf8.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

int
table_add(struct table *table, const char *text)
{
	char **cells = realloc(table->cells, (table->n + 1) * sizeof(*cells));

	if (!cells)
		return -1;
	table->cells = cells;
	cells[table->n] = strdup(text);
	return cells[table->n] ? (table->n++, 0) : -1;
}

/* How long the colour is that a text begins with; 0: none. */
static size_t
colour_length(struct span text)
{
	size_t end = span_find(text, 'm');

	return text.len > 2 && text.ptr[0] == '\033' && text.ptr[1] == '[' && end < text.len ? end + 1 : 0;
}

static size_t
cell_width(const struct table *table, size_t i)
{
	struct span text = span_str(table->cells[i]);
	size_t width = 0;

	while (text.len > 0) {
		size_t n = span_find(text, '\033');

		width += utf8_columns(span_first(text, n));
		text = span_from(text, n);
		if (text.len > 0)
			text = span_from(text, colour_length(text) ?: 1);
	}
	return width;
}

static size_t
column_width(const struct table *table, size_t column)
{
	size_t widest = 0;

	for (size_t i = column; i < table->n; i += table->columns)
		if (cell_width(table, i) > widest)
			widest = cell_width(table, i);
	return widest;
}

/* Spaces are owed until something stands behind them, so that no line ends in any. */
static void
cell_print(const char *text, size_t *owed, FILE *to)
{
	if (!*text)
		return;
	fprintf(to, "%*s%s", (int)*owed, "", text);
	*owed = 0;
}

void
table_print(const struct table *table, FILE *to)
{
	size_t width[TABLE_COLUMNS], owed = 0;

	if (table->columns == 0)
		return;
	for (size_t c = 0; c < table->columns; c++)
		width[c] = column_width(table, c);
	for (size_t i = 0; i < table->n; i++) {
		size_t c = i % table->columns, pad = width[c] - cell_width(table, i);
		bool right = table->right >> c & 1;

		owed += right ? pad : 0;
		cell_print(table->cells[i], &owed, to);
		owed += 2 + (right ? 0 : pad);
		if (c + 1 == table->columns) {
			fputc('\n', to);
			owed = 0;
		}
	}
}

void
table_free(struct table *table)
{
	for (size_t i = 0; i < table->n; i++)
		free(table->cells[i]);
	free(table->cells);
	*table = (struct table){0};
}

size_t
table_line(const struct table *table)
{
	size_t n = 0;

	for (size_t c = 0; c < table->columns; c++)
		n += column_width(table, c) + (c > 0 ? 2 : 0);
	return n;
}

void
table_drop(struct table *table, size_t column)
{
	uint32_t below = table->right & ((1u << column) - 1), above = table->right >> (column + 1);
	size_t n = 0;

	for (size_t i = 0; i < table->n; i++) {
		if (i % table->columns == column)
			free(table->cells[i]);
		else
			table->cells[n++] = table->cells[i];
	}
	table->n = n;
	table->columns--;
	table->right = below | above << column;
}

void
table_fit(struct table *table, size_t width, const unsigned char *less, size_t n)
{
	for (size_t i = 0; width > 0 && i < n && table_line(table) > width; i++) {
		size_t column = less[i];

		for (size_t before = 0; before < i; before++)
			column -= less[before] < less[i];
		table_drop(table, column);
	}
}

const char *
size_print(uint64_t bytes, char out[SIZE_TEXT])
{
	static const char *const units[] = {"kB", "MB", "GB", "TB", "PB", "EB"};
	double n = (double)bytes;
	size_t unit = 0;

	if (bytes < 1000) {
		snprintf(out, SIZE_TEXT, "%" PRIu64 " B", bytes);
		return out;
	}
	for (n /= 1000; n >= 999.5 && unit < 5; n /= 1000)
		unit++;
	snprintf(out, SIZE_TEXT, n < 9.95 ? "%.1f %s" : "%.0f %s", n, units[unit]);
	return out;
}

const char *
span_print(uint64_t s, char out[SPAN_TEXT])
{
	if (s < 60)
		snprintf(out, SPAN_TEXT, "%us", (unsigned)s);
	else if (s < 3600)
		snprintf(out, SPAN_TEXT, "%um%us", (unsigned)(s / 60), (unsigned)(s % 60));
	else if (s < 86400)
		snprintf(out, SPAN_TEXT, "%uh%um", (unsigned)(s / 3600), (unsigned)(s / 60 % 60));
	else
		snprintf(
		    out, SPAN_TEXT, "%ud%uh", (unsigned)(s / 86400 % 1000000), (unsigned)(s / 3600 % 24));
	return out;
}
