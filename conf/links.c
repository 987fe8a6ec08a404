/* Who may see the usage page from elsewhere; see links.h. */
#include "conf/links.h"

#include <stdlib.h>

static const char letters[] = "abcdefghijklmnopqrstuvwxyz234567";

bool
link_is_token(struct span text)
{
	if (text.len != LINK_TOKEN)
		return false;
	for (size_t i = 0; i < text.len; i++)
		if (text.ptr[i] == '\0' || !strchr(letters, text.ptr[i]))
			return false;
	return true;
}

const char *
link_token(const uint8_t random[LINK_RANDOM], char out[LINK_TOKEN + 1])
{
	for (size_t i = 0; i < LINK_TOKEN; i++) {
		size_t bit = i * 5, at = bit / 8, shift = bit % 8;
		unsigned two = (unsigned)random[at] << 8 | (at + 1 < LINK_RANDOM ? random[at + 1] : 0u);

		out[i] = letters[two >> (11 - shift) & 31];
	}
	out[LINK_TOKEN] = '\0';
	return out;
}

static bool
take_line(struct span line, struct link *out)
{
	size_t n = span_find(line, ' ');
	struct span name = span_first(line, n), token = span_from(line, n < line.len ? n + 1 : n);

	if ((!span_is(name, LINK_OWNER) && name_guest(name) != NULL) || !link_is_token(token))
		return false;
	*out = (struct link){0};
	memcpy(out->name, name.ptr, name.len);
	memcpy(out->token, token.ptr, token.len);
	return true;
}

/* Each line; a number that is no 0 ends it. */
static int
take_lines(struct span text, struct links *out)
{
	for (int number = 1; text.len > 0; number++) {
		size_t n = span_find(text, '\n');
		struct span line = span_first(text, n);
		bool whole = n < text.len;

		text = span_from(text, whole ? n + 1 : n);
		if (whole && (line.len == 0 || line.ptr[0] == '#'))
			continue;
		/* A last line without its end may be half of one. */
		if (!whole || !take_line(line, &out->list[out->n]))
			return number;
		out->n++;
	}
	return 0;
}

int
links_parse(struct span text, struct links *out)
{
	size_t lines = 1;
	int bad;

	*out = (struct links){0};
	for (size_t i = 0; i < text.len; i++)
		lines += text.ptr[i] == '\n';
	if (lines > LINKS_MAX)
		return -1;
	out->list = calloc(lines, sizeof(*out->list));
	if (!out->list)
		return -1;
	bad = take_lines(text, out);
	if (bad)
		links_free(out);
	return bad;
}

void
links_free(struct links *links)
{
	free(links->list);
	*links = (struct links){0};
}

/* 1 where they are equal, else 0, in one time. */
static unsigned
same(const char *a, const char *b)
{
	unsigned different = 0;

	for (size_t i = 0; i < LINK_TOKEN; i++)
		different |= (unsigned)((unsigned char)a[i] ^ (unsigned char)b[i]);
	return (different - 1) >> 31;
}

const char *
links_find(const struct links *links, struct span token)
{
	size_t found = 0; /* counted from 1 */

	if (token.len != LINK_TOKEN)
		return NULL;
	for (size_t i = 0; i < links->n; i++) {
		size_t is = same(links->list[i].token, token.ptr);

		found = (found & (is - 1)) | ((i + 1) & (0 - is));
	}
	return found ? links->list[found - 1].name : NULL;
}
