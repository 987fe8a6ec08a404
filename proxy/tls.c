/* The server name in a TLS ClientHello; see tls.h. */
#include "proxy/tls.h"

enum {
	RECORD_HEAD = 5,
	RECORD_MAX = 1 << 14,
	TYPE_HANDSHAKE = 22,
	TYPE_FIRST = 20, /* change_cipher_spec, alert, handshake, application_data */
	TYPE_LAST = 23,
	HANDSHAKE_HEAD = 4,
	CLIENT_HELLO = 1,
	VERSION_TLS10 = 0x0301,
	RANDOM_BYTES = 32,
	SESSION_ID_MAX = 32,
	EXTENSION_SERVER_NAME = 0,
	TYPE_PAGES = 256, /* of extension types, each of as many */
	NAME_TYPE_HOST = 0,
};

static struct sniff
more(void)
{
	return (struct sniff){.verdict = SNIFF_MORE};
}

static struct sniff
bad(enum tls_alert alert, const char *why)
{
	return (struct sniff){.verdict = SNIFF_BAD, .answer = (uint16_t)alert, .why = why};
}

static struct sniff
none(void)
{
	return (struct sniff){
	    .verdict = SNIFF_NONE, .answer = ALERT_MISSING_EXTENSION, .why = "no server name"};
}

static uint32_t
number(const char *at, size_t bytes)
{
	uint32_t n = 0;

	for (size_t i = 0; i < bytes; i++)
		n = n << 8 | (uint8_t)at[i];
	return n;
}

/* Reading off the front of a span: false when it is shorter than that. */
static bool
take(struct span *from, size_t n, struct span *out)
{
	if (from->len < n)
		return false;
	*out = span_first(*from, n);
	*from = span_from(*from, n);
	return true;
}

static bool
take_number(struct span *from, size_t bytes, uint32_t *out)
{
	struct span raw;

	if (!take(from, bytes, &raw))
		return false;
	*out = number(raw.ptr, bytes);
	return true;
}

/* A vector with its length in front, RFC 8446 3.4. */
static bool
take_vector(struct span *from, size_t length_bytes, struct span *out)
{
	uint32_t n;

	return take_number(from, length_bytes, &n) && take(from, n, out);
}

/* RFC 6066 3. Other name types were never defined, and nobody could tell how long they are. */
static struct sniff
server_name(struct span ext)
{
	struct span list, host;
	uint32_t type;

	if (!take_vector(&ext, 2, &list) || ext.len || list.len == 0)
		return bad(ALERT_DECODE_ERROR, "server name list does not fit its extension");
	if (!take_number(&list, 1, &type) || type != NAME_TYPE_HOST)
		return bad(ALERT_DECODE_ERROR, "server name of an unknown type");
	if (!take_vector(&list, 2, &host))
		return bad(ALERT_DECODE_ERROR, "server name longer than its list");
	if (list.len)
		return bad(ALERT_ILLEGAL_PARAMETER, "more than one server name");
	if (host.len == 0)
		return bad(ALERT_DECODE_ERROR, "empty server name");
	if (span_find(host, '\0') != host.len)
		return bad(ALERT_ILLEGAL_PARAMETER, "NUL in the server name");
	return (struct sniff){.verdict = SNIFF_HOST, .host = host};
}

/* The extension types met so far: zeroed where one is met, as a hello has few of so many. */
struct types {
	uint64_t pages[TYPE_PAGES / 64]; /* those in use */
	uint64_t seen[TYPE_PAGES][TYPE_PAGES / 64];
};

/* Sets a bit; whether it was set before. */
static bool
mark(uint64_t *bits, unsigned n)
{
	uint64_t bit = 1ull << n % 64;
	bool was = bits[n / 64] & bit;

	bits[n / 64] |= bit;
	return was;
}

static bool
is_second(struct types *t, uint32_t type)
{
	uint64_t *page = t->seen[type / TYPE_PAGES];

	if (!mark(t->pages, type / TYPE_PAGES))
		memset(page, 0, sizeof(t->seen[0]));
	return mark(page, type % TYPE_PAGES);
}

/* All of them are walked, also behind the name: a second name must not hide there. */
static struct sniff
extensions(struct span left)
{
	struct sniff result = none();
	struct types types;

	memset(types.pages, 0, sizeof(types.pages));
	while (left.len) {
		struct span ext;
		uint32_t type;

		if (!take_number(&left, 2, &type) || !take_vector(&left, 2, &ext))
			return bad(ALERT_DECODE_ERROR, "extension longer than the extensions");
		if (is_second(&types, type))
			return bad(ALERT_ILLEGAL_PARAMETER,
			    type == EXTENSION_SERVER_NAME ? "two server names" : "an extension twice");
		if (type != EXTENSION_SERVER_NAME)
			continue;
		result = server_name(ext);
		if (result.verdict == SNIFF_BAD)
			return result;
	}
	return result;
}

