/* Where the body of an HTTP/1 message ends; see body.h. */
#include "proxy/body.h"

enum { SIZE_DIGITS_MAX = 15 };

struct body
body_of(enum body_framing framing, uint64_t bytes)
{
	struct body body = {.framing = (uint8_t)framing, .left = framing == BODY_LENGTH ? bytes : 0};

	if (framing == BODY_LENGTH && bytes == 0)
		body.framing = BODY_NONE;
	return body;
}

bool
body_done(const struct body *body)
{
	return body->framing == BODY_NONE;
}

uint64_t
body_plain(const struct body *body)
{
	if (body->framing == BODY_UNTIL_END)
		return UINT64_MAX;
	if (body->framing == BODY_LENGTH || (body->framing == BODY_CHUNKED && body->chunk == CHUNK_DATA))
		return body->left;
	return 0;
}

void
body_skip(struct body *body, uint64_t bytes)
{
	if (body->framing == BODY_UNTIL_END)
		return;
	body->left -= bytes;
	if (body->left > 0)
		return;
	if (body->framing == BODY_LENGTH)
		body->framing = BODY_NONE;
	else
		body->chunk = CHUNK_DATA_CR;
}

static int
hex(unsigned char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* A byte of an extension or a trailer: counted, and no control character. */
static bool
extra_byte(struct body *b, unsigned char c)
{
	return ++b->extra <= BODY_EXTRA_MAX && (c >= ' ' || c == '\t') && c != 0x7f;
}

static bool
size_byte(struct body *b, unsigned char c)
{
	int digit = hex(c);

	if (digit >= 0) {
		b->left = b->left << 4 | (unsigned)digit;
		return ++b->digits <= SIZE_DIGITS_MAX;
	}
	if (b->digits == 0)
		return false;
	if (c == '\r') {
		b->chunk = CHUNK_SIZE_LF;
		return true;
	}
	/* A space before the extension is only bad manners (7.1.1), but nobody honest has them. */
	b->chunk = CHUNK_EXTENSION;
	return c == ';' && extra_byte(b, c);
}

/* One byte that is not data; false: broken. */
static bool
frame_byte(struct body *b, unsigned char c)
{
	switch ((enum body_chunk)b->chunk) {
	case CHUNK_SIZE:
		return size_byte(b, c);
	case CHUNK_EXTENSION:
		if (c != '\r')
			return extra_byte(b, c);
		b->chunk = CHUNK_SIZE_LF;
		return true;
	case CHUNK_SIZE_LF:
		b->digits = 0;
		b->chunk = b->left ? CHUNK_DATA : CHUNK_TRAILER_START;
		return c == '\n';
	case CHUNK_DATA_CR:
		b->chunk = CHUNK_DATA_LF;
		return c == '\r';
	case CHUNK_DATA_LF:
		b->chunk = CHUNK_SIZE;
		return c == '\n';
	case CHUNK_TRAILER_START:
		b->chunk = c == '\r' ? CHUNK_END_LF : CHUNK_TRAILER;
		return c == '\r' || (c != ' ' && c != '\t' && extra_byte(b, c));
	case CHUNK_TRAILER:
		if (c != '\r')
			return extra_byte(b, c);
		b->chunk = CHUNK_TRAILER_LF;
		return true;
	case CHUNK_TRAILER_LF:
		b->chunk = CHUNK_TRAILER_START;
		return c == '\n';
	case CHUNK_END_LF:
		b->framing = BODY_NONE;
		return c == '\n';
	case CHUNK_DATA:
		break;
	}
	return false;
}

static ptrdiff_t
take_chunked(struct body *b, struct span in)
{
	size_t n = 0;

	while (n < in.len && b->framing != BODY_NONE) {
		size_t data = in.len - n;

		if (b->chunk != CHUNK_DATA) {
			if (!frame_byte(b, (unsigned char)in.ptr[n++]))
				return -1;
			continue;
		}
		if (data > b->left)
			data = (size_t)b->left;
		body_skip(b, data);
		n += data;
	}
	return (ptrdiff_t)n;
}

ptrdiff_t
body_take(struct body *b, struct span in)
{
	size_t n = in.len;

	if (b->framing == BODY_NONE)
		return 0;
	if (b->framing == BODY_CHUNKED)
		return take_chunked(b, in);
	if (n > body_plain(b))
		n = (size_t)b->left;
	body_skip(b, n);
	return (ptrdiff_t)n;
}
