/* A BPF program run, instruction by instruction. */
#ifndef TESTS_UNIT_BPF_H
#define TESTS_UNIT_BPF_H

#include "base/bpf.h"

#include <linux/seccomp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

/* What a load finds at that offset; one that is nowhere fails the test. */
typedef uint32_t bpf_word(const void *data, uint32_t at);

/* The instructions our filters are made of; any other, or a jump out of it, fails the test. steps: before it ended. */
static inline uint32_t
bpf_steps(const struct sock_filter *program, size_t n, bpf_word *word, const void *data, unsigned *steps)
{
	uint32_t value = 0;

	*steps = 0;
	for (size_t at = 0; at < n; at++, ++*steps) {
		const struct sock_filter *f = &program[at];

		switch (f->code) {
		case BPF_LD | BPF_W | BPF_ABS:
			value = word(data, f->k);
			break;
		case BPF_JMP | BPF_JEQ | BPF_K:
			at += value == f->k ? f->jt : f->jf;
			break;
		case BPF_JMP | BPF_JGE | BPF_K:
			at += value >= f->k ? f->jt : f->jf;
			break;
		case BPF_JMP | BPF_JGT | BPF_K:
			at += value > f->k ? f->jt : f->jf;
			break;
		case BPF_JMP | BPF_JA:
			at += f->k;
			break;
		case BPF_JMP | BPF_JSET | BPF_K:
			at += value & f->k ? f->jt : f->jf;
			break;
		case BPF_ALU | BPF_AND | BPF_K:
			value &= f->k;
			break;
		case BPF_RET | BPF_K:
			return f->k;
		default:
			fail_msg("instruction %zu: code %#x", at, f->code);
		}
	}
	fail_msg("ran out of the program");
	return 0;
}

static inline uint32_t
bpf_seccomp_word(const void *data, uint32_t at)
{
	uint32_t value;

	assert_true(at % 4 == 0 && at + 4 <= sizeof(struct seccomp_data));
	memcpy(&value, (const char *)data + at, 4);
	return value;
}

/* One of a system call. */
static inline uint32_t
bpf_run(const struct sock_filter *program, size_t n, const struct seccomp_data *data)
{
	unsigned steps;

	return bpf_steps(program, n, bpf_seccomp_word, data, &steps);
}

enum { BPF_ALLOW = 0, BPF_KILL = -1 };

/* A call of our machine, and what becomes of it. */
struct bpf_case {
	long number;
	uint64_t args[4];
	int answer; /* BPF_ALLOW, BPF_KILL or an errno */
};

static inline uint32_t
bpf_ask(const struct sock_filter *program, size_t n, long number, const uint64_t args[4])
{
	return bpf_run(program, n,
	    &(struct seccomp_data){
		.nr = (int)number, .arch = bpf_machine(), .args = {args[0], args[1], args[2], args[3]}});
}

static inline void
bpf_cases(const struct sock_filter *program, size_t n, const struct bpf_case *cases, size_t n_cases)
{
	for (size_t i = 0; i < n_cases; i++) {
		uint32_t want = cases[i].answer == BPF_ALLOW  ? SECCOMP_RET_ALLOW
				: cases[i].answer == BPF_KILL ? SECCOMP_RET_KILL_PROCESS
							      : SECCOMP_RET_ERRNO | (uint32_t)cases[i].answer;
		uint32_t got = bpf_ask(program, n, cases[i].number, cases[i].args);

		if (got != want)
			fail_msg("case %zu: %#x", i, got);
	}
}

#endif
