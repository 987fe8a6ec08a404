/*
 * In what order `lodge up` starts and stops its programs. A core: it sees ranks and states, it starts nothing.
 *
 * A rank starts when every lower rank is ready (or, for a task that runs once, over). Stopping goes by stop_rank
 * in the same way: a rank is asked to end when every lower stop_rank is gone.
 */
#ifndef CLI_ORDER_H
#define CLI_ORDER_H

#include <stdbool.h>
#include <stddef.h>

enum job_state {
	JOB_IDLE, /* not started yet */
	JOB_STARTING, /* runs, has not said READY=1 */
	JOB_READY,
	JOB_WAITING, /* ended, is started again after a pause */
	JOB_OVER, /* ended and stays so */
	JOB_STATES
};

struct order {
	int rank, stop_rank;
	bool once; /* a task: over is as good as ready */
	bool at_stop; /* a task of the way down: not started by order_start */
	enum job_state state;
};

/* Indices of jobs to start now, into out (room for n). Returns how many. */
size_t order_start(const struct order *, size_t n, size_t *out);

/*
 * Indices of jobs whose turn it is on the way down: those alive are to be ended, those idle with at_stop to be
 * started; waiting ones are over at once. 0: everything is down.
 */
size_t order_stop(const struct order *, size_t n, size_t *out);

/* Every job that starts on the way up is ready (tasks: over). */
bool order_complete(const struct order *, size_t n);

/* Pause before the k-th restart in a row, seconds: 1, 2, 4 … 60. */
double order_backoff(unsigned k);

#endif
