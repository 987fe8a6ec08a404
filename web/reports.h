/* What JSON, CSV and text show, as it was read last: each is asked for seldom, and costs more than a page. */
#ifndef WEB_REPORTS_H
#define WEB_REPORTS_H

#include "web/roster.h"

enum { REPORTS_MAX = 1024 };

struct report {
	char name[CONF_GUEST_NAME_MAX + 1]; /* "": all */
	enum by by;
	bool used, asked;
	struct age age;
	int64_t read_at; /* 0: never */
	double wanted_s; /* the one that nobody wanted for the longest time goes first */
	enum usage_read done;
	char spoilt[SHOWN_WHY];
	struct usage usage;
	struct names left_out; /* of all: whose bill could not be read, sorted */
};

struct reports {
	struct report list[REPORTS_MAX];
};

/* The one of that name, made where there is none. */
struct report *reports_want(struct reports *, const char *name, enum by);
struct report *reports_find(struct reports *, const char *name, enum by); /* NULL: none */
/* Another conf: all is to be read anew, and the old one's texts may go. */
void reports_reload(struct reports *, const struct conf *);
void reports_free(struct reports *);

#endif
