/* What the checks need to know of the host. */
#ifndef CONF_HOST_H
#define CONF_HOST_H

#include "conf/conf.h"

struct host_facts {
	struct conf_host host; /* points into the rest */
	struct port_range *listening;
	char name[65];
};

/* What cannot be learned stays zero: the checks then know nothing of it. */
void host_learn(struct host_facts *);
void host_free(struct host_facts *);

enum {
	HOST_PORTS = 65536,
	HOST_PASSING = 4, /* UDP on a port that the kernel may have picked: an open question, not a service */
};

/*
 * On which ports programs of the host wait for anybody: PROTO_TCP, PROTO_UDP, HOST_PASSING, or several of them, for
 * each. TCP's listeners, and sockets of UDP that are not connected; those on loopback alone do not count (listen.c).
 * -1: errno.
 */
int listeners_read(uint8_t seen[HOST_PORTS]);

#endif
