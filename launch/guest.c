/* State × event → next state and act; see guest.h. */
#include "launch/guest.h"

#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>

#define STAY(state)                                                                                          \
	{                                                                                                    \
		GUEST_##state, ACT_NONE                                                                      \
	}
#define GO(state, act)                                                                                       \
	{                                                                                                    \
		GUEST_##state, ACT_##act                                                                     \
	}

static const struct guest_step steps[][GUEST_EVENTS] = {
    [GUEST_STOPPED] =
	{
	    [EVENT_START] = GO(STARTING, LAUNCH),
	    [EVENT_STOP] = STAY(STOPPED),
	    [EVENT_RESTART] = GO(STARTING, LAUNCH),
	    [EVENT_KILL] = STAY(STOPPED),
	    [EVENT_END] = GO(ENDED, EXIT),
	    [EVENT_REFUSED] = STAY(STOPPED),
	    [EVENT_IMPOSSIBLE] = STAY(STOPPED),
	    [EVENT_ANSWERED] = STAY(STOPPED),
	    [EVENT_OFF] = STAY(STOPPED),
	    [EVENT_REBOOT] = STAY(STOPPED),
	    [EVENT_CRASH] = STAY(STOPPED),
	    [EVENT_LATE] = STAY(STOPPED),
	},
    [GUEST_STARTING] =
	{
	    [EVENT_START] = STAY(STARTING),
	    [EVENT_STOP] = GO(STOPPING, SHUTDOWN),
	    [EVENT_RESTART] = GO(RESTARTING, SHUTDOWN),
	    [EVENT_KILL] = GO(STOPPING, KILL),
	    [EVENT_END] = GO(ENDING, SHUTDOWN),
	    [EVENT_REFUSED] = GO(BACKOFF, RETRY),
	    [EVENT_IMPOSSIBLE] = STAY(FAILED),
	    [EVENT_ANSWERED] = GO(UP, READY),
	    [EVENT_OFF] = STAY(STOPPED),
	    [EVENT_REBOOT] = GO(BACKOFF, PAUSE), /* a guest that only ever reboots costs a pause each time */
	    [EVENT_CRASH] = GO(BACKOFF, PAUSE),
	    [EVENT_LATE] = GO(STARTING, KILL),
	},
    [GUEST_UP] =
	{
	    [EVENT_START] = STAY(UP),
	    [EVENT_STOP] = GO(STOPPING, SHUTDOWN),
	    [EVENT_RESTART] = GO(RESTARTING, SHUTDOWN),
	    [EVENT_KILL] = GO(STOPPING, KILL),
	    [EVENT_END] = GO(ENDING, SHUTDOWN),
	    [EVENT_REFUSED] = STAY(UP),
	    [EVENT_IMPOSSIBLE] = STAY(UP),
	    [EVENT_ANSWERED] = STAY(UP),
	    [EVENT_OFF] = STAY(STOPPED),
	    [EVENT_REBOOT] = GO(STARTING, LAUNCH),
	    [EVENT_CRASH] = GO(BACKOFF, PAUSE),
	    [EVENT_LATE] = STAY(UP),
	},
    [GUEST_STOPPING] =
	{
	    [EVENT_START] = STAY(RESTARTING),
	    [EVENT_STOP] = STAY(STOPPING),
	    [EVENT_RESTART] = STAY(RESTARTING),
	    [EVENT_KILL] = GO(STOPPING, KILL),
	    [EVENT_END] = STAY(ENDING),
	    [EVENT_REFUSED] = STAY(STOPPED),
	    [EVENT_IMPOSSIBLE] = STAY(STOPPED),
	    [EVENT_ANSWERED] = STAY(STOPPING),
	    [EVENT_OFF] = STAY(STOPPED),
	    [EVENT_REBOOT] = STAY(STOPPED),
	    [EVENT_CRASH] = STAY(STOPPED),
	    [EVENT_LATE] = GO(STOPPING, KILL),
	},
    [GUEST_RESTARTING] =
	{
	    [EVENT_START] = STAY(RESTARTING),
	    [EVENT_STOP] = STAY(STOPPING),
	    [EVENT_RESTART] = STAY(RESTARTING),
	    [EVENT_KILL] = GO(STOPPING, KILL),
	    [EVENT_END] = STAY(ENDING),
	    [EVENT_REFUSED] = GO(STARTING, LAUNCH),
	    [EVENT_IMPOSSIBLE] = GO(STARTING, LAUNCH),
	    [EVENT_ANSWERED] = STAY(RESTARTING),
	    [EVENT_OFF] = GO(STARTING, LAUNCH),
	    [EVENT_REBOOT] = GO(STARTING, LAUNCH),
	    [EVENT_CRASH] = GO(STARTING, LAUNCH),
	    [EVENT_LATE] = GO(RESTARTING, KILL),
	},
    [GUEST_BACKOFF] =
	{
	    [EVENT_START] = GO(STARTING, LAUNCH),
	    [EVENT_STOP] = STAY(STOPPED),
	    [EVENT_RESTART] = GO(STARTING, LAUNCH),
	    [EVENT_KILL] = STAY(STOPPED),
	    [EVENT_END] = GO(ENDED, EXIT),
	    [EVENT_REFUSED] = STAY(BACKOFF),
	    [EVENT_IMPOSSIBLE] = STAY(BACKOFF),
	    [EVENT_ANSWERED] = STAY(BACKOFF),
	    [EVENT_OFF] = STAY(BACKOFF),
	    [EVENT_REBOOT] = STAY(BACKOFF),
	    [EVENT_CRASH] = STAY(BACKOFF),
	    [EVENT_LATE] = GO(STARTING, LAUNCH),
	},
    [GUEST_FAILED] =
	{
	    [EVENT_START] = GO(STARTING, LAUNCH),
	    [EVENT_STOP] = STAY(STOPPED),
	    [EVENT_RESTART] = GO(STARTING, LAUNCH),
	    [EVENT_KILL] = STAY(STOPPED),
	    [EVENT_END] = GO(ENDED, EXIT),
	    [EVENT_REFUSED] = STAY(FAILED),
	    [EVENT_IMPOSSIBLE] = STAY(FAILED),
	    [EVENT_ANSWERED] = STAY(FAILED),
	    [EVENT_OFF] = STAY(FAILED),
	    [EVENT_REBOOT] = STAY(FAILED),
	    [EVENT_CRASH] = STAY(FAILED),
	    [EVENT_LATE] = STAY(FAILED),
	},
    [GUEST_ENDING] =
	{
	    [EVENT_START] = STAY(ENDING),
	    [EVENT_STOP] = STAY(ENDING),
	    [EVENT_RESTART] = STAY(ENDING),
	    [EVENT_KILL] = GO(ENDING, KILL),
	    [EVENT_END] = GO(ENDING, KILL), /* told twice: no grace */
	    [EVENT_REFUSED] = GO(ENDED, EXIT),
	    [EVENT_IMPOSSIBLE] = GO(ENDED, EXIT),
	    [EVENT_ANSWERED] = STAY(ENDING),
	    [EVENT_OFF] = GO(ENDED, EXIT),
	    [EVENT_REBOOT] = GO(ENDED, EXIT),
	    [EVENT_CRASH] = GO(ENDED, EXIT),
	    [EVENT_LATE] = GO(ENDING, KILL),
	},
    [GUEST_ENDED] =
	{
	    [EVENT_START] = STAY(ENDED),
	    [EVENT_STOP] = STAY(ENDED),
	    [EVENT_RESTART] = STAY(ENDED),
	    [EVENT_KILL] = STAY(ENDED),
	    [EVENT_END] = STAY(ENDED),
	    [EVENT_REFUSED] = STAY(ENDED),
	    [EVENT_IMPOSSIBLE] = STAY(ENDED),
	    [EVENT_ANSWERED] = STAY(ENDED),
	    [EVENT_OFF] = STAY(ENDED),
	    [EVENT_REBOOT] = STAY(ENDED),
	    [EVENT_CRASH] = STAY(ENDED),
	    [EVENT_LATE] = STAY(ENDED),
	},
};

