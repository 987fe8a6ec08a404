/*
 * The curbs in force, at most one a guest. They outlive the process in STATE/natd/curbs, one line each (conf/curb.h).
 */
#ifndef NATD_CURBS_H
#define NATD_CURBS_H

#include "conf/curb.h"

#include <string.h>

struct curbs {
	struct curb *list; /* in the order in which they came */
	size_t n;
};

/* NULL: none. Here, because the plan asks, and a core calls no shell. */
static inline const struct curb *
curbs_find(const struct curbs *curbs, const char *guest)
{
	for (size_t i = 0; i < curbs->n; i++)
		if (strcmp(curbs->list[i].guest, guest) == 0)
			return &curbs->list[i];
	return NULL;
}

/* What the file of that configuration holds, those of unknown guests aside. -1: errno; there are then none. */
int curbs_load(struct curbs *, const struct conf *);

/* The folder of the file, before privilege is dropped. -1: errno. */
int curbs_prepare(const struct conf *);

/* Adds, replaces or lifts one, on disk too. -1: errno, and nothing has changed. */
int curbs_set(struct curbs *, const struct conf *, const struct curb *);
/* Lifts those of guests that the file does not have. -1: errno. */
int curbs_prune(struct curbs *, const struct conf *);

#endif
