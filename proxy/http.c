/* The head of an HTTP/1 request; see http.h. */
#include "proxy/http.h"
#include "base/name.h"
#include "proxy/field.h"

enum {
	BAD_REQUEST = 400,
	METHOD_NOT_ALLOWED = 405,
	MISDIRECTED = 421,
	HEAD_TOO_LARGE = 431,
	VERSION_NOT_SUPPORTED = 505,
};

enum { H2C_LENGTH = sizeof("PRI * HTTP/2.0\r\n\r\n") - 1 };

/* What the fields said, gathered while walking them. */
struct fields {
	struct span host, length, coding, upgrade;
	unsigned n_host, n_length, n_coding;
	bool has_upgrade, upgrade_option, close_option, keep_alive_option; /* options: of Connection */
};

static struct sniff
bad(unsigned status, const char *why)
{
	return (struct sniff){.verdict = SNIFF_BAD, .answer = (uint16_t)status, .why = why};
}

/* MORE with a length: the head is whole. */
static struct sniff
scan_head(struct span in, struct http_head *head)
{
	const char *why = field_scan(in, HTTP_HEAD_MAX, &head->seen, &head->length);

	if (why)
		return bad(BAD_REQUEST, why);
	if (!head->length && in.len >= HTTP_HEAD_MAX)
		return bad(HEAD_TOO_LARGE, "head too large");
	return (struct sniff){.verdict = SNIFF_MORE};
}

static bool
add_field(struct fields *f, struct span name, struct span value)
{
	if (span_is_nocase(name, "host")) {
		f->host = value;
		f->n_host++;
	} else if (span_is_nocase(name, "content-length")) {
		f->length = value;
		f->n_length++;
	} else if (span_is_nocase(name, "transfer-encoding")) {
		f->coding = value;
		f->n_coding++;
	} else if (span_is_nocase(name, "upgrade")) {
		f->upgrade = value;
		if (f->has_upgrade)
			return false;
		f->has_upgrade = true;
	} else if (span_is_nocase(name, "connection")) {
		f->upgrade_option |= field_has(value, "upgrade");
		f->close_option |= field_has(value, "close");
		f->keep_alive_option |= field_has(value, "keep-alive");
	}
	return true;
}

/* RFC 9112 5. */
static bool
read_fields(struct span lines, struct fields *f, struct sniff *out)
{
	for (;;) {
		struct span line = field_line(&lines), name, value;
		const char *why;

		if (line.len == 0)
			return true;
		why = field_split(line, &name, &value);
		if (!why && !add_field(f, name, value))
			why = "two Upgrade";
		if (why) {
			*out = bad(BAD_REQUEST, why);
			return false;
		}
	}
}

/* RFC 9112 6. */
static bool
read_framing(const struct fields *f, bool http10, struct http_head *head, struct sniff *out)
{
	head->framing = f->n_coding ? BODY_CHUNKED : f->n_length ? BODY_LENGTH : BODY_NONE;
	if (f->n_coding && f->n_length)
		*out = bad(BAD_REQUEST, "both Content-Length and Transfer-Encoding");
	else if (f->n_coding > 1 || f->n_length > 1)
		*out = bad(BAD_REQUEST, "two lengths of one body");
	else if (f->n_coding && http10)
		*out = bad(BAD_REQUEST, "Transfer-Encoding in HTTP/1.0");
	else if (f->n_coding && !field_ends_chunked(f->coding))
		*out = bad(BAD_REQUEST, "Transfer-Encoding does not end in chunked");
	else if (f->n_length && !field_length(f->length, &head->body_bytes))
		*out = bad(BAD_REQUEST, "Content-Length is no number");
	else
		return true;
	return false;
}

/* The authority of an absolute target, RFC 9112 3.2.2; len 0: it has none. */
static struct span
authority_of(struct span target)
{
	size_t scheme = target.len >= 7 && strncasecmp(target.ptr, "http://", 7) == 0	 ? 7
			: target.len >= 8 && strncasecmp(target.ptr, "https://", 8) == 0 ? 8
											 : 0;
	size_t n = 0;

	if (scheme == 0)
		return span_first(target, 0);
	target = span_from(target, scheme);
	while (n < target.len && !strchr("/?#", target.ptr[n]))
		n++;
	return span_first(target, n);
}

/* Host and authority must name the same host; their ports may be written differently. */
static bool
same_host(struct span a, struct span b)
{
	char left[NAME_ROOM], right[NAME_ROOM];

	if (a.len == b.len && strncasecmp(a.ptr, b.ptr, a.len) == 0)
		return true;
	return name_judge_host(a, left) == 0 && name_judge_host(b, right) == 0 && strcmp(left, right) == 0;
}

static struct sniff
destination(const struct fields *f, struct span authority, bool http10)
{
	struct span host = authority.len ? authority : f->host;

	if (f->n_host > 1)
		return bad(BAD_REQUEST, "two Host");
	if (f->n_host == 0 && !http10)
		return bad(BAD_REQUEST, "no Host");
	if (f->n_host && authority.len && !same_host(f->host, authority))
		return bad(BAD_REQUEST, "Host is not the host of the target");
	if (host.len == 0)
		return (struct sniff){.verdict = SNIFF_NONE, .answer = MISDIRECTED, .why = "no host name"};
	return (struct sniff){.verdict = SNIFF_HOST, .host = host};
}

