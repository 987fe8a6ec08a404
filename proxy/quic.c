/* QUIC packets; see quic.h. */
#include "proxy/quic.h"

enum {
	LONG_HEADER = 0x80,
	TYPE_SHIFT = 4,
	TYPE_MASK = 3,
	V1_INITIAL = 0,
	V1_RETRY = 3,
	V2_INITIAL = 1, /* RFC 9369 3.2 */
	V2_RETRY = 0,
};

static bool
take(struct span *from, size_t n, struct span *out)
{
	if (from->len < n)
		return false;
	*out = span_first(*from, n);
	*from = span_from(*from, n);
	return true;
}

bool
quic_take_number(struct span *from, uint64_t *out)
{
	uint8_t first = from->len ? (uint8_t)from->ptr[0] : 0;
	size_t n = (size_t)1 << (first >> 6);
	struct span raw;

	if (!take(from, n, &raw))
		return false;
	*out = first & 0x3f;
	for (size_t i = 1; i < n; i++)
		*out = *out << 8 | (uint8_t)raw.ptr[i];
	return true;
}

static bool
take_vector(struct span *from, uint64_t n, struct span *out)
{
	return n <= from->len && take(from, (size_t)n, out);
}

static bool
take_id(struct span *from, struct span *out)
{
	struct span len;

	return take(from, 1, &len) && take(from, (uint8_t)len.ptr[0], out);
}

static bool
known(uint32_t version)
{
	return version == QUIC_V1 || version == QUIC_V2;
}

/* From behind the ids: an Initial has a token, all but Retry have a length, and what follows it is the packet. */
static bool
take_rest(struct span *left, uint8_t type, struct quic_packet *p)
{
	bool v1 = p->version == QUIC_V1;
	struct span token, rest;
	uint64_t n;

	if (type == (v1 ? V1_RETRY : V2_RETRY))
		return take(left, left->len, &rest);
	if (type == (v1 ? V1_INITIAL : V2_INITIAL)) {
		p->kind = QUIC_INITIAL;
		if (!quic_take_number(left, &n) || !take_vector(left, n, &token))
			return false;
	}
	if (!quic_take_number(left, &n))
		return false;
	p->number_at = (size_t)(left->ptr - p->whole.ptr);
	return take_vector(left, n, &rest);
}

static bool
take_long(struct span *left, struct quic_packet *p)
{
	struct span first, version;

	if (!take(left, 1, &first) || !take(left, 4, &version) || !take_id(left, &p->dcid) ||
	    !take_id(left, &p->scid))
		return false;
	for (size_t i = 0; i < version.len; i++)
		p->version = p->version << 8 | (uint8_t)version.ptr[i];
	if (!known(p->version)) {
		p->kind = QUIC_OTHER_VERSION;
		return take(left, left->len, &first);
	}
	p->kind = QUIC_LONG;
	if (p->dcid.len > QUIC_CID_MAX || p->scid.len > QUIC_CID_MAX)
		return false;
	return take_rest(left, (uint8_t)first.ptr[0] >> TYPE_SHIFT & TYPE_MASK, p);
}

bool
quic_take(struct span *datagram, struct quic_packet *out)
{
	struct quic_packet p = {.kind = QUIC_SHORT, .whole = *datagram};
	struct span left = *datagram;

	if (left.len == 0)
		return false;
	if (((uint8_t)left.ptr[0] & LONG_HEADER) == 0) {
		p.dcid = span_from(left, 1);
		left = span_from(left, left.len);
	} else if (!take_long(&left, &p)) {
		return false;
	}
	p.whole.len = (size_t)(left.ptr - datagram->ptr);
	*datagram = left;
	*out = p;
	return true;
}
