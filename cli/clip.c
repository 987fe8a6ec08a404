/* A mistake of the file on a narrow terminal; see clip.h. */
#include "cli/clip.h"
#include "base/utf8.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TAB = 8 };

/* Bytes of the line that stand in the first columns of a terminal, and how many columns these are. */
static size_t
bytes_within(struct span line, size_t columns, size_t *used)
{
	size_t bytes = 0;
	uint32_t c;

	*used = 0;
	while (bytes < line.len) {
		size_t n = utf8_step(span_from(line, bytes), &c);
		size_t wide = c == '\t' ? TAB - *used % TAB : (size_t)utf8_width(c);

		if (*used + wide > columns)
			break;
		*used += wide;
		bytes += n;
	}
	return bytes;
}

/* The column of a line that is nothing but a caret; 0: it is another one. */
static size_t
caret_of(struct span line)
{
	size_t used;

	if (line.len == 0 || line.ptr[line.len - 1] != '^')
		return 0;
	for (size_t i = 0; i + 1 < line.len; i++)
		if (line.ptr[i] != ' ' && line.ptr[i] != '\t')
			return 0;
	bytes_within(line, SIZE_MAX, &used);
	return used;
}

static struct span
line_of(struct span text)
{
	return span_first(text, span_find(text, '\n'));
}

static struct span
after(struct span text, struct span line)
{
	return span_from(text, line.len < text.len ? line.len + 1 : line.len);
}

char *
clip_excerpts(const char *text, size_t width)
{
	struct span left = span_str(text);
	char *out = NULL;
	size_t len, used;
	FILE *to = open_memstream(&out, &len);

	while (to && left.len > 0) {
		struct span line = line_of(left), next = after(left, line);
		size_t caret = caret_of(line_of(next)), fits = bytes_within(line, width, &used);
		bool clip = caret > 0 && caret < width && fits < line.len;

		if (clip)
			fits = bytes_within(line, width - 1, &used);
		fwrite(line.ptr, 1, clip ? fits : line.len, to);
		if (clip)
			fputs("…", to);
		if (line.len < left.len)
			fputc('\n', to);
		left = next;
	}
	if (to && fclose(to) == 0)
		return out;
	free(out);
	return NULL;
}
