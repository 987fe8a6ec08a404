/* The order of the way up and down, by table and by walking it to its end. */
#include "cli/order.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>

enum { REDIS, NATD, REMOVE, IMAGE, ALICE, PROXY, ACCT, N };

static const struct order house[N] = {
    [REDIS] = {.rank = 0, .stop_rank = 4},
    [NATD] = {.rank = 1, .stop_rank = 1},
    [REMOVE] = {.rank = 9, .stop_rank = 2, .once = true, .at_stop = true},
    [IMAGE] = {.rank = 2, .stop_rank = 0, .once = true},
    [ALICE] = {.rank = 9, .stop_rank = 0},
    [PROXY] = {.rank = 9, .stop_rank = 0},
    [ACCT] = {.rank = 9, .stop_rank = 3},
};

static void
expect_turn(const size_t *got, size_t n, const char *want)
{
	char text[N + 1] = "";

	for (size_t i = 0; i < n; i++)
		text[i] = (char)('0' + got[i]);
	assert_string_equal(text, want);
}

static void
test_up(void **state)
{
	struct order jobs[N];
	size_t turn[N];

	(void)state;
	for (size_t i = 0; i < N; i++)
		jobs[i] = house[i];
	expect_turn(turn, order_start(jobs, N, turn), "0");
	jobs[REDIS].state = JOB_STARTING;
	expect_turn(turn, order_start(jobs, N, turn), "");
	jobs[REDIS].state = JOB_READY;
	expect_turn(turn, order_start(jobs, N, turn), "1");
	jobs[NATD].state = JOB_WAITING;
	expect_turn(turn, order_start(jobs, N, turn), "");
	jobs[NATD].state = JOB_READY;
	expect_turn(turn, order_start(jobs, N, turn), "3");
	jobs[IMAGE].state = JOB_OVER;
	expect_turn(turn, order_start(jobs, N, turn), "456");
	jobs[ALICE].state = jobs[PROXY].state = JOB_READY;
	assert_false(order_complete(jobs, N));
	jobs[ACCT].state = JOB_READY;
	assert_true(order_complete(jobs, N));
}

static void
test_down(void **state)
{
	struct order jobs[N];
	size_t turn[N];

	(void)state;
	for (size_t i = 0; i < N; i++) {
		jobs[i] = house[i];
		jobs[i].state = JOB_READY;
	}
	jobs[IMAGE].state = JOB_OVER;
	jobs[REMOVE].state = JOB_IDLE;
	expect_turn(turn, order_stop(jobs, N, turn), "45");
	jobs[ALICE].state = JOB_OVER;
	expect_turn(turn, order_stop(jobs, N, turn), "5");
	jobs[PROXY].state = JOB_OVER;
	expect_turn(turn, order_stop(jobs, N, turn), "1");
	jobs[NATD].state = JOB_OVER;
	expect_turn(turn, order_stop(jobs, N, turn), "2");
	jobs[REMOVE].state = JOB_STARTING;
	expect_turn(turn, order_stop(jobs, N, turn), "2");
	jobs[REMOVE].state = JOB_OVER;
	expect_turn(turn, order_stop(jobs, N, turn), "6");
	jobs[ACCT].state = JOB_OVER;
	expect_turn(turn, order_stop(jobs, N, turn), "0");
	jobs[REDIS].state = JOB_OVER;
	expect_turn(turn, order_stop(jobs, N, turn), "");
}

/* From any mixture of states, ending whose turn it is comes to an end, and never by starting what goes up. */
static void
test_down_ends(void **state)
{
	(void)state;
	for (unsigned seed = 0; seed < 78125; seed++) {
		struct order jobs[N];
		size_t turn[N], n, steps = 0;
		unsigned left = seed;

		for (size_t i = 0; i < N; i++, left /= JOB_STATES) {
			jobs[i] = house[i];
			jobs[i].state = (enum job_state)(left % JOB_STATES);
		}
		while ((n = order_stop(jobs, N, turn)) > 0) {
			for (size_t i = 0; i < n; i++) {
				assert_true(jobs[turn[i]].state != JOB_IDLE || jobs[turn[i]].at_stop);
				jobs[turn[i]].state = JOB_OVER;
			}
			assert_true(++steps <= N);
		}
	}
}

static void
test_backoff(void **state)
{
	(void)state;
	assert_int_equal((int)order_backoff(0), 1);
	assert_int_equal((int)order_backoff(3), 8);
	assert_int_equal((int)order_backoff(6), 60);
	assert_int_equal((int)order_backoff(1000), 60);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_up),
	    cmocka_unit_test(test_down),
	    cmocka_unit_test(test_down_ends),
	    cmocka_unit_test(test_backoff),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
