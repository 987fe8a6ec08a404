/* What a guest does next: stories over the whole table, and laws that hold in every cell. */
#include "launch/guest.h"
#include "tests/unit/guard.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

static const struct {
	const char *title;
	struct {
		enum guest_event event;
		enum guest_state state;
		enum guest_act act;
	} steps[8];
	size_t n;
} stories[] = {
    {"a day",
	{{EVENT_START, GUEST_STARTING, ACT_LAUNCH}, {EVENT_ANSWERED, GUEST_UP, ACT_READY},
	    {EVENT_STOP, GUEST_STOPPING, ACT_SHUTDOWN}, {EVENT_OFF, GUEST_STOPPED, ACT_NONE}},
	4},
    {"a reboot inside is a new launch",
	{{EVENT_START, GUEST_STARTING, ACT_LAUNCH}, {EVENT_ANSWERED, GUEST_UP, ACT_READY},
	    {EVENT_REBOOT, GUEST_STARTING, ACT_LAUNCH}},
	3},
    {"a power-off inside stays off until told",
	{{EVENT_START, GUEST_STARTING, ACT_LAUNCH}, {EVENT_ANSWERED, GUEST_UP, ACT_READY},
	    {EVENT_OFF, GUEST_STOPPED, ACT_NONE}, {EVENT_LATE, GUEST_STOPPED, ACT_NONE},
	    {EVENT_START, GUEST_STARTING, ACT_LAUNCH}},
	5},
    {"no tap yet",
	{{EVENT_START, GUEST_STARTING, ACT_LAUNCH}, {EVENT_REFUSED, GUEST_BACKOFF, ACT_RETRY},
	    {EVENT_LATE, GUEST_STARTING, ACT_LAUNCH}, {EVENT_REFUSED, GUEST_BACKOFF, ACT_RETRY},
	    {EVENT_STOP, GUEST_STOPPED, ACT_NONE}},
	5},
    {"no image",
	{{EVENT_START, GUEST_STARTING, ACT_LAUNCH}, {EVENT_IMPOSSIBLE, GUEST_FAILED, ACT_NONE},
	    {EVENT_LATE, GUEST_FAILED, ACT_NONE}, {EVENT_START, GUEST_STARTING, ACT_LAUNCH}},
	4},
    {"an ignored power-off is a kill",
	{{EVENT_START, GUEST_STARTING, ACT_LAUNCH}, {EVENT_STOP, GUEST_STOPPING, ACT_SHUTDOWN},
	    {EVENT_LATE, GUEST_STOPPING, ACT_KILL}, {EVENT_CRASH, GUEST_STOPPED, ACT_NONE}},
	4},
    {"a restart",
	{{EVENT_START, GUEST_STARTING, ACT_LAUNCH}, {EVENT_ANSWERED, GUEST_UP, ACT_READY},
	    {EVENT_RESTART, GUEST_RESTARTING, ACT_SHUTDOWN}, {EVENT_OFF, GUEST_STARTING, ACT_LAUNCH}},
	4},
    {"stop, then start before it is off",
	{{EVENT_START, GUEST_STARTING, ACT_LAUNCH}, {EVENT_STOP, GUEST_STOPPING, ACT_SHUTDOWN},
	    {EVENT_START, GUEST_RESTARTING, ACT_NONE}, {EVENT_REBOOT, GUEST_STARTING, ACT_LAUNCH}},
	4},
    {"the launcher told to go, twice",
	{{EVENT_START, GUEST_STARTING, ACT_LAUNCH}, {EVENT_END, GUEST_ENDING, ACT_SHUTDOWN},
	    {EVENT_END, GUEST_ENDING, ACT_KILL}, {EVENT_CRASH, GUEST_ENDED, ACT_EXIT}},
	4},
    {"the launcher told to go while waiting",
	{{EVENT_START, GUEST_STARTING, ACT_LAUNCH}, {EVENT_CRASH, GUEST_BACKOFF, ACT_PAUSE},
	    {EVENT_END, GUEST_ENDED, ACT_EXIT}},
	3},
};

static void
test_stories(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(stories) / sizeof(stories[0]); i++) {
		enum guest_state now = GUEST_STOPPED;

		for (size_t j = 0; j < stories[i].n; j++) {
			struct guest_step step = guest_next(now, stories[i].steps[j].event);

			if (step.next != stories[i].steps[j].state || step.act != stories[i].steps[j].act)
				fail_msg("%s, step %zu: %s, act %d", stories[i].title, j + 1,
				    guest_state_name(step.next), step.act);
			now = step.next;
		}
	}
}

