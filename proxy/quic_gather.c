/*
 * Putting a handshake together out of pieces; see quic_gather.h. The pieces lie in the bytes in the order they came,
 * sorted by what they are a part of; after each packet they are put in order, so that what touches becomes one.
 */
#include "proxy/quic_gather.h"

#include <stdlib.h>

enum {
	FRAME_PADDING = 0x00,
	FRAME_PING = 0x01,
	FRAME_ACK = 0x02,
	FRAME_ACK_ECN = 0x03,
	FRAME_CRYPTO = 0x06,
	FRAME_CLOSE = 0x1c,
	ECN_COUNTS = 3,
};

/* --- frames, RFC 9000 19 ----------------------------------------------------------------------------------- */

static bool
take_bytes(struct span *left, struct span *out)
{
	uint64_t n;

	if (!quic_take_number(left, &n) || n > left->len)
		return false;
	*out = span_first(*left, (size_t)n);
	*left = span_from(*left, (size_t)n);
	return true;
}

static bool
skip_numbers(struct span *left, uint64_t n)
{
	uint64_t number;

	while (n-- > 0)
		if (!quic_take_number(left, &number))
			return false;
	return true;
}

static bool
skip_ack(struct span *left, bool ecn)
{
	uint64_t ranges;

	if (!skip_numbers(left, 2) || !quic_take_number(left, &ranges) || ranges > left->len)
		return false;
	return skip_numbers(left, 1 + ranges * 2 + (ecn ? ECN_COUNTS : 0));
}

static bool
skip_close(struct span *left)
{
	struct span reason;

	return skip_numbers(left, 2) && take_bytes(left, &reason);
}

/* The next frame. *crypto: what it carries, ptr NULL when it is no CRYPTO. false: none that may be here. */
static bool
take_frame(struct span *left, uint64_t *offset, struct span *crypto)
{
	uint8_t type = (uint8_t)left->ptr[0];

	*crypto = (struct span){0};
	*left = span_from(*left, 1);
	switch (type) {
	case FRAME_PADDING:
	case FRAME_PING:
		return true;
	case FRAME_ACK:
	case FRAME_ACK_ECN:
		return skip_ack(left, type == FRAME_ACK_ECN);
	case FRAME_CRYPTO:
		return quic_take_number(left, offset) && take_bytes(left, crypto);
	case FRAME_CLOSE:
		return skip_close(left);
	default:
		return false;
	}
}

/* --- pieces ------------------------------------------------------------------------------------------------- */

static bool
insert(struct quic_scan *s, size_t before, uint32_t from, struct span bytes)
{
	if (s->n_pieces == QUIC_PIECES_MAX)
		return false;
	memmove(s->pieces + before + 1, s->pieces + before, (s->n_pieces - before) * sizeof(s->pieces[0]));
	s->pieces[before] = (struct quic_piece){from, from + (uint32_t)bytes.len, s->len};
	s->n_pieces++;
	memcpy(s->bytes + s->len, bytes.ptr, bytes.len);
	s->len += (uint32_t)bytes.len;
	return true;
}

/* What is new of these bytes becomes pieces; what is not must be the same. There is room in the bytes. */
static enum quic_use
add(struct quic_scan *s, uint32_t from, struct span bytes)
{
	for (size_t i = 0; bytes.len > 0; i++) {
		const struct quic_piece *p = &s->pieces[i];
		size_t gap, both;

		if (i < s->n_pieces && p->to <= from)
			continue;
		gap = i == s->n_pieces || p->from >= from + bytes.len ? bytes.len
		      : p->from > from				      ? p->from - from
								      : 0;
		if (gap > 0) {
			if (!insert(s, i, from, span_first(bytes, gap)))
				return QUIC_NO_ROOM;
			from += (uint32_t)gap;
			bytes = span_from(bytes, gap);
			continue;
		}
		both = p->to - from < bytes.len ? p->to - from : bytes.len;
		if (memcmp(s->bytes + p->at + (from - p->from), bytes.ptr, both) != 0)
			return QUIC_MALFORMED;
		from += (uint32_t)both;
		bytes = span_from(bytes, both);
	}
	return QUIC_USED;
}

/* In order, and as few as there are gaps. room: as many bytes. */
static void
tidy(struct quic_scan *s, uint8_t *room)
{
	uint32_t len = 0;
	size_t n = 0;

	for (size_t i = 0; i < s->n_pieces; i++) {
		struct quic_piece p = s->pieces[i];
		uint32_t bytes = p.to - p.from;

		memcpy(room + len, s->bytes + p.at, bytes);
		if (n > 0 && s->pieces[n - 1].to == p.from)
			s->pieces[n - 1].to = p.to;
		else
			s->pieces[n++] = (struct quic_piece){p.from, p.to, len};
		len += bytes;
	}
	s->n_pieces = n;
	s->bytes = room;
}

/* The payload is well formed, and carries no more than so many bytes of handshake. */
static bool
measure(struct span left, size_t *bytes)
{
	*bytes = 0;
	while (left.len > 0) {
		struct span crypto;
		uint64_t offset = 0;

		if (!take_frame(&left, &offset, &crypto) || offset + crypto.len > SNIFF_BYTES)
			return false;
		*bytes += crypto.len;
	}
	return true;
}

enum quic_use
quic_gather(struct quic_scan *s, struct span payload)
{
	struct quic_scan next = *s;
	enum quic_use use = QUIC_USED;
	uint8_t *room;
	size_t bytes;

	if (!measure(payload, &bytes))
		return QUIC_MALFORMED;
	if (bytes == 0)
		return QUIC_USED;
	next.bytes = malloc(s->len + bytes);
	room = malloc(s->len + bytes);
	if (!next.bytes || !room) {
		free(next.bytes);
		free(room);
		return QUIC_NO_ROOM;
	}
	if (s->len)
		memcpy(next.bytes, s->bytes, s->len);
	while (payload.len > 0 && use == QUIC_USED) {
		struct span crypto;
		uint64_t offset = 0;

		take_frame(&payload, &offset, &crypto);
		use = add(&next, (uint32_t)offset, crypto);
	}
	if (use == QUIC_USED) {
		uint8_t *untidy = next.bytes;

		tidy(&next, room);
		free(untidy);
		free(s->bytes);
		*s = next;
		return use;
	}
	free(next.bytes);
	free(room);
	return use;
}

struct span
quic_gathered(const struct quic_scan *s)
{
	if (s->n_pieces == 0 || s->pieces[0].from > 0)
		return (struct span){0};
	return span_of(s->bytes + s->pieces[0].at, s->pieces[0].to);
}
