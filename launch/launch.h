/*
 * One launch of one guest: planned as a value (`-n` prints it), then run.
 *
 *   conf, guest ─▶ launch_plan ─▶ struct launch ─▶ launch_run ─▶ a jailed kernel
 */
#ifndef LAUNCH_LAUNCH_H
#define LAUNCH_LAUNCH_H

#include "conf/conf.h"
#include "launch/cmdline.h"
#include "launch/jail.h"
#include "launch/spawn.h"

struct launch {
	char name[CONF_GUEST_NAME_MAX + 1];
	char tap[CONF_IFNAME];
	char image[PATH_MAX];
	unsigned uid;
	struct kernel kernel;
	struct cmdline words, environment;
	struct jail jail;
};

/*
 * root: the existing directory that becomes the jail's root. LAUNCHED: *out is what would be run, and why may
 * hold a warning or is empty. Else why[LAUNCH_WHY] says what is wrong and what to do.
 */
enum launched launch_plan(
    const struct conf *, const struct guest *, const char *root, struct launch *out, char *why);
void launch_print(const struct launch *, FILE *);

/*
 * Takes the image and the tap, gives the image to the guest's uid and starts the kernel. LAUNCHED: *out is filled, and
 * closing *image_fd gives the image back.
 */
enum launched launch_run(const struct launch *, int console_fd, int cpu, const struct cgroup *,
    struct spawned *out, int *image_fd, char *why);

#endif
