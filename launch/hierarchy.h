/* Where the host keeps its cgroups, and which of them a launcher may have: of the unified hierarchy (v2) and the old (v1). */
#ifndef LAUNCH_HIERARCHY_H
#define LAUNCH_HIERARCHY_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

enum { HIERARCHY_DIR = PATH_MAX - 64 }; /* room of a cgroup's folder, so that a file in it has room, too */

#define HIERARCHY_ROOT "/sys/fs/cgroup"

/* Writes text to DIR/FILE, in one. */
int hierarchy_put(const char *dir, const char *file, const char *text);

bool hierarchy_unified(void);

/* Our own cgroup in the hierarchy of a v1 controller, NULL: in the unified one; "" is its root. -1: there is none. */
int hierarchy_own(const char *controller, char *out, size_t room);

/* The folder to make a guest's cgroup in, to out[HIERARCHY_DIR]; v1: of one controller. -1: there is none. */
int hierarchy_parent_v1(const char *controller, char *out);
int hierarchy_parent_v2(char *out);

/* v2: hand as many of the named controllers down to what lies in parent as it has. NULL, or why none. */
const char *hierarchy_enable(const char *parent, const char *const controllers[], size_t n);

#endif
