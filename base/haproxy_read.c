/* The PROXY protocol's header, as it is read; see haproxy.h. */
#include "base/haproxy.h"

enum {
	TEXT_MAX = 107, /* 2.1: the longest line, with its end */
	HEAD = 16, /* of version 2: signature, version and command, family, length */
	VERSION_2 = 2,
	LOCAL = 0,
	PROXY = 1,
	UNSPEC = 0,
	INET = 1,
	INET6 = 2,
	UNIX = 3,
	STREAM = 1,
	UNIX_BYTES = 216, /* two paths of 108 */
	ADDITION_HEAD = 3, /* type and length */
};

static const char signature[12] = "\r\n\r\n\0\r\nQUIT\n";
static const char text_start[6] = "PROXY ";

static struct haproxy
bad(const char *why)
{
	return (struct haproxy){.verdict = SNIFF_BAD, .why = why};
}

/* As far as both go. */
static bool
begins(struct span in, const char *start, size_t n)
{
	return memcmp(in.ptr, start, in.len < n ? in.len : n) == 0;
}

static struct haproxy
told(size_t length, const struct addr *from, const struct addr *to)
{
	/* IPv4 inside IPv6 is IPv4, and then for both. */
	if (from->ip.family != to->ip.family)
		return bad("the PROXY header mixes IPv4 and IPv6");
	return (struct haproxy){SNIFF_HOST, (uint32_t)length, *from, *to, NULL};
}

/* --- version 1 -------------------------------------------------------------------------------------------- */

/* What stands before the next space, which goes, too; nothing where there is no space. */
static struct span
take_word(struct span *line)
{
	size_t n = span_find(*line, ' ');
	struct span word = span_first(*line, n < line->len ? n : 0);

	*line = span_from(*line, n < line->len ? n + 1 : 0);
	return word;
}

static bool
read_port(struct span text, uint16_t *port)
{
	unsigned n = 0;

	if (text.len == 0 || text.len > 5 || (text.len > 1 && text.ptr[0] == '0'))
		return false;
	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] < '0' || text.ptr[i] > '9')
			return false;
		n = n * 10 + (unsigned)(text.ptr[i] - '0');
	}
	*port = (uint16_t)n;
	return n <= UINT16_MAX;
}

/* An address as this family writes it. */
static bool
read_ip(struct span text, bool six, struct ip *ip)
{
	return (span_find(text, ':') < text.len) == six && ip_parse(text, ip) == 0;
}

/* line: behind "PROXY ", without its end. */
static struct haproxy
read_line(struct span line, size_t length)
{
	static const char malformed[] = "malformed PROXY header";
	struct addr from, to;
	struct span family;
	bool six;

	if (span_is(line, "UNKNOWN") || (line.len > 8 && span_is(span_first(line, 8), "UNKNOWN ")))
		return (struct haproxy){.verdict = SNIFF_NONE, .length = (uint32_t)length};
	family = take_word(&line);
	six = span_is(family, "TCP6");
	if (!six && !span_is(family, "TCP4"))
		return bad(malformed);
	if (!read_ip(take_word(&line), six, &from.ip) || !read_ip(take_word(&line), six, &to.ip) ||
	    !read_port(take_word(&line), &from.port) || !read_port(line, &to.port))
		return bad(malformed);
	return told(length, &from, &to);
}

static struct haproxy
read_text(struct span in)
{
	struct span first = span_first(in, in.len < TEXT_MAX ? in.len : TEXT_MAX);
	size_t n = span_find(first, '\n');

	if (n == TEXT_MAX)
		return bad("endless PROXY header");
	if (n == first.len)
		return (struct haproxy){.verdict = SNIFF_MORE};
	if (first.ptr[n - 1] != '\r' || n - 1 < sizeof(text_start))
		return bad("malformed PROXY header");
	return read_line(span_from(span_first(first, n - 1), sizeof(text_start)), n + 1);
}

/* --- version 2 -------------------------------------------------------------------------------------------- */

static size_t
number16(const char *at)
{
	return (size_t)(uint8_t)at[0] << 8 | (uint8_t)at[1];
}

static bool
additions_fit(struct span in)
{
	while (in.len >= ADDITION_HEAD) {
		size_t n = ADDITION_HEAD + number16(in.ptr + 1);

		if (n > in.len)
			return false;
		in = span_from(in, n);
	}
	return in.len == 0;
}

static struct ip
ip_of(const char *at, bool six)
{
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};
	struct addr out = {.ip.family = 4};

	memcpy(six ? in6.sin6_addr.s6_addr : out.ip.b, at, six ? 16 : 4);
	if (six)
		addr_from_sockaddr((struct sockaddr *)&in6, &out);
	return out.ip;
}

/* body: addresses, then additions. */
static struct haproxy
read_addresses(uint8_t family, struct span body)
{
	bool six = family >> 4 == INET6;
	size_t ip = six ? 16 : 4, n = 2 * ip + 4;
	struct addr from, to;

	if (body.len < n || !additions_fit(span_from(body, n)))
		return bad("PROXY header with lengths that do not fit");
	from.ip = ip_of(body.ptr, six);
	to.ip = ip_of(body.ptr + ip, six);
	from.port = (uint16_t)number16(body.ptr + 2 * ip);
	to.port = (uint16_t)number16(body.ptr + 2 * ip + 2);
	return told(HEAD + body.len, &from, &to);
}

static struct haproxy
read_body(uint8_t command, uint8_t family, struct span body)
{
	struct haproxy untold = {.verdict = SNIFF_NONE, .length = (uint32_t)(HEAD + body.len)};

	if (command == LOCAL)
		return untold;
	if ((family >> 4 == INET || family >> 4 == INET6) && (family & 0xf) == STREAM)
		return read_addresses(family, body);
	if (family == UNSPEC)
		return untold;
	if (family == (UNIX << 4 | STREAM))
		return body.len >= UNIX_BYTES ? untold : bad("PROXY header with lengths that do not fit");
	return bad("PROXY header of no stream");
}

static struct haproxy
read_binary(struct span in)
{
	uint8_t version, family;
	size_t n;

	if (in.len < HEAD)
		return (struct haproxy){.verdict = SNIFF_MORE};
	version = (uint8_t)in.ptr[12];
	family = (uint8_t)in.ptr[13];
	n = number16(in.ptr + 14);
	if (version >> 4 != VERSION_2 || (version & 0xf) > PROXY)
		return bad("PROXY header of an unknown version");
	if (HEAD + n > HAPROXY_IN_MAX)
		return bad("PROXY header above 2048 bytes");
	if (in.len < HEAD + n)
		return (struct haproxy){.verdict = SNIFF_MORE};
	return read_body(version & 0xf, family, span_of(in.ptr + HEAD, n));
}

struct haproxy
haproxy_read(struct span in)
{
	if (in.len == 0)
		return (struct haproxy){.verdict = SNIFF_MORE};
	if (begins(in, text_start, sizeof(text_start)))
		return read_text(in);
	if (begins(in, signature, sizeof(signature)))
		return read_binary(in);
	return bad("no PROXY header");
}
