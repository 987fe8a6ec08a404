/* The system calls a guest's kernel may not make; see filter.h. */
#include "launch/filter.h"
#include "base/bpf.h"

#if defined(__x86_64__)

#include <errno.h>
#include <linux/if_tun.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

enum {
	NAMESPACES = CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER |
		     CLONE_NEWPID | CLONE_NEWNET,
};

/* Newer than some headers. */
enum {
	NR_MOUNT_SETATTR = 442,
	NR_MEMFD_SECRET = 447,
};

/* Letters of ioctl requests. */
enum {
	IOCTL_TUN = 'T',
	TUN_FIRST = 200,
	IOCTL_DEVICE = 0x89,
};

static const unsigned tap_requests[] = {
    TUNGETFEATURES,
    TUNGETIFF,
    TUNSETOFFLOAD,
    TUNGETVNETHDRSZ,
    TUNSETVNETHDRSZ,
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

/* Its flags may name no new namespace. */
static void
look_at_clone(struct bpf *p)
{
	bpf_load_arg(p, 0);
	bpf_add(p, BPF_JMP | BPF_JSET | BPF_K, NAMESPACES, 0, 1);
	bpf_refuse(p, EPERM);
	bpf_end(p, SECCOMP_RET_ALLOW);
}

static void
look_at_socket(struct bpf *p)
{
	bpf_load_arg(p, 0);
	bpf_add(p, BPF_JMP | BPF_JEQ | BPF_K, AF_UNIX, 1, 0);
	bpf_refuse(p, EAFNOSUPPORT);
	bpf_end(p, SECCOMP_RET_ALLOW);
}

/* Of a tap only what shapes the frames; of a network device nothing. Terminals share the tap's letter, below 200. */
static void
look_at_ioctl(struct bpf *p)
{
	size_t tun;

	bpf_load_arg(p, 1);
	for (size_t i = 0; i < sizeof(tap_requests) / sizeof(tap_requests[0]); i++) {
		size_t b = bpf_block(p, tap_requests[i]);

		bpf_end(p, SECCOMP_RET_ALLOW);
		bpf_block_end(p, b);
	}
	bpf_add(p, BPF_ALU | BPF_AND | BPF_K, 0xff00, 0, 0);
	bpf_on(p, IOCTL_DEVICE << 8, SECCOMP_RET_ERRNO | EPERM);
	tun = bpf_block(p, IOCTL_TUN << 8);
	bpf_load_arg(p, 1);
	bpf_add(p, BPF_ALU | BPF_AND | BPF_K, 0xff, 0, 0);
	bpf_add(p, BPF_JMP | BPF_JGE | BPF_K, TUN_FIRST, 0, 1);
	bpf_refuse(p, EPERM);
	bpf_block_end(p, tun);
	bpf_end(p, SECCOMP_RET_ALLOW);
}

size_t
filter_build(struct sock_filter *out)
{
	struct bpf p = {out, 0, FILTER_MAX};
	size_t b;

	bpf_begin(&p, SECCOMP_RET_ERRNO | EPERM);
	for (size_t i = 0; i < sizeof(denied) / sizeof(denied[0]); i++)
		bpf_on(&p, denied[i], SECCOMP_RET_ERRNO | EPERM);
	/* Its flags lie in memory, where they could change after a look: clone does the same. */
	bpf_on(&p, SYS_clone3, SECCOMP_RET_ERRNO | ENOSYS);
	b = bpf_block(&p, SYS_clone);
	look_at_clone(&p);
	bpf_block_end(&p, b);
	b = bpf_block(&p, SYS_socket);
	look_at_socket(&p);
	bpf_block_end(&p, b);
	b = bpf_block(
	    &p, SYS_socketpair); /* makes both sockets before it finds that the family knows no pairs */
	look_at_socket(&p);
	bpf_block_end(&p, b);
	b = bpf_block(&p, SYS_ioctl);
	look_at_ioctl(&p);
	bpf_block_end(&p, b);
	bpf_end(&p, SECCOMP_RET_ALLOW);
	return bpf_length(&p);
}

#else

size_t
filter_build(struct sock_filter *out)
{
	(void)out;
	return 0;
}

#endif
