/*
 * A cgroup for one guest: of the unified hierarchy (v2) where the host has that, else one of each old hierarchy (v1).
 * What it holds depends on the host, controller by controller, and is said.
 */
#ifndef LAUNCH_CGROUP_H
#define LAUNCH_CGROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CGROUP_TEXT = 256, CGROUP_MAX = 4, CGROUP_MARK = 48 };

#define CGROUP_PREFIX "lodge-guest-"

struct cgroup {
	int fds[CGROUP_MAX]; /* each a cgroup.procs, open for writing: who writes "0" is in */
	size_t n;
	char text[CGROUP_TEXT]; /* what holds, and what does not and why */
	char missing[CGROUP_TEXT]; /* the second half alone; "" when all of it holds */
};

/*
 * Makes them, with ceilings of memory (that of the guest and what its kernel takes beside it) and processes, one CPU's
 * time, and an equal share of the disk's. folder is the guest's in RUN: another lodge's guest of that name has another.
 * v2: beside the launcher's own cgroup; where others share that, nothing is made or moved.
 */
void cgroup_open(
    const char *name, const char *folder, uint64_t memory_bytes, unsigned processes, struct cgroup *);
void cgroup_close(struct cgroup *);

/* When the guest has gone: the host's kernel ended a process of it because the ceiling of its memory was met. */
bool cgroup_was_full(const char *name, const char *folder);
/* After that. */
void cgroup_remove(const char *name, const char *folder);

/* What killed launchers of this RUN left: empty ones of guests behind whose socket nobody stands (cgroup_sweep.c). */
void cgroup_sweep(const char *run);
/* Of one folder; mark is the end of their names. */
void cgroup_sweep_in(const char *parent, const char *run, const char *mark);

#endif
