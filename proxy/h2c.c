/* HTTP/2 without TLS: see h2c.h. Numbers are those of RFC 9113. */
#include "proxy/h2c.h"
#include "proxy/answer.h"

#include <stdio.h>

enum { FRAME_HEAD = 9, FRAME_MAX = 16384, SETTING_BYTES = 6, SETTING_WINDOW = 4, WINDOW_FIRST = 65535 };

enum frame {
	FRAME_DATA,
	FRAME_HEADERS,
	FRAME_PRIORITY,
	FRAME_RST_STREAM,
	FRAME_SETTINGS,
	FRAME_PUSH_PROMISE,
	FRAME_PING,
	FRAME_GOAWAY,
	FRAME_WINDOW_UPDATE,
	FRAME_CONTINUATION,
};

enum flag { FLAG_ACK = 1, FLAG_END_STREAM = 1, FLAG_END_HEADERS = 4, FLAG_PADDED = 8, FLAG_PRIORITY = 32 };

enum error { ERROR_NONE = 0, ERROR_PROTOCOL = 1, ERROR_CALM = 11, ERROR_HTTP_1_1 = 13 };

/* The first field of a block, where it is one of the static table: RFC 7541 appendix A. */
enum field { METHOD_GET = 0x82, METHOD_POST = 0x83 };

static const char preface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/* --- in ------------------------------------------------------------------------------------------------------ */

struct frame_head {
	uint32_t length, stream;
	uint8_t type, flags;
};

static uint32_t
number(const char *p, size_t bytes)
{
	uint32_t n = 0;

	while (bytes--)
		n = n << 8 | (uint8_t)*p++;
	return n;
}

static struct frame_head
head_of(const char *p)
{
	return (struct frame_head){number(p, 3), number(p + 5, 4) & 0x7fffffff, (uint8_t)p[3], (uint8_t)p[4]};
}

static struct sniff
bad(unsigned answer, const char *why)
{
	return (struct sniff){.verdict = SNIFF_BAD, .answer = (uint16_t)answer, .why = why};
}

/* 6.5; what is returned: why it is wrong, or NULL. */
static const char *
take_settings(struct h2c *h, const struct frame_head *f, struct span payload)
{
	if (f->stream || f->flags & FLAG_ACK || payload.len % SETTING_BYTES)
		return "broken settings of HTTP/2";
	h->settings = true;
	for (; payload.len; payload = span_from(payload, SETTING_BYTES))
		if (number(payload.ptr, 2) == SETTING_WINDOW)
			h->window = number(payload.ptr + 2, 4);
	return h->window >> 31 ? "broken settings of HTTP/2" : NULL;
}

/* 6.2. */
static const char *
take_headers(struct h2c *h, const struct frame_head *f, struct span payload)
{
	size_t before = f->flags & FLAG_PADDED ? 1 : 0, behind = 0;

	if (before && payload.len)
		behind = (uint8_t)payload.ptr[0];
	before += f->flags & FLAG_PRIORITY ? 5 : 0;
	if (f->stream % 2 == 0 || before + behind > payload.len)
		return "a broken request of HTTP/2";
	h->stream = f->stream;
	if (before + behind < payload.len)
		h->content =
		    (uint8_t)payload.ptr[before] == METHOD_GET || (uint8_t)payload.ptr[before] == METHOD_POST;
	return NULL;
}

static const char *
take_frame(struct h2c *h, const struct frame_head *f, struct span payload)
{
	if (!h->settings && f->type != FRAME_SETTINGS)
		return "HTTP/2 that does not begin with settings";
	switch (f->type) {
	case FRAME_SETTINGS:
		return take_settings(h, f, payload);
	case FRAME_HEADERS:
		return take_headers(h, f, payload);
	case FRAME_DATA:
	case FRAME_RST_STREAM:
	case FRAME_PUSH_PROMISE:
	case FRAME_CONTINUATION:
		return "a frame of no request in HTTP/2";
	default:
		return NULL; /* about order and liveness, or of an extension: 5.5 */
	}
}

/* Is the preface whole? */
static bool
take_preface(struct h2c *h, struct span in, struct sniff *out)
{
	size_t n = sizeof(preface) - 1;

	if (h->seen)
		return true;
	*out = (struct sniff){.verdict = SNIFF_MORE};
	if (memcmp(in.ptr, preface, in.len < n ? in.len : n) != 0)
		*out = bad(ANSWER_BAD_REQUEST, "not the preface of HTTP/2");
	else if (in.len >= n)
		h->seen = (uint32_t)n, h->window = WINDOW_FIRST;
	return h->seen;
}

