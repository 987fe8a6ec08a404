/*
 * A guest and its kernel's abilities → the kernel's argument vector and environment. A core.
 *
 * Paths are those of the jail, fixed here and built by jail.c. The words LODGE_… mean nothing to the kernel, so it hands them to the
 * guest's init as environment, and the image's network script finds them in /proc/cmdline:
 * LODGE_NAME, LODGE_ADDRESS, LODGE_GATEWAY, LODGE_ADDRESS6 and LODGE_GATEWAY6 (only with IPv6).
 */
#ifndef LAUNCH_CMDLINE_H
#define LAUNCH_CMDLINE_H

#include "conf/conf.h"
#include "launch/ability.h"

enum {
	CMDLINE_WORDS = 32, /* of a vector, the closing NULL included */
	CMDLINE_BYTES = 2048, /* of all its words */
	CMDLINE_TAP_FD = 3, /* where the kernel finds the tap's descriptor */
};

/* Where things lie in the jail. */
#define JAIL_KERNEL "/linux"
#define JAIL_IMAGE "/disk"
#define JAIL_BASE "/base" /* of an image that is what its guest wrote */
#define JAIL_LIBRARIES "/lib"
#define JAIL_PRELOAD "/lib/lodge-preload.so"
#define JAIL_MEMORY "/mem"
#define JAIL_RUN "/run" /* the kernel's working directory */
#define JAIL_UML_DIR "uml/" /* below it, and the guest's own; what lies in it is hostile */
#define JAIL_UMID "guest"
#define JAIL_NOTIFY "notify" /* in JAIL_RUN: where the kernel sends what it has to tell by itself */

/* Which driver the guest's network device is on. */
enum uplink {
	UPLINK_NONE, /* the kernel has no driver that can take a tap */
	UPLINK_VEC, /* vec0 on the tap, opened "by name" through the preload: offloads, survives down and up */
	UPLINK_FD, /* vec0 on the inherited descriptor: what a static kernel can do */
	UPLINK_ETH, /* eth0=tuntap through the preload: kernels before 4.20 */
};

enum uplink cmdline_uplink(const struct ability *);

struct cmdline {
	char *words[CMDLINE_WORDS]; /* point into bytes; NULL at the end */
	size_t n, used;
	char bytes[CMDLINE_BYTES];
};

/* Both return 0, or -1 when a ceiling is met or the kernel has no way to a tap. */
int cmdline_build(const struct conf *, const struct guest *, const struct ability *, struct cmdline *out);
/* padding: the preload shall repair PTRACE_SETREGSET. */
int cmdline_environment(const struct ability *, bool padding, struct cmdline *out);

/* Adds one word; for what is not a guest's own line, like the kernel's test. */
int cmdline_add(struct cmdline *, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