static const char *const names[] = {
    [GUEST_STOPPED] = "stopped",
    [GUEST_STARTING] = "starting",
    [GUEST_UP] = "up",
    [GUEST_STOPPING] = "stopping",
    [GUEST_RESTARTING] = "restarting",
    [GUEST_BACKOFF] = "backoff",
    [GUEST_FAILED] = "failed",
    [GUEST_ENDING] = "ending",
    [GUEST_ENDED] = "ended",
};

static const char *const faults[] = {
    [FAULT_NONE] = "",
    [FAULT_INPUT] = "input",
    [FAULT_HOST] = "host",
    [FAULT_GUEST] = "guest",
};

_Static_assert(sizeof(faults) / sizeof(faults[0]) == GUEST_FAULTS, "a fault has no name");
_Static_assert(sizeof(steps) / sizeof(steps[0]) == GUEST_STATES, "a state has no row");
_Static_assert(GUEST_EVENTS == 12, "an event was added: write its cell in every row");
_Static_assert(sizeof(names) / sizeof(names[0]) == GUEST_STATES, "a state has no name");

struct guest_step
guest_next(enum guest_state state, enum guest_event event)
{
	return steps[state][event];
}

const char *
guest_state_name(enum guest_state state)
{
	return names[state];
}

const char *
guest_fault_name(enum guest_fault fault)
{
	return faults[fault];
}

unsigned
guest_pause_s(unsigned failures)
{
	unsigned pause = 1;

	while (failures-- > 1 && pause < GUEST_PAUSE_MAX_S)
		pause *= 2;
	return pause < GUEST_PAUSE_MAX_S ? pause : GUEST_PAUSE_MAX_S;
}

