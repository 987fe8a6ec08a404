/* A name that a person asks about: the host in what was pasted, and what to try when nobody has it. A core. */
#ifndef CLI_ASKED_H
#define CLI_ASKED_H

#include "base/name.h"
#include "conf/conf.h"

/*
 * The judged name into out (NAME_ROOM) of what may be a name, a host with its port, a URL or what stands behind its
 * scheme, with spaces around it. NULL: a name. Else what is wrong with it, and out is "".
 */
const char *asked_fault(struct span text, char *out);

enum advice_kind {
	ADVICE_NONE,
	ADVICE_ONLY_ABOVE, /* the domain is exactly a name above this one */
	ADVICE_ONLY_BELOW, /* the domain is all below this name, but not the name */
	ADVICE_NEAR, /* name is a mistyped one */
};

struct advice {
	enum advice_kind kind;
	const struct guest *guest; /* whose domain it is */
	const struct domain *domain;
	char name[NAME_ROOM]; /* NEAR: what was probably meant */
};

/* name: a judged one that is nobody's. -1: out of memory. */
int advice_find(const struct conf *, const char *name, struct advice *);

#endif