/*
 * The whole table, as the manual means it: in each state what each event leads to, and after a slash what is done. A
 * cell that is changed by accident is seen here.
 */
static const char *const acts[] = {
    [ACT_NONE] = "",
    [ACT_LAUNCH] = "/launch",
    [ACT_READY] = "/ready",
    [ACT_SHUTDOWN] = "/shutdown",
    [ACT_KILL] = "/kill",
    [ACT_RETRY] = "/retry",
    [ACT_PAUSE] = "/pause",
    [ACT_EXIT] = "/exit",
};

/* clang-format off */
static const char *const rows[GUEST_STATES][GUEST_EVENTS] = {
	/* start stop restart kill end refused impossible answered off reboot crash late */
	[GUEST_STOPPED] = {"starting/launch", "stopped", "starting/launch", "stopped", "ended/exit", "stopped", "stopped", "stopped", "stopped", "stopped", "stopped", "stopped"},
	[GUEST_STARTING] = {"starting", "stopping/shutdown", "restarting/shutdown", "stopping/kill", "ending/shutdown", "backoff/retry", "failed", "up/ready", "stopped", "backoff/pause", "backoff/pause", "starting/kill"},
	[GUEST_UP] = {"up", "stopping/shutdown", "restarting/shutdown", "stopping/kill", "ending/shutdown", "up", "up", "up", "stopped", "starting/launch", "backoff/pause", "up"},
	[GUEST_STOPPING] = {"restarting", "stopping", "restarting", "stopping/kill", "ending", "stopped", "stopped", "stopping", "stopped", "stopped", "stopped", "stopping/kill"},
	[GUEST_RESTARTING] = {"restarting", "stopping", "restarting", "stopping/kill", "ending", "starting/launch", "starting/launch", "restarting", "starting/launch", "starting/launch", "starting/launch", "restarting/kill"},
	[GUEST_BACKOFF] = {"starting/launch", "stopped", "starting/launch", "stopped", "ended/exit", "backoff", "backoff", "backoff", "backoff", "backoff", "backoff", "starting/launch"},
	[GUEST_FAILED] = {"starting/launch", "stopped", "starting/launch", "stopped", "ended/exit", "failed", "failed", "failed", "failed", "failed", "failed", "failed"},
	[GUEST_ENDING] = {"ending", "ending", "ending", "ending/kill", "ending/kill", "ended/exit", "ended/exit", "ending", "ended/exit", "ended/exit", "ended/exit", "ending/kill"},
	[GUEST_ENDED] = {"ended", "ended", "ended", "ended", "ended", "ended", "ended", "ended", "ended", "ended", "ended", "ended"},
};
/* clang-format on */

static void
test_rows(void **state)
{
	char cell[64];

	(void)state;
	for (enum guest_state s = 0; s < GUEST_STATES; s++) {
		for (enum guest_event e = 0; e < GUEST_EVENTS; e++) {
			struct guest_step step = guest_next(s, e);

			snprintf(cell, sizeof(cell), "%s%s", guest_state_name(step.next), acts[step.act]);
			if (strcmp(cell, rows[s][e]) != 0)
				fail_msg(
				    "%s, event %d: %s, not %s", guest_state_name(s), e, cell, rows[s][e]);
		}
	}
}

/* Has this state a kernel running? */
static bool
runs(enum guest_state state)
{
	return state == GUEST_STARTING || state == GUEST_UP || state == GUEST_STOPPING ||
	       state == GUEST_RESTARTING || state == GUEST_ENDING;
}

static bool
is_end(enum guest_event event)
{
	return event == EVENT_OFF || event == EVENT_REBOOT || event == EVENT_CRASH ||
	       event == EVENT_REFUSED || event == EVENT_IMPOSSIBLE;
}

