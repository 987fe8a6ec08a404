/* Lines and fields of an HTTP/1 head; see field.h. */
#include "proxy/field.h"

enum { DIGITS_MAX = 18 };

static bool
is_token_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c && strchr("!#$%&'*+-.^_`|~", c));
}

bool
field_is_token(struct span s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!is_token_byte(s.ptr[i]))
			return false;
	return s.len > 0;
}

const char *
field_scan(struct span in, size_t max, uint32_t *seen, uint32_t *length)
{
	size_t end = in.len < max ? in.len : max;

	for (; !*length && *seen < end; ++*seen) {
		unsigned char c = (unsigned char)in.ptr[*seen];
		bool after_cr = *seen > 0 && in.ptr[*seen - 1] == '\r';

		if (after_cr != (c == '\n'))
			return after_cr ? "a CR without its LF" : "a LF without its CR";
		if (c == '\n' && *seen == 1)
			return "an empty line in front";
		if (c == '\n' && in.ptr[*seen - 2] == '\n')
			*length = *seen + 1;
		if ((c < ' ' && c != '\t' && c != '\r' && c != '\n') || c == 0x7f)
			return c ? "a control character in the head" : "a NUL in the head";
	}
	return NULL;
}

static struct span
trim(struct span s)
{
	while (s.len && (s.ptr[0] == ' ' || s.ptr[0] == '\t'))
		s = span_from(s, 1);
	while (s.len && (s.ptr[s.len - 1] == ' ' || s.ptr[s.len - 1] == '\t'))
		s.len--;
	return s;
}

struct span
field_next(struct span *list)
{
	size_t comma = span_find(*list, ',');
	struct span member = trim(span_first(*list, comma));

	*list = span_from(*list, comma < list->len ? comma + 1 : comma);
	return member;
}

bool
field_has(struct span list, const char *word)
{
	while (list.len)
		if (span_is_nocase(field_next(&list), word))
			return true;
	return false;
}

struct span
field_line(struct span *lines)
{
	struct span line = span_first(*lines, span_find(*lines, '\r'));

	*lines = span_from(*lines, line.len + 2);
	return line;
}

const char *
field_split(struct span line, struct span *name, struct span *value)
{
	size_t colon = span_find(line, ':');

	*name = span_first(line, colon);
	if (line.ptr[0] == ' ' || line.ptr[0] == '\t')
		return "a folded line";
	if (colon == line.len || !field_is_token(*name))
		return "a field without a proper name";
	*value = trim(span_from(line, colon + 1));
	return NULL;
}

bool
field_ends_chunked(struct span codings)
{
	bool chunked = false;

	if (codings.len && codings.ptr[codings.len - 1] == ',')
		return false;
	while (codings.len) {
		struct span coding = field_next(&codings);

		if (chunked || !field_is_token(coding))
			return false;
		chunked = span_is_nocase(coding, "chunked");
	}
	return chunked;
}

bool
field_length(struct span digits, uint64_t *out)
{
	if (digits.len == 0 || digits.len > DIGITS_MAX)
		return false;
	*out = 0;
	for (size_t i = 0; i < digits.len; i++) {
		if (digits.ptr[i] < '0' || digits.ptr[i] > '9')
			return false;
		*out = *out * 10 + (uint64_t)(digits.ptr[i] - '0');
	}
	return true;
}
