/* The system calls a guest's kernel may not make; see filter.h. */
#include "launch/filter.h"

#if defined(__x86_64__)

#include <errno.h>
#include <linux/audit.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <sys/socket.h>
#include <sys/syscall.h>

enum {
	NAMESPACES = CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER |
		     CLONE_NEWPID | CLONE_NEWNET,
	X32_BIT = 0x40000000,
};

/* Newer than some headers. */
enum {
	NR_MOUNT_SETATTR = 442,
	NR_MEMFD_SECRET = 447,
};

static const unsigned denied[] = {
    /* namespaces and mounts */
    SYS_unshare,
    SYS_setns,
    SYS_mount,
    SYS_umount2,
    SYS_pivot_root,
    SYS_chroot,
    SYS_open_tree,
    SYS_move_mount,
    SYS_fsopen,
    SYS_fsconfig,
    SYS_fsmount,
    SYS_fspick,
    NR_MOUNT_SETATTR,
    /* parts of the host's kernel that no guest needs */
    SYS_bpf,
    SYS_perf_event_open,
    SYS_userfaultfd,
    SYS_io_uring_setup,
    SYS_io_uring_enter,
    SYS_io_uring_register,
    SYS_add_key,
    SYS_request_key,
    SYS_keyctl,
    SYS_open_by_handle_at,
    SYS_name_to_handle_at,
    SYS_fanotify_init,
    NR_MEMFD_SECRET,
    SYS_init_module,
    SYS_finit_module,
    SYS_delete_module,
    SYS_kexec_load,
    SYS_kexec_file_load,
    SYS_swapon,
    SYS_swapoff,
    SYS_acct,
    SYS_quotactl,
    SYS_syslog,
};

struct program {
	struct sock_filter *out;
	size_t n;
};

static void
add(struct program *p, unsigned code, unsigned k, unsigned yes, unsigned no)
{
	if (p->n < FILTER_MAX)
		p->out[p->n++] =
		    (struct sock_filter){.code = (__u16)code, .k = k, .jt = (__u8)yes, .jf = (__u8)no};
}

static void
load(struct program *p, size_t offset)
{
	add(p, BPF_LD | BPF_W | BPF_ABS, (unsigned)offset, 0, 0);
}

static void
end(struct program *p, unsigned verdict)
{
	add(p, BPF_RET | BPF_K, verdict, 0, 0);
}

static void
refuse(struct program *p, int error)
{
	end(p, SECCOMP_RET_ERRNO | (unsigned)error);
}

size_t
filter_build(struct sock_filter *out)
{
	struct program p = {out, 0};

	load(&p, offsetof(struct seccomp_data, arch));
	add(&p, BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_X86_64, 1, 0);
	refuse(&p, EPERM);
	load(&p, offsetof(struct seccomp_data, nr));
	add(&p, BPF_JMP | BPF_JGE | BPF_K, X32_BIT, 0, 1);
	refuse(&p, EPERM);
	for (size_t i = 0; i < sizeof(denied) / sizeof(denied[0]); i++) {
		add(&p, BPF_JMP | BPF_JEQ | BPF_K, denied[i], 0, 1);
		refuse(&p, EPERM);
	}
	/* Its flags lie in memory, where they could change after a look: clone does the same. */
	add(&p, BPF_JMP | BPF_JEQ | BPF_K, SYS_clone3, 0, 1);
	refuse(&p, ENOSYS);
	add(&p, BPF_JMP | BPF_JEQ | BPF_K, SYS_clone, 0, 3);
	load(&p, offsetof(struct seccomp_data, args[0]));
	add(&p, BPF_JMP | BPF_JSET | BPF_K, NAMESPACES, 0, 4);
	refuse(&p, EPERM);
	add(&p, BPF_JMP | BPF_JEQ | BPF_K, SYS_socket, 0, 2);
	load(&p, offsetof(struct seccomp_data, args[0]));
	add(&p, BPF_JMP | BPF_JEQ | BPF_K, AF_UNIX, 0, 1);
	end(&p, SECCOMP_RET_ALLOW);
	refuse(&p, EAFNOSUPPORT);
	return p.n;
}

#else

size_t
filter_build(struct sock_filter *out)
{
	(void)out;
	return 0;
}

#endif
