/*
 * How a guest is reached for a client: at which of its addresses, and from whose. A core.
 *
 * A client of IPv6 is led to the guest's IPv6 address where it has one. A guest with `client-address: transparent`
 * is reached from the client's own address, but for those from whom no answer could find its way back.
 */
#ifndef PROXY_REACH_H
#define PROXY_REACH_H

#include "conf/route.h"

/* From whose address; in the order of reach_name. */
enum reach_from {
	FROM_HOST, /* the host's, as this guest wants it */
	FROM_CLIENT, /* the client's address and port */
	FROM_CLIENT_ADDRESS, /* its address; its port is in use here */
	/* The host's, for all that the guest would have the client's: */
	FROM_ITSELF, /* the client is the guest, whose answer would never leave it */
	FROM_OTHER_FAMILY, /* the client speaks IPv6, the guest has only IPv4 */
	FROM_NOWHERE, /* loopback, link-local, multicast: nothing that a guest could answer */
	FROM_UNABLE, /* the system refuses it */
	FROMS,
};

struct reach {
	struct addr to;
	struct ip other; /* where the guest may be as well, of the other family; may be unset */
	uint8_t from; /* enum reach_from: FROM_CLIENT, or why not */
};

struct reach reach_choose(const struct route_guest *, uint16_t to_port, const struct ip *client);

/*
 * The guest does not listen there: it is to be reached at its other address. false: there is none, or it would not see
 * its client from there.
 */
bool reach_turn(struct reach *);

const char *reach_name(enum reach_from); /* a word for the status */

#endif
