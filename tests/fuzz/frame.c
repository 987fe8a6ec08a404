/* Any packet of a capture: never less on the wire than the interface counts, and every byte gets out of the tally. */
#include "acct/tally.h"

#include <assert.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static uint64_t
whole(const struct record *r, int d)
{
	return r->v[REC_WAN + d] + r->v[REC_HOST + d] + r->v[REC_GUESTS + d] + r->v[REC_UNCLASSIFIED + d];
}

/* The first six bytes: length past the cut, MTU. */
int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	static struct ip host[2] = {{4, {192, 168, 77, 1}}, {4, {198, 51, 100, 1}}};
	const struct doors doors = {.address = {4, {192, 168, 77, 2}}, .http = 80, .tls = 443, .quic = 443},
			   closed = {0};
	const struct world world = {
	    .network = {{4, {192, 168, 77, 0}}, 24},
	    .network6 = {{6, {0x20, 1, 0x0d, 0xb8, 0, 0x77}}, 64},
	    .host = host,
	    .n_host = 2,
	};
	struct frame frame, same;
	struct tally tally;
	struct record record;
	struct kernel now = {0};
	uint64_t length;
	uint32_t mtu;
	struct span cooked;

	if (n < 6)
		return 0;
	length = n - 6 + ((uint64_t)bytes[0] << 16 | (uint64_t)bytes[1] << 8 | bytes[2]);
	mtu = (uint32_t)bytes[3] << 8 | bytes[4];
	cooked = span_of(bytes + 6, n - 6);
	if (frame_decode(cooked, length, mtu, &world, &doors, &frame) == -1) {
		assert(cooked.len < FRAME_SLL2);
		return 0;
	}
	assert(frame.bytes == length - FRAME_SLL2 + FRAME_ETHER);
	assert(frame.wire >= frame.bytes);
	assert(frame.direction < DIRECTIONS && frame.class < CLASSES);
	assert(frame.family != 0 || frame.class == CLASS_HOST);
	assert(frame_decode(cooked, length, 1 << 30, &world, &doors, &same) == 0 && same.wire == same.bytes);
	/* Only what would be the host's becomes a client's. */
	assert(frame_decode(cooked, length, mtu, &world, &closed, &same) == 0);
	assert(same.class == frame.class || (same.class == CLASS_HOST && frame.class == CLASS_WAN &&
						(frame.protocol == 6 || frame.protocol == 17)));

	tally_begin(&tally, &now);
	tally_add(&tally, &frame);
	now.bytes[frame.direction] = frame.bytes + (bytes[5] & 15);
	now.packets[frame.direction] = 1;
	tally_poll(&tally, &now, true, &record);
	assert(record.v[REC_BYTES + frame.direction] == now.bytes[frame.direction]);
	assert(whole(&record, frame.direction) == now.bytes[frame.direction]);
	assert(record.v[REC_UNCLASSIFIED + frame.direction] == (bytes[5] & 15));
	assert(record.v[REC_WIRE + frame.direction] == frame.wire + (bytes[5] & 15));
	return 0;
}
