/* The guests there are numbers of, by name. */
#ifndef WEB_ROSTER_H
#define WEB_ROSTER_H

#include "web/page.h"

enum { ROSTER_MAX = 2 * CONF_GUESTS_MAX }; /* of the file, and once counted */

/* When something was read, and how long that took. */
struct age {
	double read_s, cost_s; /* 0: to be read again */
};

struct entry {
	struct shown shown;
	struct age age; /* of its rows */
	bool known; /* they were read once */
	bool asked; /* they are being read */
	char spoilt[SHOWN_WHY]; /* ""; else why they could not be read last */
	int64_t p95_of; /* the slot of 5 minutes whose percentile is known */
};

struct roster {
	struct entry *list[ROSTER_MAX];
	size_t n;
};

struct entry *roster_find(const struct roster *, const char *name); /* NULL: there is none */
/* The same, put in where there is none. NULL: no memory, or ROSTER_MAX. */
struct entry *roster_add(struct roster *, const char *name);
void roster_free(struct roster *);

#endif
