/* The server name in the Initial packets of a QUIC client; see quic_hello.h. */
#include "proxy/quic_hello.h"
#include "proxy/quic_gather.h"
#include "proxy/tls.h"

#include <stdlib.h>

enum {
	HANDSHAKE_HEAD = 4,
	CLIENT_HELLO = 1,
};

static struct sniff
more(void)
{
	return (struct sniff){.verdict = SNIFF_MORE};
}

static struct sniff
bad(const char *why)
{
	return (struct sniff){.verdict = SNIFF_BAD, .why = why};
}

bool
quic_scan_has(const struct quic_scan *s, const struct quic_packet *p)
{
	return s->version == p->version && span_eq(span_of(s->dcid, s->dcid_len), p->dcid);
}

/* Is it whole, and what does it say? */
static struct sniff
judge(const struct quic_scan *s)
{
	struct span have = quic_gathered(s);
	size_t length;

	if (have.len == 0)
		return more();
	if (have.ptr[0] != CLIENT_HELLO)
		return bad("handshake without a ClientHello");
	if (have.len < HANDSHAKE_HEAD)
		return more();
	length = HANDSHAKE_HEAD + ((size_t)(uint8_t)have.ptr[1] << 16 | (size_t)(uint8_t)have.ptr[2] << 8 |
				      (uint8_t)have.ptr[3]);
	if (length > SNIFF_BYTES)
		return bad("hello too long");
	return have.len < length ? more() : tls_hello(span_first(have, length));
}

/* The first packet says which connection this is; it does so only when it can be opened. */
static enum quic_use
begin(struct quic_scan *s, struct quic_crypto *c, const struct quic_packet *p)
{
	if (p->kind == QUIC_OTHER_VERSION)
		return QUIC_UNKNOWN_VERSION;
	if (p->kind != QUIC_INITIAL || p->dcid.len < QUIC_CLIENT_CID_MIN ||
	    quic_keys_client(c, p->version, p->dcid, &s->keys) == -1)
		return QUIC_MALFORMED;
	s->version = p->version;
	s->dcid_len = (uint8_t)p->dcid.len;
	memcpy(s->dcid, p->dcid.ptr, p->dcid.len);
	return QUIC_USED;
}

static enum quic_use
take_packet(struct quic_scan *s, struct quic_crypto *c, const struct quic_packet *p, uint8_t *room)
{
	bool first = s->version == 0;
	enum quic_use use = first ? begin(s, c, p) : QUIC_USED;
	struct span payload;

	if (use != QUIC_USED)
		return use;
	if (p->kind == QUIC_LONG)
		return QUIC_NOT_READ;
	if (p->kind != QUIC_INITIAL || !quic_scan_has(s, p) || !quic_open(c, &s->keys, p, room, &payload))
		use = QUIC_MALFORMED;
	else
		use = quic_gather(s, payload);
	if (use != QUIC_USED && first)
		s->version = 0;
	return use;
}

struct sniff
quic_sniff(
    struct quic_scan *s, struct quic_crypto *c, struct span datagram, uint8_t *room, enum quic_use *use)
{
	struct quic_packet p;
	bool whole = datagram.len >= QUIC_DATAGRAM_MIN;

	*use = QUIC_MALFORMED;
	if (datagram.len > QUIC_PACKET_MAX)
		return more();
	for (bool first = true; quic_take(&datagram, &p); first = false) {
		enum quic_use got =
		    p.kind == QUIC_INITIAL && !whole ? QUIC_TOO_SHORT : take_packet(s, c, &p, room);

		if (first || got == QUIC_USED)
			*use = got;
	}
	return *use == QUIC_USED ? judge(s) : more();
}

void
quic_scan_free(struct quic_scan *s)
{
	free(s->bytes);
	*s = (struct quic_scan){0};
}
