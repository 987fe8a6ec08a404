/* A configuration text as characters and lines; see text.h. */
#include "conf/text.h"
#include "base/utf8.h"

#include <stdlib.h>

enum {
	BEFORE = 60, /* characters of a long line shown before the caret */
	SHOWN = 100, /* … and in all */
};

bool
text_char_plain(uint32_t c)
{
	if (c < 0xa0)
		return c >= 0x20 && c < 0x7f;
	return c != 0x2028 && c != 0x2029 && c != 0xfeff && c != 0xfffe && c != 0xffff;
}

/* How many bytes of printable ASCII it begins with; nearly all of a file is. */
static size_t
printable(struct span s)
{
	size_t n = 0;

	while (n < s.len && s.ptr[n] >= 0x20 && s.ptr[n] < 0x7f)
		n++;
	return n;
}

bool
text_plain(struct span s)
{
	uint32_t c;

	for (size_t n; s.len > 0; s = span_from(s, n)) {
		n = printable(s);
		if (n > 0)
			continue;
		n = utf8_next(s, &c);
		if (n == 0 || !text_char_plain(c))
			return false;
	}
	return true;
}

static const char *
start_fault(struct span s)
{
	if (s.len >= 2 && (memcmp(s.ptr, "\xff\xfe", 2) == 0 || memcmp(s.ptr, "\xfe\xff", 2) == 0))
		return "this is UTF-16; save the file as UTF-8";
	if (s.len >= 3 && memcmp(s.ptr, "\xef\xbb\xbf", 3) == 0)
		return "a byte order mark; save the file as UTF-8 without one";
	return NULL;
}

size_t
text_fault(struct span text, const char **why)
{
	struct span s = text;
	char before = '\n';
	uint32_t c = 0;

	*why = start_fault(text);
	for (size_t n; !*why && s.len > 0; before = s.ptr[n - 1], s = span_from(s, n)) {
		n = printable(s);
		if (n > 0 && s.ptr[0] != '%')
			continue;
		n = utf8_next(s, &c);
		if (n == 0)
			*why = "a byte that is not UTF-8; save the file as UTF-8";
		else if (c == 0)
			*why = "a NUL byte: this is not a text file";
		else if (c != '\t' && c != '\n' && c != '\r' && !text_char_plain(c))
			*why = "a control character that no editor shows; remove it";
		else if (c == '%' && (before == '\n' || before == '\r'))
			*why = "YAML directives have no meaning here; remove this line";
		if (*why)
			break;
	}
	return (size_t)(s.ptr - text.ptr);
}

/* Length of the line break a span starts with, or 0. */
static size_t
break_len(struct span s)
{
	if (s.len == 0 || (s.ptr[0] != '\n' && s.ptr[0] != '\r'))
		return 0;
	return s.len >= 2 && s.ptr[0] == '\r' && s.ptr[1] == '\n' ? 2 : 1;
}

int
lines_find(struct span text, struct lines *out)
{
	uint32_t n = 1, at = 0;

	for (size_t i = 0; i < text.len; i++)
		n += text.ptr[i] == '\n' || text.ptr[i] == '\r';
	out->starts = calloc(n, sizeof(*out->starts));
	if (!out->starts)
		return -1;
	out->n = 1;
	while (at < text.len) {
		uint32_t ended = (uint32_t)break_len(span_from(text, at));

		at += ended ? ended : 1;
		if (ended)
			out->starts[out->n++] = at;
	}
	return 0;
}

struct span
lines_get(const struct lines *lines, struct span text, uint32_t line)
{
	struct span s = {text.ptr, 0};

	if (line == 0 || line > lines->n)
		return s;
	s = span_from(text, lines->starts[line - 1]);
	for (size_t i = 0; i < s.len; i++) {
		if (break_len(span_from(s, i)))
			return span_first(s, i);
	}
	return s;
}

void
lines_place(const struct lines *lines, struct span text, size_t offset, uint32_t *line, uint32_t *col)
{
	uint32_t low = 0, high = lines->n, c;

	while (high - low > 1) {
		uint32_t middle = low + (high - low) / 2;

		if (lines->starts[middle] <= offset)
			low = middle;
		else
			high = middle;
	}
	*line = low + 1;
	*col = 1;
	for (size_t at = lines->starts[low]; at < offset; (*col)++)
		at += utf8_step(span_from(text, at), &c);
}

/* What may be shown as it is: nothing that moves the cursor or turns the direction of writing. */
static bool
char_is_safe(uint32_t c)
{
	return c == '\t' || (text_char_plain(c) && c != 0xfffd && !(c >= 0x202a && c <= 0x202e) &&
				!(c >= 0x2066 && c <= 0x2069));
}

struct span
text_cut(struct span s, size_t max)
{
	if (s.len <= max)
		return s;
	while (max > 0 && ((unsigned char)s.ptr[max] & 0xc0) == 0x80)
		max--;
	return span_first(s, max);
}

void
text_show(FILE *out, struct span s)
{
	uint32_t c;

	for (size_t n; s.len > 0; s = span_from(s, n)) {
		n = utf8_step(s, &c);
		if (char_is_safe(c) && c != '\t') {
			fwrite(s.ptr, 1, n, out);
			continue;
		}
		for (size_t i = 0; i < n; i++)
			fprintf(out, "\\x%02x", (unsigned char)s.ptr[i]);
	}
}

void
text_excerpt(FILE *out, struct span line, uint32_t col)
{
	uint32_t first = col > BEFORE ? col - BEFORE : 1, at = 1, c;
	struct span s = line;

	fputs(first > 1 ? "    …" : "    ", out);
	for (size_t n; s.len > 0 && at < first + SHOWN; at++, s = span_from(s, n)) {
		n = utf8_step(s, &c);
		if (at >= first && char_is_safe(c))
			fwrite(s.ptr, 1, n, out);
		else if (at >= first)
			fputc('?', out);
	}
	fputs(s.len > 0 ? "…\n    " : "\n    ", out);
	if (first > 1)
		fputc(' ', out);
	s = line;
	at = 1;
	for (size_t n; s.len > 0 && at < col; at++, s = span_from(s, n)) {
		n = utf8_step(s, &c);
		if (at < first)
			continue;
		for (int w = c == '\t' || !char_is_safe(c) ? 1 : utf8_width(c); w > 0; w--)
			fputc(c == '\t' ? '\t' : ' ', out);
	}
	fputs("^\n", out);
}