/* RFC 9112 3: method SP target SP version. False: refused, *out says why. */
static bool
request_line(struct span line, struct span *method, struct span *target, bool *http10, struct sniff *out)
{
	size_t first = span_find(line, ' '), second;
	struct span rest, version;

	*method = span_first(line, first);
	if (first == line.len || !field_is_token(*method)) {
		*out = bad(BAD_REQUEST, "not an HTTP request");
		return false;
	}
	rest = span_from(line, first + 1);
	second = span_find(rest, ' ');
	*target = span_first(rest, second);
	version = span_from(rest, second < rest.len ? second + 1 : second);
	*http10 = span_is(version, "HTTP/1.0");
	if (span_is(*method, "PRI") && span_is(*target, "*") && span_is(version, "HTTP/2.0"))
		*out = bad(MISDIRECTED, "HTTP/2 without TLS is not routed; use HTTP/1.1 or TLS");
	else if (!*http10 && !span_is(version, "HTTP/1.1") && version.len == 8 &&
		 memcmp(version.ptr, "HTTP/", 5) == 0)
		*out = bad(VERSION_NOT_SUPPORTED, "not HTTP/1.0 or HTTP/1.1");
	else if ((!*http10 && !span_is(version, "HTTP/1.1")) || target->len == 0 ||
		 span_find(*target, '\t') != target->len)
		*out = bad(BAD_REQUEST, "not an HTTP/1 request line");
	else if (span_is(*method, "CONNECT"))
		*out = bad(METHOD_NOT_ALLOWED, "CONNECT is not served here");
	else
		return true;
	return false;
}

static bool
target_fits(struct span method, struct span target, struct span authority)
{
	if (target.ptr[0] == '/')
		return true;
	if (span_is(target, "*"))
		return span_is(method, "OPTIONS");
	return authority.len > 0 && span_find(authority, '@') == authority.len;
}

/* HTTP/2 in the clear would carry requests for anybody's names through the tunnel. */
static bool
names_h2(struct span protocols)
{
	while (protocols.len) {
		struct span one = field_next(&protocols);

		if (one.len >= 2 && strncasecmp(one.ptr, "h2", 2) == 0)
			return true;
	}
	return false;
}

struct sniff
http_sniff(struct span in, struct http_head *head)
{
	struct span lines, method, target, authority;
	struct fields f = {0};
	struct sniff result = scan_head(in, head);
	bool http10;

	if (!head->length)
		return result;
	lines = span_first(in, head->length);
	if (!request_line(field_line(&lines), &method, &target, &http10, &result)) {
		head->is_h2c = result.answer == MISDIRECTED && head->length == H2C_LENGTH;
		return result;
	}
	head->is_get = span_is(method, "GET");
	head->is_head = span_is(method, "HEAD");
	authority = authority_of(target);
	if (!target_fits(method, target, authority))
		return bad(BAD_REQUEST, "a target that is neither path nor URL");
	if (!read_fields(lines, &f, &result) || !read_framing(&f, http10, head, &result))
		return result;
	head->offers_h2c = f.has_upgrade && names_h2(f.upgrade);
	head->upgrade = f.has_upgrade && f.upgrade_option && !http10 && !head->offers_h2c;
	head->keep = !f.close_option && (!http10 || f.keep_alive_option);
	head->http10 = http10;
	return destination(&f, authority, http10);
}

static size_t
put(char *out, size_t n, struct span from)
{
	memcpy(out + n, from.ptr, from.len);
	return n + from.len;
}

size_t
http_without_h2c(struct span head, const struct http_head *h, char *out)
{
	const char *end = !h->keep    ? "Connection: close\r\n\r\n"
			  : h->http10 ? "Connection: keep-alive\r\n\r\n"
				      : "\r\n";
	struct span lines = head, line = field_line(&lines);
	size_t n = put(out, 0, span_of(line.ptr, line.len + 2));

	for (line = field_line(&lines); line.len; line = field_line(&lines)) {
		struct span name = span_first(line, span_find(line, ':'));

		if (!span_is_nocase(name, "connection") && !span_is_nocase(name, "upgrade") &&
		    !span_is_nocase(name, "http2-settings"))
			n = put(out, n, span_of(line.ptr, line.len + 2));
	}
	return put(out, n, span_str(end));
}

struct span
http_path(struct span head)
{
	size_t first = span_find(head, ' ');
	struct span rest = span_from(head, first + 1), target = span_first(rest, span_find(rest, ' '));
	struct span authority = authority_of(target);

	if (authority.len)
		target = span_of(authority.ptr + authority.len,
		    target.len - (size_t)(authority.ptr + authority.len - target.ptr));
	return target.len && strchr("/?", target.ptr[0]) ? target : span_str("/");
}