/* RFC 8446 4.1.2, behind the handshake header. */
static struct sniff
client_hello(struct span left)
{
	struct span random, session_id, ciphers, compressions, exts;
	uint32_t version;

	if (!take_number(&left, 2, &version))
		return bad(ALERT_DECODE_ERROR, "hello cut short");
	if (version >> 8 != VERSION_TLS10 >> 8 || version < VERSION_TLS10)
		return bad(ALERT_PROTOCOL_VERSION, "older than TLS 1.0");
	if (!take(&left, RANDOM_BYTES, &random))
		return bad(ALERT_DECODE_ERROR, "hello cut short");
	if (!take_vector(&left, 1, &session_id) || session_id.len > SESSION_ID_MAX)
		return bad(ALERT_DECODE_ERROR, "session id does not fit");
	if (!take_vector(&left, 2, &ciphers) || ciphers.len < 2 || ciphers.len % 2)
		return bad(ALERT_DECODE_ERROR, "cipher suites do not fit");
	if (!take_vector(&left, 1, &compressions) || compressions.len == 0)
		return bad(ALERT_DECODE_ERROR, "compression methods do not fit");
	if (left.len == 0)
		return none(); /* before extensions were invented */
	if (!take_vector(&left, 2, &exts) || left.len)
		return bad(ALERT_DECODE_ERROR, "extensions do not fill the hello");
	return extensions(exts);
}

struct sniff
tls_hello(struct span message)
{
	if (message.len < HANDSHAKE_HEAD || number(message.ptr, 1) != CLIENT_HELLO ||
	    number(message.ptr + 1, 3) != message.len - HANDSHAKE_HEAD)
		return bad(ALERT_DECODE_ERROR, "not one ClientHello");
	return client_hello(span_from(message, HANDSHAKE_HEAD));
}

/* RFC 8446 5.1: the header of a record of which bytes are there; false: refused, *out says why. */
static bool
record_head(struct span in, struct sniff *out)
{
	uint8_t type = in.len > 0 ? (uint8_t)in.ptr[0] : TYPE_HANDSHAKE;
	uint8_t major = in.len > 1 ? (uint8_t)in.ptr[1] : VERSION_TLS10 >> 8;
	uint32_t length = in.len >= RECORD_HEAD ? number(in.ptr + 3, 2) : 1;

	if (type & 0x80)
		*out = bad(ALERT_PROTOCOL_VERSION, "SSL 2");
	else if (type < TYPE_FIRST || type > TYPE_LAST)
		*out = bad(ALERT_UNEXPECTED_MESSAGE, "not TLS");
	else if (type != TYPE_HANDSHAKE)
		*out = bad(ALERT_UNEXPECTED_MESSAGE, "a record that is no handshake");
	else if (major != VERSION_TLS10 >> 8)
		*out = bad(ALERT_PROTOCOL_VERSION, "not a version of TLS");
	else if (length == 0)
		*out = bad(ALERT_UNEXPECTED_MESSAGE, "empty record");
	else if (length > RECORD_MAX)
		*out = bad(ALERT_RECORD_OVERFLOW, "record too long");
	else
		return true;
	return false;
}

/* What the handshake header says, as far as it is there; body is what its record holds from offset have on. */
static bool
handshake_head(struct tls_scan *scan, struct span body, struct sniff *out)
{
	uint32_t have = scan->have;

	for (size_t i = 0; have < HANDSHAKE_HEAD && i < body.len; i++)
		scan->head[have++] = (uint8_t)body.ptr[i];
	if (have > 0 && scan->head[0] != CLIENT_HELLO)
		*out = bad(ALERT_UNEXPECTED_MESSAGE, "handshake without a ClientHello");
	else if (have >= HANDSHAKE_HEAD && number((char *)scan->head + 1, 3) > SNIFF_BYTES - HANDSHAKE_HEAD)
		*out = bad(ALERT_RECORD_OVERFLOW, "hello too long");
	else
		return true;
	return false;
}

static size_t
hello_length(const struct tls_scan *scan)
{
	return HANDSHAKE_HEAD + number((const char *)scan->head + 1, 3);
}

/* The whole message: in place when its first record holds it, else gathered in room. */
static struct span
gather(struct span in, size_t length, uint8_t *room)
{
	size_t n = 0;

	if (number(in.ptr + 3, 2) == length)
		return span_of(in.ptr + RECORD_HEAD, length);
	while (n < length) {
		size_t part = number(in.ptr + 3, 2);

		memcpy(room + n, in.ptr + RECORD_HEAD, part);
		n += part;
		in = span_from(in, RECORD_HEAD + part);
	}
	return span_of(room, length);
}

struct sniff
tls_sniff(struct span in, struct tls_scan *scan, uint8_t *room)
{
	struct sniff refused;

	for (;;) {
		struct span record = span_from(in, scan->next), body;
		size_t length, after;
		bool whole;

		if (!record_head(record, &refused))
			return refused;
		if (scan->next + RECORD_HEAD >= SNIFF_BYTES)
			return bad(ALERT_RECORD_OVERFLOW, "hello too long");
		if (record.len < RECORD_HEAD)
			return more();
		length = number(record.ptr + 3, 2);
		if (scan->next + RECORD_HEAD + length > SNIFF_BYTES)
			return bad(ALERT_RECORD_OVERFLOW, "hello too long");
		whole = record.len >= RECORD_HEAD + length;
		body = span_of(record.ptr + RECORD_HEAD, whole ? length : record.len - RECORD_HEAD);
		if (!handshake_head(scan, body, &refused))
			return refused;
		after = scan->have + length;
		if (scan->have + body.len >= HANDSHAKE_HEAD && after > hello_length(scan))
			return bad(ALERT_DECODE_ERROR, "something behind the hello in its record");
		if (!whole)
			return more();
		scan->next += RECORD_HEAD + (uint32_t)length;
		scan->have = (uint32_t)after;
		if (after >= HANDSHAKE_HEAD && after == hello_length(scan))
			return tls_hello(gather(in, after, room));
	}
}
