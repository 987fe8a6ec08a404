/* What reading and changing links share: the socket, and one request. Shell, natd only. */
#ifndef NATD_LINKSOCK_H
#define NATD_LINKSOCK_H

#include "base/addr.h"

#include <libmnl/libmnl.h>
#include <stdint.h>

enum { LINK_BUFFER = 1 << 16 };

struct link {
	struct mnl_socket *socket;
	uint32_t seq;
	struct ip *addresses;
	size_t n_addresses, room_addresses;
	size_t n_waiting;
	char why[192];
	char buffer[LINK_BUFFER];
};

/* The head of a request in link->buffer; append attributes, then link_ask. */
struct nlmsghdr *link_request(struct link *, uint16_t type, uint16_t flags);
/* Sends it and calls back for every answer, or waits for the acknowledgement. -1: errno. */
int link_ask(struct link *, mnl_cb_t, void *arg);

#endif
