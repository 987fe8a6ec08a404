/*
 * A screen (screen.h) that is drawn again and again until somebody ends it: `lodge top`, `lodge status -w`. q and Ctrl-C
 * end it, Ctrl-Z stops it, and the terminal is as it was, also after a signal.
 */
#ifndef CLI_WATCH_H
#define CLI_WATCH_H

#include <stdbool.h>
#include <stddef.h>

struct watch {
	double every_s;
	bool screen; /* on one; else each turn prints, and keys and signals are left alone */
	bool at_once; /* the first turn is now, not after every_s */
	long left; /* turns; -1: until told to stop */
	int (*look)(
	    void *arg); /* once a turn; an exit status that is not EXIT_DONE, which it tells, ends it */
	void (*show)(void *arg); /* after it; on a screen also when its size is another */
	void *arg;
};

/* The exit status. It does not come back from a signal that ends programs. */
int watch_run(const struct watch *);

#endif
