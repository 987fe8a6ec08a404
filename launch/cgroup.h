/* A cgroup (v2) for one guest, where the host has that hierarchy and lets us write in it. */
#ifndef LAUNCH_CGROUP_H
#define LAUNCH_CGROUP_H

#include <stdint.h>

enum { CGROUP_TEXT = 128 };

/*
 * Makes it, beside the launcher's own, with ceilings of memory and processes. Returns its cgroup.procs open for
 * writing, or -1; either way text[CGROUP_TEXT] says what holds, and why. Where others share the launcher's cgroup, or
 * the controllers are not there, nothing is made or moved.
 */
int cgroup_open(const char *name, uint64_t memory_bytes, unsigned processes, char *text);
void cgroup_remove(const char *name);

#endif
