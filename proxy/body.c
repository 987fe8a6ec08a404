/* Where the body of an HTTP/1 request ends, and whether the answer is 101; see http.h. RFC 9112 6 and 7.1. */
#include "proxy/http.h"

enum { SIZE_DIGITS_MAX = 15 };

struct http_body
http_body(const struct http_head *head)
{
	struct http_body body = {.framing = (uint8_t)head->framing, .left = head->body_bytes};

	if (body.framing == HTTP_LENGTH && body.left == 0)
		body.framing = HTTP_NO_BODY;
	return body;
}

bool
http_body_done(const struct http_body *body)
{
	return body->framing == HTTP_NO_BODY;
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
extra_byte(struct http_body *b, unsigned char c)
{
	return ++b->extra <= HTTP_CHUNK_EXTRA_MAX && (c >= ' ' || c == '\t') && c != 0x7f;
}

static bool
size_byte(struct http_body *b, unsigned char c)
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
frame_byte(struct http_body *b, unsigned char c)
{
	switch ((enum http_chunk_state)b->chunk) {
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
		b->framing = HTTP_NO_BODY;
		return c == '\n';
	case CHUNK_DATA:
		break;
	}
	return false;
}

static ptrdiff_t
take_chunked(struct http_body *b, struct span in)
{
	size_t n = 0;

	while (n < in.len && b->framing != HTTP_NO_BODY) {
		size_t data = in.len - n;

		if (b->chunk != CHUNK_DATA) {
			if (!frame_byte(b, (unsigned char)in.ptr[n++]))
				return -1;
			continue;
		}
		if (data > b->left)
			data = (size_t)b->left;
		b->left -= data;
		n += data;
		if (b->left == 0)
			b->chunk = CHUNK_DATA_CR;
	}
	return (ptrdiff_t)n;
}

ptrdiff_t
http_body_take(struct http_body *b, struct span in)
{
	size_t n = in.len;

	if (b->framing == HTTP_NO_BODY)
		return 0;
	if (b->framing == HTTP_CHUNKED)
		return take_chunked(b, in);
	if (n > b->left)
		n = (size_t)b->left;
	b->left -= n;
	if (b->left == 0)
		b->framing = HTTP_NO_BODY;
	return (ptrdiff_t)n;
}

static enum http_reply
reply_byte(struct http_reply_scan *r, char c)
{
	static const char class_1xx[] = "HTTP/1.1 1";
	enum { CLASS = sizeof(class_1xx) - 1, STATUS = CLASS + 2, SWITCHING = 1 };

	if (r->at < CLASS)
		return c == class_1xx[r->at++] ? REPLY_MORE : REPLY_OTHER;
	if (r->at < STATUS) {
		r->at++;
		r->code = (uint8_t)(r->code * 10 + c - '0');
		if (c < '0' || c > '9')
			return REPLY_OTHER;
		return r->at == STATUS && r->code == SWITCHING ? REPLY_SWITCHING : REPLY_MORE;
	}
	if (c != '\r')
		r->ends = c == '\n' ? r->ends + 1 : 0;
	if (r->ends == 2)
		*r = (struct http_reply_scan){0};
	return REPLY_MORE;
}

enum http_reply
http_reply(struct http_reply_scan *r, struct span bytes)
{
	enum http_reply reply = REPLY_MORE;

	for (size_t i = 0; i < bytes.len && reply == REPLY_MORE; i++)
		reply = reply_byte(r, bytes.ptr[i]);
	return reply;
}
