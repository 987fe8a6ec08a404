/* The answer to `status`: {"name", "pid", "wan", "generation", "guests": […], "drops": {…}, …}. */
#ifndef NATD_STATUS_H
#define NATD_STATUS_H

#include "conf/conf.h"
#include "natd/apply.h"
#include "natd/curbs.h"

struct status {
	const struct conf *conf;
	const char *wan;
	const uint32_t *missing; /* features that the kernel lacks */
	struct apply *apply;
	const struct curbs *curbs;
	unsigned long repairs; /* changes by others that were put right */
	unsigned long reloads;
	unsigned long lost; /* times that the kernel's messages did not find room */
	bool refused; /* the last change was not done whole */
};

json_t *status_json(const struct status *);

/* The lines that let guests through another tool's chain, in that tool's words; the caller frees it. */
char *status_help(const struct conf *, const struct foreign_drop *);

#endif
