/* In what order `lodge up` starts and stops its programs; see order.h. */
#include "cli/order.h"

#include <limits.h>

static bool
settled(const struct order *job)
{
	if (job->at_stop)
		return true;
	return job->state == JOB_READY || job->state == JOB_OVER;
}

size_t
order_start(const struct order *jobs, size_t n, size_t *out)
{
	int turn = INT_MAX;
	size_t found = 0;

	for (size_t i = 0; i < n; i++)
		if (!settled(&jobs[i]) && jobs[i].rank < turn)
			turn = jobs[i].rank;
	for (size_t i = 0; i < n; i++)
		if (!jobs[i].at_stop && jobs[i].rank == turn && jobs[i].state == JOB_IDLE)
			out[found++] = i;
	return found;
}

/* Still to be dealt with on the way down? */
static bool
remains(const struct order *job)
{
	switch (job->state) {
	case JOB_IDLE:
		return job->at_stop;
	case JOB_STARTING:
	case JOB_READY:
	case JOB_WAITING:
		return true;
	default:
		return false;
	}
}

size_t
order_stop(const struct order *jobs, size_t n, size_t *out)
{
	int turn = INT_MAX;
	size_t found = 0;

	for (size_t i = 0; i < n; i++)
		if (remains(&jobs[i]) && jobs[i].stop_rank < turn)
			turn = jobs[i].stop_rank;
	for (size_t i = 0; i < n; i++)
		if (remains(&jobs[i]) && jobs[i].stop_rank == turn)
			out[found++] = i;
	return found;
}

bool
order_complete(const struct order *jobs, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!settled(&jobs[i]))
			return false;
	return true;
}

double
order_backoff(unsigned k)
{
	return k >= 6 ? 60 : (double)(1u << k);
}
