/* Whether the kernel's table of tracked connections is full: then it drops what is new, for everybody. */
#ifndef NATD_FULL_H
#define NATD_FULL_H

#include <stdbool.h>
#include <stdint.h>

struct full {
	uint64_t dropped; /* by the kernel for want of room, as last read */
	uint32_t entries, most;
	bool known, told; /* known: it was read before */
};

/* Reads how it stands, and says so, once, when it is full and when it is no longer. */
void full_check(struct full *);

#endif