static void
test_laws(void **state)
{
	(void)state;
	for (enum guest_state s = 0; s < GUEST_STATES; s++) {
		assert_non_null(guest_state_name(s));
		for (enum guest_event e = 0; e < GUEST_EVENTS; e++) {
			struct guest_step step = guest_next(s, e);

			/* Launched only where nothing runs: at rest, or by the end of what ran. */
			if (step.act == ACT_LAUNCH) {
				assert_int_equal(step.next, GUEST_STARTING);
				assert_true(!runs(s) || is_end(e));
			}
			/* Never at rest with a kernel running that nobody ended. */
			if (runs(s) && !runs(step.next))
				assert_true(is_end(e));
			/* Never waiting for a kernel that does not run. */
			if (!runs(s) && runs(step.next))
				assert_int_equal(step.act, ACT_LAUNCH);
			/* Whoever waits has set a time or is at rest. */
			if (step.next == GUEST_BACKOFF && s != GUEST_BACKOFF)
				assert_true(step.act == ACT_PAUSE || step.act == ACT_RETRY);
			if (step.act == ACT_KILL || step.act == ACT_SHUTDOWN)
				assert_true(runs(s));
			/* The end is the end, and only it exits. */
			assert_true((step.act == ACT_EXIT) == (step.next == GUEST_ENDED && s != GUEST_ENDED));
		}
	}
}

/* Told to go, a guest ends whatever it was doing, at the latest when its time is over twice. */
static void
test_end_is_reached(void **state)
{
	(void)state;
	for (enum guest_state s = 0; s < GUEST_STATES; s++) {
		struct guest_step step = guest_next(s, EVENT_END);

		if (step.next != GUEST_ENDED) {
			step = guest_next(step.next, EVENT_LATE);
			assert_int_equal(step.act, ACT_KILL);
			step = guest_next(step.next, EVENT_CRASH);
		}
		assert_int_equal(step.next, GUEST_ENDED);
	}
}

static void
test_pause(void **state)
{
	unsigned last = 0;

	(void)state;
	assert_int_equal(guest_pause_s(1), 1);
	assert_int_equal(guest_pause_s(2), 2);
	assert_int_equal(guest_pause_s(6), 32);
	assert_int_equal(guest_pause_s(7), GUEST_PAUSE_MAX_S);
	for (unsigned n = 0; n < 100; n++) {
		assert_in_range(guest_pause_s(n), last, GUEST_PAUSE_MAX_S);
		last = guest_pause_s(n);
	}
	assert_int_equal(guest_pause_s(~0u), GUEST_PAUSE_MAX_S);
	assert_int_equal(guest_boot_s(0), GUEST_BOOT_S);
	assert_int_equal(guest_boot_s(1), 2 * GUEST_BOOT_S);
	assert_int_equal(guest_boot_s(3), GUEST_BOOT_MAX_S);
	assert_int_equal(guest_boot_s(~0u), GUEST_BOOT_MAX_S);
}

