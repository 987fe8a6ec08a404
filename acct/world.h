/*
 * Whose bytes: what a packet's two ends make it count as. A core.
 *
 * The proxy may connect to a guest from the host's own address (client-address: none, proxy-v1, proxy-v2). What it
 * carries is a client's outside, so what passes between the host and the ports where the proxy delivers is wan.
 */
#ifndef ACCT_WORLD_H
#define ACCT_WORLD_H

#include "conf/conf.h"
#include "ledger/record.h"

enum traffic {
	CLASS_WAN, /* the other end is neither of the two below, or the proxy's client */
	CLASS_HOST, /* the host itself, and what cannot leave the tap: no IP, link-local, multicast */
	CLASS_GUESTS, /* another guest */
	CLASSES,
};

/* Where the proxy delivers to a guest; port 0: nowhere. */
struct doors {
	struct ip address, address6;
	uint16_t http, tls, quic; /* the last is UDP */
};

/* What addresses mean here. */
struct world {
	struct net network, network6; /* family 0: none */
	const struct ip *host; /* addresses of the host, sorted by ip_cmp */
	size_t n_host;
};

struct ends {
	struct addr from, to; /* ip.family 0: no IP */
	uint8_t proto; /* PROTO_TCP or PROTO_UDP: then the ports are known; 0: something else */
};

/* direction tells which end is the guest, whose doors these are. */
enum traffic world_class(const struct world *, const struct doors *, enum direction, const struct ends *);

struct doors world_doors(const struct conf *, const struct guest *);

#endif
