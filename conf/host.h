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
	HOST_PERSONAL =
	    8, /* times PROTO_TCP or PROTO_UDP: a person's program, on a port that anybody may take */
};

/*
 * On which ports programs of the host wait for anybody: PROTO_TCP, PROTO_UDP, HOST_PASSING, HOST_PERSONAL, or several of
 * them, for each. TCP's listeners, and sockets of UDP that are not connected; those on loopback alone do not count
 * (listen.c). -1: errno.
 *
 * Services are root's and system accounts'. What a person's account opens on a port that needs no right must not take
 * from a guest what the file gives it, nor keep the daemons from starting: it is only told.
 */
int listeners_read(uint8_t seen[HOST_PORTS]);

/* Whose program listens there, PROTO_TCP or PROTO_UDP: a uid; -1: nobody's, or it is not known. */
int64_t listener_uid(uint16_t port, uint8_t proto);

#endif
