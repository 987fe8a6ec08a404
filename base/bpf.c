/* Words for writing a seccomp program; see bpf.h. */
#include "base/bpf.h"

#include <linux/audit.h>
#include <linux/seccomp.h>
#include <sys/syscall.h>

enum { X32_BIT = 0x40000000 }; /* a second set of numbers on x86-64 */

static const unsigned of_intruders[] = {
    SYS_execve,
    SYS_execveat,
    SYS_clone,
    SYS_clone3,
#ifdef SYS_fork
    SYS_fork,
    SYS_vfork,
#endif
    SYS_ptrace,
    SYS_process_vm_readv,
    SYS_process_vm_writev,
    SYS_pidfd_getfd,
    SYS_kcmp,
    SYS_unshare,
    SYS_setns,
    SYS_mount,
    SYS_umount2,
    SYS_pivot_root,
    SYS_chroot,
    SYS_open_tree,
    SYS_move_mount,
    SYS_fsopen,
    SYS_open_by_handle_at,
    SYS_bpf,
    SYS_perf_event_open,
    SYS_userfaultfd,
    SYS_io_uring_setup,
    SYS_add_key,
    SYS_request_key,
    SYS_keyctl,
    SYS_init_module,
    SYS_finit_module,
    SYS_delete_module,
    SYS_kexec_load,
    SYS_reboot,
    SYS_swapon,
    SYS_setuid,
    SYS_setresuid,
    SYS_setgid,
    SYS_setresgid,
    SYS_capset,
    SYS_personality,
};

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
bpf_allow(struct bpf *p, const unsigned *values, size_t n)
{
	for (size_t i = 0; i < n; i++)
		bpf_on(p, values[i], SECCOMP_RET_ALLOW);
}

void
bpf_only(struct bpf *p, unsigned number, int arg, const unsigned *values, size_t n, int error)
{
	size_t b = bpf_block(p, number);

	bpf_load_arg(p, arg);
	bpf_allow(p, values, n);
	bpf_refuse(p, error);
	bpf_block_end(p, b);
}

void
bpf_without(struct bpf *p, unsigned number, int arg, unsigned bits, int error)
{
	size_t b = bpf_block(p, number);

	bpf_load_arg(p, arg);
	bpf_add(p, BPF_JMP | BPF_JSET | BPF_K, bits, 0, 1);
	bpf_refuse(p, error);
	bpf_end(p, SECCOMP_RET_ALLOW);
	bpf_block_end(p, b);
}

void
bpf_kill_intruder(struct bpf *p)
{
	for (size_t i = 0; i < sizeof(of_intruders) / sizeof(of_intruders[0]); i++)
		bpf_on(p, of_intruders[i], SECCOMP_RET_KILL_PROCESS);
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
