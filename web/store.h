/* Inside data.h: what is known of Redis, how old that is, and what of it is being read. */
#ifndef WEB_STORE_H
#define WEB_STORE_H

#include "web/reports.h"
#include "web/work.h"

struct store {
	struct roster roster;
	struct age who;
	bool who_asked, all_asked;
	const struct shown *list[ROSTER_MAX]; /* all of them, as they are shown */
	size_t n_list;
	struct age list_age;
	int64_t list_at;
	struct reports *reports;
};

int store_open(struct store *); /* -1: no memory */
void store_close(struct store *);
/* What a job read becomes what is known; of one that failed, that it is over. Takes of the job what it needs. */
void store_take(struct store *, const struct conf *, struct job *);
/* Another conf: all is to be read anew, and what is known stays until then. */
void store_reload(struct store *, const struct conf *);

#endif
