/* The system calls a guest's kernel may not make; see filter.h. */
#include "launch/filter.h"

#if defined(__x86_64__)

#include <errno.h>
#include <linux/audit.h>
#include <linux/if_tun.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <sys/ioctl.h>
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

/* A block for one value of what is loaded: returned is the place of the jump over it, which block_end fills in. */
static size_t
block(struct program *p, unsigned value)
{
	add(p, BPF_JMP | BPF_JEQ | BPF_K, value, 0, 0);
	return p->n - 1;
}

static void
block_end(struct program *p, size_t begin)
{
	p->out[begin].jf = (__u8)(p->n - begin - 1);
}

static void
refuse_value(struct program *p, unsigned value, int error)
{
	size_t b = block(p, value);

	refuse(p, error);
	block_end(p, b);
}

/* Its flags may name no new namespace. */
static void
look_at_clone(struct program *p)
{
	load(p, offsetof(struct seccomp_data, args[0]));
	add(p, BPF_JMP | BPF_JSET | BPF_K, NAMESPACES, 0, 1);
	refuse(p, EPERM);
	end(p, SECCOMP_RET_ALLOW);
}

static void
look_at_socket(struct program *p)
{
	load(p, offsetof(struct seccomp_data, args[0]));
	add(p, BPF_JMP | BPF_JEQ | BPF_K, AF_UNIX, 1, 0);
	refuse(p, EAFNOSUPPORT);
	end(p, SECCOMP_RET_ALLOW);
}

/* Of a tap only what shapes the frames; of a network device nothing. Terminals share the tap's letter, below 200. */
static void
look_at_ioctl(struct program *p)
{
	size_t tun;

	load(p, offsetof(struct seccomp_data, args[1]));
	for (size_t i = 0; i < sizeof(tap_requests) / sizeof(tap_requests[0]); i++) {
		size_t b = block(p, tap_requests[i]);

		end(p, SECCOMP_RET_ALLOW);
		block_end(p, b);
	}
	add(p, BPF_ALU | BPF_AND | BPF_K, 0xff00, 0, 0);
	refuse_value(p, IOCTL_DEVICE << 8, EPERM);
	tun = block(p, IOCTL_TUN << 8);
	load(p, offsetof(struct seccomp_data, args[1]));
	add(p, BPF_ALU | BPF_AND | BPF_K, 0xff, 0, 0);
	add(p, BPF_JMP | BPF_JGE | BPF_K, TUN_FIRST, 0, 1);
	refuse(p, EPERM);
	block_end(p, tun);
	end(p, SECCOMP_RET_ALLOW);
}

size_t
filter_build(struct sock_filter *out)
{
	struct program p = {out, 0};
	size_t b;

	load(&p, offsetof(struct seccomp_data, arch));
	add(&p, BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_X86_64, 1, 0);
	refuse(&p, EPERM);
	load(&p, offsetof(struct seccomp_data, nr));
	add(&p, BPF_JMP | BPF_JGE | BPF_K, X32_BIT, 0, 1);
	refuse(&p, EPERM);
	for (size_t i = 0; i < sizeof(denied) / sizeof(denied[0]); i++)
		refuse_value(&p, denied[i], EPERM);
	/* Its flags lie in memory, where they could change after a look: clone does the same. */
	refuse_value(&p, SYS_clone3, ENOSYS);
	b = block(&p, SYS_clone);
	look_at_clone(&p);
	block_end(&p, b);
	b = block(&p, SYS_socket);
	look_at_socket(&p);
	block_end(&p, b);
	b = block(&p, SYS_socketpair); /* makes both sockets before it finds that the family knows no pairs */
	look_at_socket(&p);
	block_end(&p, b);
	b = block(&p, SYS_ioctl);
	look_at_ioctl(&p);
	block_end(&p, b);
	end(&p, SECCOMP_RET_ALLOW);
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
