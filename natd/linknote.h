/* One message of a dump → facts of what is ours. Called back by libmnl; arg: struct reading. Shell, for link.c. */
#ifndef NATD_LINKNOTE_H
#define NATD_LINKNOTE_H

#include "natd/fact.h"
#include "natd/linksock.h"

enum { READING_NAMES = 128 };

struct named {
	unsigned device;
	char name[16];
};

struct reading {
	struct link *link;
	const struct facts *want;
	struct facts *have;
	bool foreign; /* a device that is not ours bears the name of a wanted tap; link->why says which */
	uint32_t metric; /* of the best default route so far */
	uint32_t device; /* its, or the one whose prefixes are asked for */
	struct net *nets;
	size_t n_nets, room_nets;
	struct named names[READING_NAMES]; /* by number, the last one asked for */
};

int note_link(const struct nlmsghdr *, void *reading);
int note_address(const struct nlmsghdr *, void *reading); /* after the links; and every address of the host */
int note_route(const struct nlmsghdr *, void *reading);
int note_policy(const struct nlmsghdr *, void *reading);
int note_neighbour(const struct nlmsghdr *, void *reading);
int note_default_route(const struct nlmsghdr *, void *reading);
int note_prefix(const struct nlmsghdr *, void *reading); /* of IPv6, on that device */

#endif
