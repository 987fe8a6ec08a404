/*
 * One captured frame → what it counts as; see frame.h.
 *
 * A packet longer than the MTU is one that segmentation offload keeps together: the interface counts its headers
 * once, the wire carries them with every segment. Segments are as large as the MTU allows; for TCP that is how
 * the kernel cuts bulk data, for UDP it is the least that there can be.
 */
#include "acct/frame.h"

enum {
	ETHERTYPE_IP4 = 0x0800,
	ETHERTYPE_IP6 = 0x86dd,
	PACKET_OUT = 4, /* PACKET_OUTGOING */
	MTU_LEAST = 68, /* RFC 791: what every link must carry */
	IP6_HEADERS_MAX = 8,
};

enum { TCP = 6, UDP = 17 };

static unsigned
get16(const char *p)
{
	const unsigned char *b = (const unsigned char *)p;

	return (unsigned)b[0] << 8 | b[1];
}

static uint32_t
get32(const char *p)
{
	return (uint32_t)get16(p) << 16 | get16(p + 2);
}

/* What the IP headers say; a header that is cut or wrong leaves the rest as it was. */
struct packet {
	uint8_t family, protocol;
	struct ends ends;
	size_t headers; /* bytes up to the transport header */
	bool fragment, later; /* later: not the first, so there is no transport header */
};

static void
read_ip4(struct span in, struct packet *p)
{
	unsigned char first = in.len ? (unsigned char)in.ptr[0] : 0;

	if (in.len < 20 || first >> 4 != 4 || (first & 15) < 5)
		return;
	p->family = p->ends.from.ip.family = p->ends.to.ip.family = 4;
	p->headers = (first & 15) * 4;
	p->protocol = (uint8_t)in.ptr[9];
	p->fragment = (get16(in.ptr + 6) & 0x3fff) != 0;
	p->later = (get16(in.ptr + 6) & 0x1fff) != 0;
	memcpy(p->ends.from.ip.b, in.ptr + 12, 4);
	memcpy(p->ends.to.ip.b, in.ptr + 16, 4);
}

static bool
is_ip6_extension(uint8_t protocol)
{
	return protocol == 0 || protocol == 43 || protocol == 44 || protocol == 60;
}

static void
read_ip6(struct span in, struct packet *p)
{
	if (in.len < 40 || (unsigned char)in.ptr[0] >> 4 != 6)
		return;
	p->family = p->ends.from.ip.family = p->ends.to.ip.family = 6;
	p->headers = 40;
	p->protocol = (uint8_t)in.ptr[6];
	memcpy(p->ends.from.ip.b, in.ptr + 8, 16);
	memcpy(p->ends.to.ip.b, in.ptr + 24, 16);
	for (int i = 0; i < IP6_HEADERS_MAX && !p->later && is_ip6_extension(p->protocol); i++) {
		size_t n;

		if (in.len < p->headers + 8)
			return;
		n = p->protocol == 44 ? 8 : ((size_t)(unsigned char)in.ptr[p->headers + 1] + 1) * 8;
		if (p->protocol == 44) {
			p->fragment = true;
			p->later |= (get16(in.ptr + p->headers + 2) & 0xfff8) != 0;
		}
		p->protocol = (uint8_t)in.ptr[p->headers];
		p->headers += n;
	}
}

static void
read_ports(struct span in, struct packet *p)
{
	bool known = p->protocol == TCP || p->protocol == UDP;

	if (p->family == 0 || !known || p->later || in.len < p->headers + 4)
		return;
	p->ends.from.port = (uint16_t)get16(in.ptr + p->headers);
	p->ends.to.port = (uint16_t)get16(in.ptr + p->headers + 2);
	p->ends.proto = p->protocol == TCP ? PROTO_TCP : PROTO_UDP;
}

/* Bytes of the transport header that every segment repeats; 0: not cut into segments. */
static size_t
transport_header(struct span in, const struct packet *p)
{
	size_t n;

	if (p->family == 0 || p->fragment)
		return 0;
	if (p->protocol == UDP)
		return 8;
	if (p->protocol != TCP)
		return 0;
	if (in.len < p->headers + 13)
		return 20;
	n = (size_t)((unsigned char)in.ptr[p->headers + 12] >> 4) * 4;
	return n < 20 ? 20 : n;
}

static uint64_t
wire_bytes(struct span in, uint64_t length, uint32_t mtu, const struct packet *p)
{
	uint64_t repeated, payload, room, segments;

	if (length <= mtu || mtu < MTU_LEAST)
		return length + FRAME_ETHER;
	repeated = transport_header(in, p);
	if (repeated == 0)
		return length + FRAME_ETHER;
	repeated += p->headers;
	if (repeated >= length || repeated >= mtu)
		return length + FRAME_ETHER;
	payload = length - repeated;
	room = mtu - repeated;
	segments = (payload + room - 1) / room;
	return payload + segments * (repeated + FRAME_ETHER);
}

uint32_t
frame_ifindex(struct span cooked)
{
	return cooked.len < FRAME_SLL2 ? 0 : get32(cooked.ptr + 4);
}

int
frame_decode(struct span cooked, uint64_t length, uint32_t mtu, const struct world *world,
    const struct doors *doors, struct frame *out)
{
	struct packet p = {0};
	struct span in;
	struct frame frame;

	if (cooked.len < FRAME_SLL2 || length < FRAME_SLL2)
		return -1;
	in = span_from(cooked, FRAME_SLL2);
	length -= FRAME_SLL2;
	if (get16(cooked.ptr) == ETHERTYPE_IP4)
		read_ip4(in, &p);
	else if (get16(cooked.ptr) == ETHERTYPE_IP6)
		read_ip6(in, &p);
	read_ports(in, &p);
	frame = (struct frame){
	    .ifindex = frame_ifindex(cooked),
	    .direction = cooked.ptr[10] == PACKET_OUT ? TO_GUEST : FROM_GUEST,
	    .family = p.family,
	    .protocol = p.protocol,
	    .bytes = length + FRAME_ETHER,
	    .wire = wire_bytes(in, length, mtu, &p),
	};
	frame.class = world_class(world, doors, frame.direction, &p.ends);
	*out = frame;
	return 0;
}
