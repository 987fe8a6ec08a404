/*
 * Elements of nft's sets as facts: a key is put together part by part, each padded to four bytes, as the kernel's
 * registers hold a concatenation. A core.
 */
#ifndef NATD_ELEMENT_H
#define NATD_ELEMENT_H

#include "natd/fact.h"

struct bytes {
	uint8_t b[FACT_KEY];
	size_t n;
};

void element_put(struct bytes *, const void *, size_t);
void element_put_name(struct bytes *, const char *device);
void element_put_port(struct bytes *, uint16_t port);
void element_put_ip(struct bytes *, const struct ip *);

/* value: of a map, else NULL. */
void element_add(
    struct facts *, uint8_t family, const char *set, const struct bytes *key, const struct bytes *value);
/* to: of a map of ports, else NULL. */
void element_add_range(struct facts *, const char *set, uint16_t lo, uint16_t hi, const struct ip *to);

/* Whether a set of the inet table has it; the facts are sorted. */
bool element_is(const struct facts *, const char *set, const struct bytes *key);

#endif
