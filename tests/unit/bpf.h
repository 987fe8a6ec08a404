/* A seccomp program run, instruction by instruction. */
#ifndef TESTS_UNIT_BPF_H
#define TESTS_UNIT_BPF_H

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

/* The instructions our filters are made of; any other, or a jump out of it, fails the test. */
static inline uint32_t
bpf_run(const struct sock_filter *program, size_t n, const struct seccomp_data *data)
{
	uint32_t value = 0;

	for (size_t at = 0; at < n; at++) {
		const struct sock_filter *f = &program[at];

		switch (f->code) {
		case BPF_LD | BPF_W | BPF_ABS:
			assert_true(f->k % 4 == 0 && f->k + 4 <= sizeof(*data));
			memcpy(&value, (const char *)data + f->k, 4);
			break;
		case BPF_JMP | BPF_JEQ | BPF_K:
			at += value == f->k ? f->jt : f->jf;
			break;
		case BPF_JMP | BPF_JGE | BPF_K:
			at += value >= f->k ? f->jt : f->jf;
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

#endif
