/*
 * What a guest's kernel can see of the host: planned as a value, then built in the child's own mount namespace.
 *
 * A tmpfs with these and nothing else: the kernel, its libraries and the preload (read-only), null, random and
 * urandom, the image (writable), a tmpfs that holds the guest's memory and a small one for its management socket.
 * The old root is detached and the new one read-only; nothing of it is ever mounted on the host.
 */
#ifndef LAUNCH_JAIL_H
#define LAUNCH_JAIL_H

#include "launch/kernel.h"

#include <limits.h>
#include <stdio.h>

enum {
	JAIL_MOUNTS = ABILITY_LIBRARIES + 12,
	JAIL_MEMORY_SPARE = 16 << 20, /* beyond the guest's memory, for the kernel's own bookkeeping there */
};

enum jail_kind {
	JAIL_PROGRAM, /* read-only, executable */
	JAIL_DEVICE,
	JAIL_DATA, /* writable, not executable */
	JAIL_INPUT, /* read-only, not executable */
};

struct jail_mount {
	enum jail_kind kind;
	char from[PATH_MAX]; /* on the host */
	char to[ABILITY_PATH];
};

struct jail {
	char
	    root[PATH_MAX]; /* an existing directory of the host to mount on, in the child's namespace only */
	unsigned uid;
	unsigned long long memory_bytes; /* size of the tmpfs for memory */
	struct jail_mount mounts[JAIL_MOUNTS];
	size_t n;
};

/* Starts a plan with what every kernel needs. -1: too many libraries, or a path too long (why). */
int jail_plan(const char *root, unsigned uid, unsigned long long memory_bytes, const char *kernel_path,
    const struct kernel *, struct jail *out, char *why);
int jail_add(struct jail *, enum jail_kind, const char *from, const char *to);
void jail_print(const struct jail *, FILE *);

/*
 * In the child, after its mount namespace became its own and before it gives up privilege: builds the jail and
 * steps in. Returns a descriptor of the directory JAIL_RUN, or -1 with errno and *step saying at what.
 */
int jail_enter(const struct jail *, const char **step);

#endif