unsigned
guest_boot_s(unsigned failures)
{
	unsigned boot = GUEST_BOOT_S;

	while (failures-- > 0 && boot < GUEST_BOOT_MAX_S)
		boot *= 2;
	return boot < GUEST_BOOT_MAX_S ? boot : GUEST_BOOT_MAX_S;
}

/* What follows the last occurrence of a word, to the end of its line; length 0 where there is none. */
static struct span
last_after(struct span text, const char *word)
{
	struct span found = span_of("", 0);
	const char *at;
	size_t n = strlen(word);

	while ((at = memmem(text.ptr, text.len, word, n)) != NULL) {
		text = span_from(text, (size_t)(at - text.ptr) + n);
		found = span_first(text, span_find(text, '\n'));
	}
	return found;
}

/* The kernel's own words, cut and made printable: a tenant may write to the console too. */
static void
quote(char why[GUEST_WHY], const char *before, struct span words)
{
	size_t n = (size_t)snprintf(why, GUEST_WHY, "%s", before);

	for (size_t i = 0; i < words.len && n + 1 < GUEST_WHY; i++)
		if (words.ptr[i] >= 0x20 && words.ptr[i] < 0x7f)
			why[n++] = words.ptr[i];
	why[n] = '\0';
}

static bool
says(struct span console, const char *words)
{
	return memmem(console.ptr, console.len, words, strlen(words)) != NULL;
}

/* What a kernel says before it panics over something that is not its own fault. */
static const struct {
	const char *words, *why;
	enum guest_fault fault;
} causes[] = {
    {"Bus error - the host", "the host ran out of room for the guest's memory", FAULT_HOST},
    {"F_SETLK failed, file already locked", "its image is in use by another kernel", FAULT_HOST},
    {"Failed to open '/disk'", "its kernel could not open its image", FAULT_HOST},
};

static void
set(struct guest_ending *out, enum guest_fault fault, const char *why)
{
	out->fault = fault;
	snprintf(out->why, sizeof(out->why), "%s", why);
}

static void
explain(int signal, int status, const struct guest_clues *clues, struct guest_ending *out)
{
	struct span panic = clues->panic;

	if (clues->cgroup) {
		set(out, FAULT_HOST, "the host's kernel killed it: its cgroup's memory was used up");
		return;
	}
	for (size_t i = 0; i < sizeof(causes) / sizeof(*causes); i++) {
		if (says(clues->console, causes[i].words)) {
			set(out, causes[i].fault, causes[i].why);
			return;
		}
	}
	if (panic.len == 0)
		panic = last_after(clues->console, "Kernel panic - not syncing: ");
	out->fault = FAULT_GUEST;
	if (panic.len)
		quote(out->why, "the guest's kernel panicked: ", panic);
	else if (signal == SIGBUS)
		set(out, FAULT_HOST, causes[0].why);
	else if (signal == SIGKILL)
		set(out, FAULT_HOST, "killed from outside (by hand, or by the host when its memory ran out)");
	else if (signal)
		snprintf(out->why, sizeof(out->why), "ended by signal %d", signal);
	else if (status == 126 || status == 127)
		set(out, FAULT_INPUT, "the kernel could not be started in its jail");
	else
		snprintf(out->why, sizeof(out->why), "ended with status %d", status);
}

static bool
begins(struct span text, const char *words)
{
	size_t n = strlen(words);

	return text.len >= n && span_is(span_first(text, n), words);
}

/*
 * It fell after it had said that it was through with its guest: its last steps are on a stack that is no process's, and where
 * the host is slow a signal comes then and is a fault. What an earlier boot said is not meant.
 */
static bool
was_through(int signal, struct span console)
{
	struct span last = last_after(console, "reboot: ");

	if (signal != SIGABRT ||
	    !(begins(last, "Power down") || begins(last, "System halted") || begins(last, "Restarting")))
		return false;
	return !says(span_from(console, (size_t)(last.ptr - console.ptr)), "Linux version ");
}

struct guest_ending
guest_end(const struct guest_clues *clues)
{
	int wait = clues->wait_status;
	int status = WIFEXITED(wait) ? WEXITSTATUS(wait) : 0;
	int signal = WIFSIGNALED(wait) ? WTERMSIG(wait) : status > 128 ? status - 128 : 0;
	struct guest_ending out = {.event = EVENT_CRASH};
	struct span last;

	if ((signal != 0 || status != 0) && !was_through(signal, clues->console)) {
		explain(signal, status, clues, &out);
		return out;
	}
	last = last_after(clues->console, "reboot: ");
	if (begins(last, "Restarting")) {
		out.event = EVENT_REBOOT;
		set(&out, FAULT_NONE, "the guest rebooted");
	} else {
		out.event = EVENT_OFF;
		set(&out, FAULT_NONE, "the guest powered off");
	}
	return out;
}
