/* The head of an HTTP/1 request; see http.h. Framing of bodies: body.c. */
#include "proxy/http.h"
#include "base/name.h"

enum {
	BAD_REQUEST = 400,
	METHOD_NOT_ALLOWED = 405,
	MISDIRECTED = 421,
	HEAD_TOO_LARGE = 431,
	VERSION_NOT_SUPPORTED = 505,
	DIGITS_MAX = 18, /* of a Content-Length: far below 2^63 */
};

/* What the fields said, gathered while walking them. */
struct fields {
	struct span host, length, coding, upgrade;
	unsigned n_host, n_length, n_coding;
	bool has_upgrade, connection_upgrade;
};

static struct sniff
bad(unsigned status, const char *why)
{
	return (struct sniff){.verdict = SNIFF_BAD, .answer = (uint16_t)status, .why = why};
}

static bool
is_token_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c && strchr("!#$%&'*+-.^_`|~", c));
}

static bool
is_token(struct span s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!is_token_byte(s.ptr[i]))
			return false;
	return s.len > 0;
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

/* The next member of a comma-separated list, trimmed; what is left stays in *list. */
static struct span
list_next(struct span *list)
{
	size_t comma = span_find(*list, ',');
	struct span member = trim(span_first(*list, comma));

	*list = span_from(*list, comma < list->len ? comma + 1 : comma);
	return member;
}

static bool
list_has(struct span list, const char *word)
{
	while (list.len)
		if (span_is_nocase(list_next(&list), word))
			return true;
	return false;
}

/* Off the front of lines that all end in CRLF: one, without its end. */
static struct span
next_line(struct span *lines)
{
	struct span line = span_first(*lines, span_find(*lines, '\r'));

	*lines = span_from(*lines, line.len + 2);
	return line;
}

/*
 * Every byte up to the empty line, judged as it comes, so that garbage is refused before its end is waited for.
 * MORE with a length: the head is whole.
 */
static struct sniff
scan_head(struct span in, struct http_head *head)
{
	size_t max = in.len < HTTP_HEAD_MAX ? in.len : HTTP_HEAD_MAX;

	for (; !head->length && head->seen < max; head->seen++) {
		unsigned char c = (unsigned char)in.ptr[head->seen];
		bool after_cr = head->seen > 0 && in.ptr[head->seen - 1] == '\r';

		if (after_cr != (c == '\n'))
			return bad(BAD_REQUEST, after_cr ? "a CR without its LF" : "a LF without its CR");
		if (c == '\n' && head->seen == 1)
			return bad(BAD_REQUEST, "an empty line before the request");
		if (c == '\n' && in.ptr[head->seen - 2] == '\n')
			head->length = head->seen + 1;
		if ((c < ' ' && c != '\t' && c != '\r' && c != '\n') || c == 0x7f)
			return bad(BAD_REQUEST, c ? "a control character in the head" : "a NUL in the head");
	}
	if (!head->length && max == HTTP_HEAD_MAX)
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
		f->connection_upgrade |= list_has(value, "upgrade");
	}
	return true;
}

/* RFC 9112 5. */
static bool
read_fields(struct span lines, struct fields *f, struct sniff *out)
{
	for (;;) {
		struct span line = next_line(&lines), name;
		size_t colon = span_find(line, ':');

		if (line.len == 0)
			return true;
		name = span_first(line, colon);
		if (line.ptr[0] == ' ' || line.ptr[0] == '\t')
			*out = bad(BAD_REQUEST, "a folded line");
		else if (colon == line.len || !is_token(name))
			*out = bad(BAD_REQUEST, "a field without a proper name");
		else if (!add_field(f, name, trim(span_from(line, colon + 1))))
			*out = bad(BAD_REQUEST, "two Upgrade");
		else
			continue;
		return false;
	}
}

/* RFC 9112 6.1: chunked, once, at the end. */
static bool
ends_chunked(struct span codings)
{
	bool chunked = false;

	if (codings.len && codings.ptr[codings.len - 1] == ',')
		return false;
	while (codings.len) {
		struct span coding = list_next(&codings);

		if (chunked || !is_token(coding))
			return false;
		chunked = span_is_nocase(coding, "chunked");
	}
	return chunked;
}

static bool
read_length(struct span digits, uint64_t *out)
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

/* RFC 9112 6. */
static bool
read_framing(const struct fields *f, bool http10, struct http_head *head, struct sniff *out)
{
	head->framing = f->n_coding ? HTTP_CHUNKED : f->n_length ? HTTP_LENGTH : HTTP_NO_BODY;
	if (f->n_coding && f->n_length)
		*out = bad(BAD_REQUEST, "both Content-Length and Transfer-Encoding");
	else if (f->n_coding > 1 || f->n_length > 1)
		*out = bad(BAD_REQUEST, "two lengths of one body");
	else if (f->n_coding && http10)
		*out = bad(BAD_REQUEST, "Transfer-Encoding in HTTP/1.0");
	else if (f->n_coding && !ends_chunked(f->coding))
		*out = bad(BAD_REQUEST, "Transfer-Encoding does not end in chunked");
	else if (f->n_length && !read_length(f->length, &head->body_bytes))
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
	if (first == line.len || !is_token(*method)) {
		*out = bad(BAD_REQUEST, "not an HTTP request");
		return false;
	}
	rest = span_from(line, first + 1);
	second = span_find(rest, ' ');
	*target = span_first(rest, second);
	version = span_from(rest, second < rest.len ? second + 1 : second);
	*http10 = span_is(version, "HTTP/1.0");
	if (span_is(*method, "PRI") && span_is(version, "HTTP/2.0"))
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
		struct span one = list_next(&protocols);

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
	if (!request_line(next_line(&lines), &method, &target, &http10, &result))
		return result;
	head->is_head = span_is(method, "HEAD");
	authority = authority_of(target);
	if (!target_fits(method, target, authority))
		return bad(BAD_REQUEST, "a target that is neither path nor URL");
	if (!read_fields(lines, &f, &result) || !read_framing(&f, http10, head, &result))
		return result;
	head->upgrade = f.has_upgrade && f.connection_upgrade && !http10 && head->framing == HTTP_NO_BODY &&
			!names_h2(f.upgrade);
	return destination(&f, authority, http10);
}

static bool
stays_here(struct span name, bool upgrade)
{
	return span_is_nocase(name, "connection") || span_is_nocase(name, "keep-alive") ||
	       span_is_nocase(name, "proxy-connection") ||
	       (!upgrade && (span_is_nocase(name, "upgrade") || span_is_nocase(name, "http2-settings")));
}

static size_t
put(char *out, size_t n, const char *from, size_t len)
{
	memcpy(out + n, from, len);
	return n + len;
}

size_t
http_rewrite(struct span head, const struct http_head *h, char *out)
{
	const char *connection = h->upgrade ? "Connection: upgrade\r\n\r\n" : "Connection: close\r\n\r\n";
	struct span lines = head, line = next_line(&lines);
	size_t n = put(out, 0, line.ptr, line.len + 2);

	for (line = next_line(&lines); line.len; line = next_line(&lines))
		if (!stays_here(span_first(line, span_find(line, ':')), h->upgrade))
			n = put(out, n, line.ptr, line.len + 2);
	return put(out, n, connection, strlen(connection));
}