struct sniff
h2c_sniff(struct span in, struct h2c *h)
{
	struct sniff result;

	if (!take_preface(h, in, &result))
		return result;
	while (in.len - h->seen >= FRAME_HEAD) {
		struct frame_head f = head_of(in.ptr + h->seen);
		const char *why;

		if (f.length > FRAME_MAX || h->seen + FRAME_HEAD + f.length > H2C_MAX)
			return bad(ANSWER_BAD_REQUEST, "too much of HTTP/2 before a request");
		if (in.len - h->seen < FRAME_HEAD + f.length)
			break;
		why = take_frame(h, &f, span_of(in.ptr + h->seen + FRAME_HEAD, f.length));
		if (why)
			return bad(ANSWER_BAD_REQUEST, why);
		if (h->stream)
			return bad(
			    ANSWER_MISDIRECTED, "HTTP/2 without TLS is not routed; use HTTP/1.1 or TLS");
		h->seen += FRAME_HEAD + f.length;
	}
	return (struct sniff){.verdict = SNIFF_MORE};
}

/* --- out ----------------------------------------------------------------------------------------------------- */

static size_t
put_number(char *out, size_t n, uint32_t what, size_t bytes)
{
	while (bytes--)
		out[n++] = (char)(what >> 8 * bytes);
	return n;
}

static size_t
put_head(char *out, size_t n, size_t length, enum frame type, unsigned flags, uint32_t stream)
{
	n = put_number(out, n, (uint32_t)length, 3);
	n = put_number(out, n, (uint32_t)type, 1);
	n = put_number(out, n, flags, 1);
	return put_number(out, n, stream, 4);
}

static size_t
put_text(char *out, size_t n, const char *text, size_t len)
{
	memcpy(out + n, text, len);
	return n + len;
}

/* A field that nobody keeps in mind, its name of the static table: RFC 7541 6.2.2. */
static size_t
put_field(char *out, size_t n, unsigned name, const char *value)
{
	if (name < 15)
		out[n++] = (char)name;
	else
		out[n++] = 15, out[n++] = (char)(name - 15);
	out[n++] = (char)strlen(value);
	return put_text(out, n, value, strlen(value));
}

static size_t
put_response(const struct h2c *h, unsigned status, const char *why, char *out, size_t n)
{
	char page[ANSWER_PAGE_MAX], block[128], text[8];
	size_t length = answer_page(status, why, page), fields;
	bool content = h->content && length <= h->window;

	snprintf(text, sizeof(text), "%u", status);
	fields = put_field(block, 0, 8, text);
	fields = put_field(block, fields, 24, "no-store"); /* cache-control */
	if (content) {
		snprintf(text, sizeof(text), "%u", (unsigned)length & 0xffff);
		fields = put_field(block, fields, 28, text); /* content-length */
		fields = put_field(block, fields, 31, "text/plain"); /* content-type */
	}
	n = put_head(
	    out, n, fields, FRAME_HEADERS, FLAG_END_HEADERS | (content ? 0 : FLAG_END_STREAM), h->stream);
	n = put_text(out, n, block, fields);
	if (!content)
		return n;
	n = put_head(out, n, length, FRAME_DATA, FLAG_END_STREAM, h->stream);
	return put_text(out, n, page, length);
}

size_t
h2c_answer(const struct h2c *h, unsigned status, const char *why, char *out)
{
	size_t n = put_head(out, 0, 0, FRAME_SETTINGS, 0, 0), length = strlen(why);
	enum error error = h->stream			  ? ERROR_HTTP_1_1
			   : status == ANSWER_BAD_REQUEST ? ERROR_PROTOCOL
			   : status == ANSWER_TIMEOUT	  ? ERROR_NONE
							  : ERROR_CALM;

	if (h->settings)
		n = put_head(out, n, 0, FRAME_SETTINGS, FLAG_ACK, 0);
	if (h->stream)
		n = put_response(h, status, why, out, n);
	length = length < ANSWER_PAGE_MAX ? length : ANSWER_PAGE_MAX;
	n = put_head(out, n, 8 + length, FRAME_GOAWAY, 0, 0);
	n = put_number(out, n, h->stream, 4);
	n = put_number(out, n, error, 4);
	return put_text(out, n, why, length);
}
