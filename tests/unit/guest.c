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
}

static const struct {
	int wait_status;
	const char *console;
	enum guest_event event;
	const char *why;
} ends[] = {
    {0, "[  9.1] reboot: Restarting system\r\n", EVENT_REBOOT, "the guest rebooted"},
    {0, "[  9.1] reboot: Power down\r\n", EVENT_OFF, "the guest powered off"},
    {0, "[  9.1] reboot: System halted\r\n", EVENT_OFF, "the guest powered off"},
    {0, "", EVENT_OFF, "the guest powered off"},
    /* Only the last of them counts: the ring may still hold the words of an earlier run. */
    {0, "reboot: Restarting system\r\nLinux\r\nreboot: Power down\r\n", EVENT_OFF, "the guest powered off"},
    {134 << 8, "Kernel panic - not syncing: VFS: Unable to mount root fs\r\n", EVENT_CRASH,
	"the guest's kernel panicked: VFS: Unable to mount root fs"},
    {134 << 8, "Kernel panic - not syncing: \033[31mred\r\n", EVENT_CRASH,
	"the guest's kernel panicked: [31mred"},
    {134 << 8, "", EVENT_CRASH, "ended by signal 6"},
    {135 << 8, "", EVENT_CRASH, "the host ran out of room for the guest's memory"},
    {134 << 8, "Bus error - the host /dev/shm or /tmp mount likely just ran out of space\n", EVENT_CRASH,
	"the host ran out of room for the guest's memory"},
    {SIGKILL, "", EVENT_CRASH, "killed from outside (by hand, or by the host when its memory ran out)"},
    {137 << 8, "", EVENT_CRASH, "killed from outside (by hand, or by the host when its memory ran out)"},
    {127 << 8, "", EVENT_CRASH, "the kernel could not be started in its jail"},
    {1 << 8, "", EVENT_CRASH, "ended with status 1"},
};

static void
test_ends(void **state)
{
	char why[GUEST_WHY];

	(void)state;
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		size_t n = strlen(ends[i].console);
		const char *copy = guard_copy(ends[i].console, n);

		assert_int_equal(guest_end(ends[i].wait_status, span_of(copy, n), why), ends[i].event);
		assert_string_equal(why, ends[i].why);
		guard_free(copy, n);
	}
}

/* However long the kernel's words, and wherever the ring cut them, why is a short printable text. */
static void
test_long_words(void **state)
{
	char text[1024], why[GUEST_WHY];
	static const char panic[] = "Kernel panic - not syncing: ";

	(void)state;
	memset(text, 'x', sizeof(text));
	memcpy(text, panic, sizeof(panic) - 1);
	for (size_t n = 0; n <= sizeof(text); n++) {
		const char *copy = guard_copy(text, n);

		assert_int_equal(guest_end(134 << 8, span_of(copy, n), why), EVENT_CRASH);
		assert_true(strlen(why) > 0 && strlen(why) < GUEST_WHY);
		guard_free(copy, n);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_stories),
	    cmocka_unit_test(test_laws),
	    cmocka_unit_test(test_end_is_reached),
	    cmocka_unit_test(test_pause),
	    cmocka_unit_test(test_ends),
	    cmocka_unit_test(test_long_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
