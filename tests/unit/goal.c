/* What a person waits for: each word's goal, seen reached, missed, and not yet; and whose fault it is. */
#include "cli/goal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static const struct {
	enum goal goal;
	struct seen before, now;
	enum reached want;
} cases[] = {
    {GOAL_UP, {"stopped", "", 0, 0}, {"starting", "", 1, 0}, GOAL_WAIT},
    {GOAL_UP, {"stopped", "", 0, 0}, {"up", "", 1, 0}, GOAL_REACHED},
    {GOAL_UP, {"up", "", 1, 0}, {"up", "", 1, 0}, GOAL_REACHED},
    {GOAL_UP, {"stopped", "", 0, 0}, {"failed", "input", 0, 0}, GOAL_MISSED},
    {GOAL_UP, {"failed", "input", 0, 0}, {"failed", "input", 0, 0}, GOAL_MISSED},
    {GOAL_UP, {"stopped", "", 0, 0}, {"backoff", "host", 0, 0}, GOAL_WAIT}, /* no tap yet */
    {GOAL_UP, {"stopped", "", 0, 2}, {"backoff", "guest", 1, 3}, GOAL_MISSED},
    {GOAL_UP, {"stopped", "", 0, 2}, {"starting", "guest", 2, 3},
	GOAL_MISSED}, /* crashed between two looks */
    {GOAL_UP, {"stopped", "", 0, 0}, {"stopped", "", 1, 0}, GOAL_MISSED}, /* it powered off */
    {GOAL_UP, {"stopped", "", 0, 0}, {"stopping", "", 1, 0}, GOAL_MISSED},
    {GOAL_UP, {"stopping", "", 1, 0}, {"restarting", "", 1, 0}, GOAL_WAIT},
    {GOAL_UP, {"up", "", 1, 0}, {"ending", "", 1, 0}, GOAL_MISSED},
    {GOAL_UP_AGAIN, {"up", "", 1, 0}, {"up", "", 1, 0}, GOAL_WAIT},
    {GOAL_UP_AGAIN, {"up", "", 1, 0}, {"restarting", "", 1, 0}, GOAL_WAIT},
    {GOAL_UP_AGAIN, {"up", "", 1, 0}, {"starting", "", 2, 0}, GOAL_WAIT},
    {GOAL_UP_AGAIN, {"up", "", 1, 0}, {"up", "", 2, 0}, GOAL_REACHED},
    {GOAL_UP_AGAIN, {"stopped", "", 1, 0}, {"up", "", 2, 0}, GOAL_REACHED},
    {GOAL_UP_AGAIN, {"up", "", 1, 0}, {"failed", "input", 1, 0}, GOAL_MISSED},
    {GOAL_STOPPED, {"up", "", 1, 0}, {"stopping", "", 1, 0}, GOAL_WAIT},
    {GOAL_STOPPED, {"up", "", 1, 0}, {"stopped", "", 1, 0}, GOAL_REACHED},
    {GOAL_STOPPED, {"failed", "input", 0, 0}, {"stopped", "input", 0, 0}, GOAL_REACHED},
    {GOAL_STOPPED, {"up", "", 1, 0}, {"restarting", "", 1, 0}, GOAL_MISSED}, /* somebody else said start */
    {GOAL_STOPPED, {"up", "", 1, 0}, {"up", "", 2, 0}, GOAL_MISSED},
    {GOAL_STOPPED, {"up", "", 1, 0}, {"ended", "", 1, 0}, GOAL_REACHED},
    {GOAL_STOPPED, {"up", "", 1, 0}, {"ending", "", 1, 0}, GOAL_MISSED},
};

static void
test_goals(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (goal_reached(cases[i].goal, &cases[i].before, &cases[i].now) != cases[i].want)
			fail_msg("case %zu: %s", i, cases[i].now.state);
}

static void
test_faults(void **state)
{
	(void)state;
	assert_int_equal(goal_fault("host"), 1);
	assert_int_equal(goal_fault("input"), 2);
	assert_int_equal(goal_fault("guest"), 6);
	assert_int_equal(goal_fault(""), 0);
	assert_int_equal(goal_fault("nobody"), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_goals),
	    cmocka_unit_test(test_faults),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
