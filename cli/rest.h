/*
 * A guest at rest: its image is read or changed while no kernel has it. One that runs is shut down for that, in good
 * order, and started again afterwards.
 */
#ifndef CLI_REST_H
#define CLI_REST_H

#include "conf/conf.h"

#include <limits.h>

struct rest {
	const struct conf *conf;
	const char *name;
	char image[PATH_MAX]; /* no link */
	int fd; /* of the image, held from kernels (base/hold.h); -1: none */
	bool ran;
};

/*
 * Its image, locked: a kernel that is started meanwhile does not get it. The exit status; what is wrong is said. Root.
 * The caller ends it either way.
 */
int rest_begin(struct rest *, const struct conf *, const struct guest *);
/* The image alone, of a guest that may run on. */
int rest_find(struct rest *, const struct conf *, const struct guest *);
/* Then, where it does not run: the lock, too. Nobody is shut down for it. */
int rest_take(struct rest *);
/* 1: a launcher has it and lets it run; 0: it does not, or there is none; -1: what it does is not known, errno. */
int rest_runs(const struct conf *, const char *name);
/* Lets go of the image, and starts the guest again if it ran. status: of what was done; returned, or what is worse. */
int rest_end(struct rest *, int status);

#endif
