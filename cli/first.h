/* The first file of a host: what was seen of it in, what to write out, each with its reason. A core. */
#ifndef CLI_FIRST_H
#define CLI_FIRST_H

#include "base/addr.h"
#include "conf/conf.h"

#include <stdio.h>

enum { SITE_NETS = 256, HOLDER = 32 };

enum door { DOOR_HTTP, DOOR_TLS, DOOR_QUIC, DOORS };

/* What was seen. */
struct site {
	char wan[CONF_IFNAME]; /* of the default route; "": there is none */
	struct net nets[SITE_NETS]; /* of addresses and routes */
	size_t n_nets;
	struct net
	    net6; /* the global prefix on the link of wan, and the host's address there; family 0: none */
	struct ip own6;
	const struct port_range *listening; /* of others than lodge; borrowed */
	size_t n_listening;
	bool redis; /* a Redis of somebody's answers on 6379 */
	bool redis_server; /* the program for one of our own */
	char kernel[320]; /* one that is there; "": none */
	uint64_t memory_bytes; /* for guests */
	bool account; /* user lodge */
};

/* What to write. */
struct first {
	struct net network; /* family 0: none is free */
	struct net network6;
	unsigned ports[DOORS]; /* 0: none of those that it may be is free */
	unsigned guests; /* of 512M, that there is room for */
};

void first_plan(const struct site *, struct first *);
/* The file. */
void first_print(const struct site *, const struct first *, FILE *);
/* What was found and decided, a line each: "network: 192.168.77.0/24, which no route of this host leads to". */
void first_tell(const struct site *, const struct first *, FILE *);

#endif