static const struct {
	int wait_status;
	const char *console, *panic;
	bool cgroup;
	enum guest_event event;
	enum guest_fault fault;
	const char *why;
} ends[] = {
    {0, "[  9.1] reboot: Restarting system\r\n", "", false, EVENT_REBOOT, FAULT_NONE, "the guest rebooted"},
    {0, "[  9.1] reboot: Power down\r\n", "", false, EVENT_OFF, FAULT_NONE, "the guest powered off"},
    {0, "[  9.1] reboot: System halted\r\n", "", false, EVENT_OFF, FAULT_NONE, "the guest powered off"},
    {0, "", "", false, EVENT_OFF, FAULT_NONE, "the guest powered off"},
    /* Only the last of them counts: the ring may still hold the words of an earlier run. */
    {0, "reboot: Restarting system\r\nLinux\r\nreboot: Power down\r\n", "", false, EVENT_OFF, FAULT_NONE,
	"the guest powered off"},
    /* Words alone are no crash, whoever wrote them. */
    {0, "Kernel panic - not syncing: not so\r\n", "nor so", false, EVENT_OFF, FAULT_NONE,
	"the guest powered off"},
    /* What the kernel's own last steps stumble over is no crash of a guest that it had ended. */
    {134 << 8,
	"reboot: Power down\r\nKernel panic - not syncing: Kernel mode fault at addr 0x7ffffffff000\r\n",
	"Kernel mode fault at addr 0x7ffffffff000", false, EVENT_OFF, FAULT_NONE, "the guest powered off"},
    {134 << 8, "reboot: System halted\r\n", "Segfault with no mm", false, EVENT_OFF, FAULT_NONE,
	"the guest powered off"},
    {134 << 8, "reboot: Restarting system\r\n", "Segfault with no mm", false, EVENT_REBOOT, FAULT_NONE,
	"the guest rebooted"},
    {134 << 8, "reboot: Restarting system\r\nLinux version 6.1\r\n", "no", false, EVENT_CRASH, FAULT_GUEST,
	"the guest's kernel panicked: no"},
    {134 << 8, "reboot: at noon\r\n", "no", false, EVENT_CRASH, FAULT_GUEST,
	"the guest's kernel panicked: no"},
    {137 << 8, "reboot: Power down\r\n", "", true, EVENT_CRASH, FAULT_HOST,
	"the host's kernel killed it: its cgroup's memory was used up"},
    {134 << 8, "Kernel panic - not syncing: VFS: Unable to mount root fs\r\n", "", false, EVENT_CRASH,
	FAULT_GUEST, "the guest's kernel panicked: VFS: Unable to mount root fs"},
    {134 << 8, "Kernel panic - not syncing: \033[31mred\r\n", "", false, EVENT_CRASH, FAULT_GUEST,
	"the guest's kernel panicked: [31mred"},
    /* What the kernel told the management console no tenant can write over. */
    {134 << 8, "Kernel panic - not syncing: made up\r\n", "Attempted to kill init!\n", false, EVENT_CRASH,
	FAULT_GUEST, "the guest's kernel panicked: Attempted to kill init!"},
    {134 << 8, "", "", false, EVENT_CRASH, FAULT_GUEST, "ended by signal 6"},
    {135 << 8, "", "", false, EVENT_CRASH, FAULT_HOST, "the host ran out of room for the guest's memory"},
    /* A cause is more than the panic that follows from it. */
    {134 << 8,
	"Bus error - the host /dev/shm or /tmp mount likely just ran out of space\n"
	"Kernel panic - not syncing: Kernel mode signal 7\n",
	"Kernel mode signal 7", false, EVENT_CRASH, FAULT_HOST,
	"the host ran out of room for the guest's memory"},
    {134 << 8,
	"F_SETLK failed, file already locked by pid 7\nFailed to open '/disk', errno = 11\n"
	"Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(98,0)\n",
	"", false, EVENT_CRASH, FAULT_HOST, "its image is in use by another kernel"},
    {134 << 8,
	"Failed to open '/disk', errno = 13\nKernel panic - not syncing: VFS: Unable to mount root fs\n", "",
	false, EVENT_CRASH, FAULT_HOST, "its kernel could not open its image"},
    {SIGKILL, "", "", false, EVENT_CRASH, FAULT_HOST,
	"killed from outside (by hand, or by the host when its memory ran out)"},
    {137 << 8, "", "", false, EVENT_CRASH, FAULT_HOST,
	"killed from outside (by hand, or by the host when its memory ran out)"},
    {137 << 8, "", "", true, EVENT_CRASH, FAULT_HOST,
	"the host's kernel killed it: its cgroup's memory was used up"},
    {127 << 8, "", "", false, EVENT_CRASH, FAULT_INPUT, "the kernel could not be started in its jail"},
    {1 << 8, "", "", false, EVENT_CRASH, FAULT_GUEST, "ended with status 1"},
};

static void
test_ends(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		size_t n = strlen(ends[i].console), n_panic = strlen(ends[i].panic);
		const char *copy = guard_copy(ends[i].console, n),
			   *panic = guard_copy(ends[i].panic, n_panic);
		struct guest_ending end = guest_end(&(struct guest_clues){
		    ends[i].wait_status, span_of(copy, n), span_of(panic, n_panic), ends[i].cgroup});

		assert_string_equal(end.why, ends[i].why);
		assert_int_equal(end.event, ends[i].event);
		assert_int_equal(end.fault, ends[i].fault);
		guard_free(copy, n);
		guard_free(panic, n_panic);
	}
}

/* However long the kernel's words, and wherever the ring cut them, why is a short printable text. */
static void
test_long_words(void **state)
{
	char text[1024];
	static const char panic[] = "Kernel panic - not syncing: ";

	(void)state;
	memset(text, 'x', sizeof(text));
	memcpy(text, panic, sizeof(panic) - 1);
	for (size_t n = 0; n <= sizeof(text); n++) {
		const char *copy = guard_copy(text, n);
		struct guest_ending end =
		    guest_end(&(struct guest_clues){.wait_status = 134 << 8, .console = span_of(copy, n)});

		assert_int_equal(end.event, EVENT_CRASH);
		assert_true(strlen(end.why) > 0 && strlen(end.why) < GUEST_WHY);
		guard_free(copy, n);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_stories),
	    cmocka_unit_test(test_rows),
	    cmocka_unit_test(test_laws),
	    cmocka_unit_test(test_end_is_reached),
	    cmocka_unit_test(test_pause),
	    cmocka_unit_test(test_ends),
	    cmocka_unit_test(test_long_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
