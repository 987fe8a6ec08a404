/*
 * What the tables use of the kernel and some kernels lack: what it is called, what is lost without it, and which facts
 * go without. A core.
 */
#ifndef NATD_FEATURE_H
#define NATD_FEATURE_H

#include "conf/conf.h"
#include "natd/fact.h"

enum {
	FEATURE_GUARD = 1 << 0,
	FEATURE_COUNT = 1 << 1,
	FEATURE_ARP = 1 << 2,
	FEATURE_LIMIT = 1 << 3,
	FEATURE_SOCKET = 1 << 4,
	FEATURE_FIB = 1 << 5,
	FEATURE_NAT = 1 << 6,
	FEATURE_MASQUERADE = 1 << 7,
	FEATURE_ALL = (1 << 8) - 1,
};

struct feature {
	uint32_t bit;
	const char *name; /* as the words of nft have it */
	const char *since; /* the first kernel with it, and its module */
	const char *lost; /* what is not so without it */
	bool needed; /* nothing can be made without it */
};

enum { FEATURE_TEXT = 320 };

extern const struct feature features[];
extern const size_t n_features;

/* One line for people, into text of that size, which is returned. */
const char *feature_print(const struct feature *, char *text);

/* Those that something in the file asks for; of the others nobody need hear. */
uint32_t feature_used(const struct conf *);

/* Whether a rule of the house, in its words, does without those features. */
bool feature_has_rule(const char *rule, uint32_t missing);
/* Whether a fact does; of a chain's rules, some may be left out. */
bool feature_has_fact(const struct fact *, uint32_t missing);

#endif
