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

/*
 * What was installed in the place of what runs takes over (up_renew.c). Guests, their launchers and Redis are left alone; the
 * proxy does it by itself, without a connection lost; the others outlive a stop with all they know, and are started again.
 */
void up_renew(struct up *);
/* One of them is not ready yet. */
bool up_renewing(struct up *);

#endif
