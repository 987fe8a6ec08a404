/*
 * One guest under watch, and what is done to it: every event goes through act_step, which asks guest.h's table and
 * does the act. The inside of watch.h, whose part is what comes from outside.
 */
#ifndef LAUNCH_ACT_H
#define LAUNCH_ACT_H

#include "conf/conf.h"
#include "launch/cgroup.h"
#include "launch/console.h"
#include "launch/guest.h"
#include "launch/health.h"
#include "launch/launch.h"
#include "launch/pause.h"

#include <time.h>

struct ctl;

struct watch {
	struct ev_loop *loop;
	struct conf *conf;
	char name[CONF_GUEST_NAME_MAX + 1];
	char *folder;
	struct ctl *ctl;
	struct console *console;
	struct health *health; /* of the running kernel, else NULL */
	struct pause *pause;

	enum guest_state state;
	time_t since;
	ev_timer late; /* the state's own time */
	ev_child child; /* the reaper; pid 0: none */
	unsigned failures; /* in a row */
	unsigned long starts, crashes;
	ev_tstamp up_at;
	char why[LAUNCH_WHY]; /* it is not up; "" once it is */
	enum guest_fault fault; /* whose, in why */
	char last_end[LAUNCH_WHY]; /* of a kernel that ran */
	const char *killed; /* by this launcher, and why; NULL: it was not */

	struct launch launch; /* the last one tried */
	int image_fd; /* its image is held; -1: nothing runs */
	uint64_t memory_bytes;
	double grace_s; /* the running kernel's, as is all of this */
	int cpu;
	char limits[CGROUP_TEXT];
};

void act_step(struct watch *, enum guest_event);

/* What the two watchers call: the kernel has gone; the state's own time is over. */
void act_on_child(struct ev_loop *, ev_child *, int events);
void act_on_late(struct ev_loop *, ev_timer *, int events);

#endif
