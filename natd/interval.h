/*
 * Ranges of ports as the kernel keeps them in a set: a first element, and the one after the last with an end mark,
 * which is left out beyond port 65535. A core.
 */
#ifndef NATD_INTERVAL_H
#define NATD_INTERVAL_H

#include "natd/fact.h"

struct half {
	uint16_t port;
	bool end;
	uint8_t data[16]; /* of a map; zero where it is shorter, and for an end */
	uint8_t data_len;
};

/* The halves of an element's fact; returns how many. */
size_t interval_split(const struct fact *, struct half out[2]);

/* Halves in any order, which it sorts → facts of that set. What cannot be a range is left out. */
void interval_join(struct half *, size_t n, uint8_t family, const char *set, struct facts *);

#endif
