/*
 * Starts one guest's kernel in its jail, and a reaper above it. What it takes is decided before (launch.c).
 *
 *   lodge-guest ─ reaper (process 1 of the guest's namespace) ─ kernel ─ the guest's processes
 *
 * The kernel must not be process 1: its abort would be ignored. The reaper dies with the launcher, however that
 * dies, and the whole namespace with the reaper.
 */
#ifndef LAUNCH_SPAWN_H
#define LAUNCH_SPAWN_H

#include "launch/cgroup.h"
#include "launch/cmdline.h"
#include "launch/jail.h"

#include <sys/types.h>

enum {
	SPAWN_PROCESSES = 4096, /* of one guest, each a process of the host: RLIMIT_NPROC of its uid */
	SPAWN_FILES = 1024,
	SPAWN_OOM_SCORE =
	    500, /* of 1000: how much sooner than others the host's kernel ends it for want of memory */
};

struct spawn {
	const struct jail *jail;
	const struct cmdline *words, *environment;
	const char *hostname;
	unsigned uid;
	unsigned long long
	    file_bytes; /* no file may grow beyond (hostfs can append to the image); 0: no ceiling */
	int cpu; /* -1: wherever the scheduler likes */
	int console_fd; /* the slave side of a terminal: input, output and errors */
	int tap_fd; /* becomes CMDLINE_TAP_FD; -1: none */
	const struct cgroup *cgroup; /* NULL: none */
};

struct spawned {
	pid_t pid; /* the reaper's; its exit status is the kernel's, 128 + n for signal n */
	int run_fd; /* the directory JAIL_RUN */
};

/* 0, or -1 and why[LAUNCH_WHY]. */
int spawn_guest(const struct spawn *, struct spawned *out, char *why);

#endif
