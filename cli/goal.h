/*
 * What a person who told a guest's launcher something waits for, and how it went. A core: it sees what the launcher
 * says of its guest, and asks nobody.
 */
#ifndef CLI_GOAL_H
#define CLI_GOAL_H

#include <stdbool.h>

enum goal {
	GOAL_UP,
	GOAL_UP_AGAIN, /* by another start than that of before */
	GOAL_STOPPED,
};

/* A launcher's status; the words as it says them. */
struct seen {
	const char *state, *fault;
	unsigned long starts, crashes; /* so far */
};

enum reached {
	GOAL_WAIT,
	GOAL_REACHED,
	GOAL_MISSED, /* and will be by waiting only if it mends by itself */
};

/* before: as it was when it was told. */
enum reached goal_reached(enum goal, const struct seen *before, const struct seen *now);

/* The exit status that says whose fault it is that a guest is not up. */
int goal_fault(const char *fault);

#endif
