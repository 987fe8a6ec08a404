/*
 * One captured frame → what it counts as. A core.
 *
 * Input is a packet of DLT_LINUX_SLL2 (the «cooked» capture of libpcap, LINKTYPE_LINUX_SLL2): 20 bytes that the
 * capturing kernel wrote, interface and direction among them, then what the guest or the host wrote, cut.
 */
#ifndef ACCT_FRAME_H
#define ACCT_FRAME_H

#include "acct/world.h"

enum {
	FRAME_SLL2 = 20, /* bytes of the cooked header */
	FRAME_ETHER = 14, /* bytes of the Ethernet header that it stands for; the kernel counts them */
	FRAME_SNAP = 96, /* kept of what follows: IPv4 or IPv6 and TCP headers with room for options */
};

struct frame {
	uint32_t ifindex;
	enum direction direction;
	enum traffic class;
	uint8_t family; /* 4, 6, or 0: no IP */
	uint8_t protocol; /* of the last IP header that could be read; 0 where family is */
	uint64_t bytes; /* as the interface's own counters have it */
	uint64_t wire; /* as it leaves after segmentation; at least bytes */
};

/* The interface of a cooked packet, or 0: too short for one. */
uint32_t frame_ifindex(struct span cooked);

/*
 * length is the packet's before it was cut, cooked header included; mtu the interface's, doors its guest's. -1: no frame at all (cut
 * inside the cooked header, or a length below it), *out is untouched. Whatever the rest holds is a frame.
 */
int frame_decode(struct span cooked, uint64_t length, uint32_t mtu, const struct world *,
    const struct doors *, struct frame *out);

#endif
