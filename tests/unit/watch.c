/* The filter of interfaces, run: it keeps those that it was given and no other, and asks few questions. */
#include "acct/watch.h"
#include "tests/unit/bpf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { KEEP = 96, SPREAD = 20000, MANY = 2000 };

static uint32_t
ifindex_word(const void *data, uint32_t at)
{
	assert_int_equal(at, (uint32_t)(SKF_AD_OFF + SKF_AD_IFINDEX));
	return *(const uint32_t *)data;
}

static uint32_t
run(const struct sock_filter *program, size_t n, uint32_t ifindex, unsigned *steps)
{
	return bpf_steps(program, n, ifindex_word, &ifindex, steps);
}

/* n numbers out of SPREAD, or n that follow each other. */
static size_t
choose(uint32_t *out, size_t n, bool together, char wanted[SPREAD])
{
	size_t got = 0, first = 1 + (size_t)rand() % 1000;

	memset(wanted, 0, SPREAD);
	for (size_t i = 0; i < n; i++)
		wanted[together ? first + i : 1 + (size_t)rand() % (SPREAD - 1)] = 1;
	for (uint32_t i = 0; i < SPREAD; i++)
		if (wanted[i])
			out[got++] = i;
	return got;
}

static void
keeps_what_it_was_given(void **state)
{
	static struct sock_filter program[BPF_MAXINSNS];
	static uint32_t ids[SPREAD];
	static char wanted[SPREAD];
	unsigned steps, most;

	(void)state;
	srand(11);
	for (int round = 0; round < 60; round++) {
		bool together = round % 3 == 0;
		size_t n = choose(ids, round < 30 ? (size_t)round : (size_t)rand() % MANY, together, wanted);
		size_t length = watch_program(program, BPF_MAXINSNS, ids, n, KEEP);

		assert_true(length > 0);
		most = 0;
		for (uint32_t i = 0; i < SPREAD; i++) {
			assert_int_equal(run(program, length, i, &steps), wanted[i] ? KEEP : 0);
			most = steps > most ? steps : most;
		}
		assert_int_equal(run(program, length, UINT32_MAX, &steps), 0);
		assert_true(most <= (together ? 3 : 32));
	}
}

/* It never writes past its room, and half a program is none. */
static void
any_room(void **state)
{
	static uint32_t ids[SPREAD];
	static char wanted[SPREAD];
	size_t n, whole, got;

	(void)state;
	srand(12);
	n = choose(ids, 100, false, wanted);
	whole = watch_program(NULL, 0, ids, n, KEEP);
	assert_int_equal(whole, 0);
	for (size_t room = 0; room < 400; room++) {
		struct sock_filter *out = calloc(room + 1, sizeof(*out));

		got = watch_program(out, room, ids, n, KEEP);
		assert_true(got <= room && (whole == 0 || got == whole));
		whole = got;
		assert_int_equal(out[room].code, 0);
		free(out);
	}
	assert_true(whole > 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(keeps_what_it_was_given),
	    cmocka_unit_test(any_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
