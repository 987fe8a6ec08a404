/*
 * A kernel binary asked what it is: run twice as the guest's own uid, and its libraries listed. Before each start, and nothing is
 * kept: asking takes 3 ms, the checksum by which a kept answer would be known 40.
 */
#ifndef LAUNCH_KERNEL_H
#define LAUNCH_KERNEL_H

#include "launch/ability.h"

enum { LAUNCH_WHY = 512 };

/* Why there is no guest running: try again by itself, or only after somebody changed something. */
enum launched {
	LAUNCHED,
	LAUNCH_LATER,
	LAUNCH_NEVER,
};

/* Writes why, cut to LAUNCH_WHY. */
void launch_why(char *why, const char *format, ...) __attribute__((format(printf, 2, 3)));

struct kernel {
	struct ability ability;
	char interp[ABILITY_PATH]; /* "" for a static one */
	struct libraries libraries;
	bool padding; /* this CPU and this kernel need the preload's padding */
};

/* LAUNCHED: *out is filled. Else why[LAUNCH_WHY] says what is wrong with it and what to do. */
enum launched kernel_learn(const char *path, unsigned uid, struct kernel *out, char *why);

#endif
