/* Words for writing a seccomp program; see bpf.h. */
#include "base/bpf.h"

#include <linux/audit.h>
#include <linux/seccomp.h>

enum { X32_BIT = 0x40000000 }; /* a second set of numbers on x86-64 */

unsigned
bpf_machine(void)
{
#if defined(__x86_64__)
	return AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
	return AUDIT_ARCH_AARCH64;
#else
	return 0;
#endif
}

void
bpf_add(struct bpf *p, unsigned code, unsigned k, unsigned yes, unsigned no)
{
	if (p->n < p->max)
		p->out[p->n] =
		    (struct sock_filter){.code = (__u16)code, .k = k, .jt = (__u8)yes, .jf = (__u8)no};
	p->n++;
}

void
bpf_load(struct bpf *p, size_t offset)
{
	bpf_add(p, BPF_LD | BPF_W | BPF_ABS, (unsigned)offset, 0, 0);
}

void
bpf_load_arg(struct bpf *p, int arg)
{
	bpf_load(p, offsetof(struct seccomp_data, args) + (size_t)arg * sizeof(__u64)); /* little endian */
}

void
bpf_end(struct bpf *p, unsigned verdict)
{
	bpf_add(p, BPF_RET | BPF_K, verdict, 0, 0);
}

void
bpf_refuse(struct bpf *p, int error)
{
	bpf_end(p, SECCOMP_RET_ERRNO | (unsigned)error);
}

size_t
bpf_block(struct bpf *p, unsigned value)
{
	bpf_add(p, BPF_JMP | BPF_JEQ | BPF_K, value, 0, 0);
	return p->n - 1;
}

void
bpf_block_end(struct bpf *p, size_t block)
{
	size_t over = p->n - block - 1;

	if (over > 255)
		p->n = p->max + 1; /* a jump reaches no further */
	else if (block < p->max)
		p->out[block].jf = (__u8)over;
}

void
bpf_on(struct bpf *p, unsigned value, unsigned verdict)
{
	size_t b = bpf_block(p, value);

	bpf_end(p, verdict);
	bpf_block_end(p, b);
}

void
bpf_begin(struct bpf *p, unsigned foreign)
{
	bpf_load(p, offsetof(struct seccomp_data, arch));
	bpf_add(p, BPF_JMP | BPF_JEQ | BPF_K, bpf_machine(), 1, 0);
	bpf_end(p, foreign);
	bpf_load(p, offsetof(struct seccomp_data, nr));
	if (bpf_machine() != AUDIT_ARCH_X86_64)
		return;
	bpf_add(p, BPF_JMP | BPF_JGE | BPF_K, X32_BIT, 0, 1);
	bpf_end(p, foreign);
}

size_t
bpf_length(const struct bpf *p)
{
	return p->n <= p->max ? p->n : 0;
}
