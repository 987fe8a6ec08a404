/* What a person waits for who told a guest's launcher something; see goal.h. */
#include "cli/goal.h"
#include "base/sys.h"

#include <string.h>

static const struct {
	const char *fault;
	int status;
} faults[] = {{"host", EXIT_SYSTEM}, {"input", EXIT_INPUT}, {"guest", EXIT_GUEST}};

static bool
is(const struct seen *seen, const char *state)
{
	return strcmp(seen->state, state) == 0;
}

static bool
rests(const struct seen *seen)
{
	return is(seen, "stopped") || is(seen, "failed");
}

enum reached
goal_reached(enum goal goal, const struct seen *before, const struct seen *now)
{
	if (is(now, "ending") || is(now, "ended"))
		return goal == GOAL_STOPPED && is(now, "ended") ? GOAL_REACHED : GOAL_MISSED;
	if (goal == GOAL_STOPPED)
		return rests(now) ? GOAL_REACHED : is(now, "stopping") ? GOAL_WAIT : GOAL_MISSED;
	if (is(now, "up") && (goal == GOAL_UP || now->starts > before->starts))
		return GOAL_REACHED;
	/* A tap that is not there yet, or a host that is short of something for a while, is waited for. */
	if (rests(now) || is(now, "stopping") || now->crashes > before->crashes)
		return GOAL_MISSED;
	return GOAL_WAIT;
}

int
goal_fault(const char *fault)
{
	for (unsigned i = 0; i < sizeof(faults) / sizeof(*faults); i++)
		if (strcmp(fault, faults[i].fault) == 0)
			return faults[i].status;
	return 0;
}
