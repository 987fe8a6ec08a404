/* `lodge up`: what it runs for a file (up_add.c), and its life (up.c). */
#ifndef CLI_UP_H
#define CLI_UP_H

#include "cli/job.h"
#include "conf/conf.h"

struct up {
	struct jobs jobs;
	struct conf conf;
	const char *file;
	char *config; /* its absolute path: what the children are given */
	ev_signal term, intr, hup;
	struct ctl *ctl;
	struct conf *next; /* a reload that waits for removed guests to end */
	bool again; /* and another SIGHUP came meanwhile */
};

void up_add_all(struct up *);
/*
 * Of every guest that has none yet the launcher, which waits for `lodge guest start` without autostart, and before it
 * the making of an image that is not there and has a recipe.
 */
void up_add_guests(struct up *);
/* Nothing else waits for the page, nor ends with it. */
void up_add_web(struct up *);

#endif
