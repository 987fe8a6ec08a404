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

/*
 * Sets the bit of every port that TCP listens on at an address that is not loopback's; seen has 65536 of them
 * (listen.c). -1: the kernel does not answer such questions.
 */
int listeners_read(uint8_t bit, uint8_t *seen);

#endif
