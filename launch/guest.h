/*
 * What a guest does next: state × event → next state and act. A core; act.c brings the events and does the acts.
 * And what its end means: exit status and the console's last lines → an event and a reason in words.
 */
#ifndef LAUNCH_GUEST_H
#define LAUNCH_GUEST_H

#include "base/span.h"

enum guest_state {
	GUEST_STOPPED, /* at rest until told */
	GUEST_STARTING, /* launched, not yet seen alive */
	GUEST_UP,
	GUEST_STOPPING, /* asked to power off; stays off */
	GUEST_RESTARTING, /* asked to power off; comes back */
	GUEST_BACKOFF, /* ended badly or could not be launched; tried again after a pause */
	GUEST_FAILED, /* cannot be launched until somebody changes something; not tried again by itself */
	GUEST_ENDING, /* asked to power off; the launcher goes with it */
	GUEST_ENDED,
	GUEST_STATES
};

enum guest_event {
	EVENT_START, /* told so: the words of the control socket */
	EVENT_STOP,
	EVENT_RESTART,
	EVENT_KILL,
	EVENT_END, /* the launcher was told to go */
	EVENT_REFUSED, /* a launch failed, and may succeed later (no tap yet) */
	EVENT_IMPOSSIBLE, /* a launch failed, and will again (no image) */
	EVENT_ANSWERED, /* seen alive */
	EVENT_OFF, /* the guest powered itself off */
	EVENT_REBOOT, /* the guest rebooted, which ends its kernel */
	EVENT_CRASH,
	EVENT_LATE, /* the state's own time is over */
	GUEST_EVENTS
};

enum guest_act {
	ACT_NONE,
	ACT_LAUNCH,
	ACT_READY, /* tell everybody that it is up */
	ACT_SHUTDOWN, /* ask for a graceful power-off, and start the grace period */
	ACT_KILL,
	ACT_RETRY, /* start the short pause of what was only refused */
	ACT_PAUSE, /* start the pause before the next try */
	ACT_EXIT,
};

struct guest_step {
	enum guest_state next;
	enum guest_act act;
};

struct guest_step guest_next(enum guest_state, enum guest_event);
const char *guest_state_name(enum guest_state);

enum {
	GUEST_BOOT_S = 120, /* until somebody must have answered, at the first try */
	GUEST_BOOT_MAX_S = 960,
	GUEST_RETRY_MAX_S = 4,
	GUEST_PAUSE_MAX_S = 60,
	GUEST_STEADY_S = 60, /* as long up as this and the next pause is the first one again */
	GUEST_WHY = 256,
};

/* Seconds before the n-th try after a failure in a row (n from 1): 1, 2, 4 … GUEST_PAUSE_MAX_S. */
unsigned guest_pause_s(unsigned failures);
/* Seconds that a boot may take after so many failures in a row: twice as long each time, for the host may just be slow. */
unsigned guest_boot_s(unsigned failures);

/* Whose turn it is when a guest is not up. */
enum guest_fault {
	FAULT_NONE,
	FAULT_INPUT, /* the file, the image or the kernel that it names: nothing helps but a change */
	FAULT_HOST, /* the host gave it too little, or somebody there ended it */
	FAULT_GUEST, /* what runs in it */
	GUEST_FAULTS
};

const char *guest_fault_name(enum guest_fault); /* "" for none */

/* What is known of an end. */
struct guest_clues {
	int wait_status;
	struct span console; /* its last words; a tenant may have written them */
	struct span panic; /* what the kernel told its management console; empty: nothing */
	bool cgroup; /* the host's kernel killed something in its cgroup for want of memory */
};

struct guest_ending {
	enum guest_event event; /* EVENT_OFF, _REBOOT or _CRASH */
	enum guest_fault fault;
	char why[GUEST_WHY]; /* printable ASCII */
};

/* The kernel exits with 0 for a power-off and for a reboot alike: only its last words on the console tell them apart. */
struct guest_ending guest_end(const struct guest_clues *);

#endif
