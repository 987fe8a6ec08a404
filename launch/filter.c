/* The system calls a guest's kernel may make; see filter.h. */
#include "launch/filter.h"
#include "base/bpf.h"

#if defined(__x86_64__)

#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <linux/if_tun.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

enum {
	NAMESPACES = CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER |
		     CLONE_NEWPID | CLONE_NEWNET,
	PUNCH_HOLE = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
};

/* Newer than some headers. */
enum {
	NR_CLOSE_RANGE = 436,
	NR_FACCESSAT2 = 439,
};

/* <asm/termbits.h> has them and cannot be had beside <sys/ioctl.h>. */
enum {
	IOCTL_TCGETS2 = 0x802c542a,
	IOCTL_TCSETS2 = 0x402c542b,
	IOCTL_TCSETSW2 = 0x402c542c,
	IOCTL_TCSETSF2 = 0x402c542d,
};

/* Whatever their arguments; the most frequent first. */
static const unsigned allowed[] = {
    /* the guest's processes: made, traced, given memory */
    SYS_ptrace, SYS_wait4, SYS_waitid, SYS_munmap, SYS_mprotect, SYS_mremap, SYS_brk, SYS_madvise,
    SYS_mincore, SYS_fork, SYS_vfork, SYS_execve, SYS_execveat, SYS_exit, SYS_exit_group, SYS_seccomp,
    SYS_arch_prctl, SYS_modify_ldt, SYS_prlimit64, SYS_set_tid_address, SYS_set_robust_list, SYS_rseq,
    SYS_getpid, SYS_getppid, SYS_gettid, SYS_setsid, SYS_sched_getaffinity, SYS_getcpu,
    /* signals, time, waiting */
    SYS_rt_sigaction, SYS_rt_sigprocmask, SYS_rt_sigreturn, SYS_rt_sigpending, SYS_rt_sigtimedwait,
    SYS_rt_sigsuspend, SYS_rt_tgsigqueueinfo, SYS_signalfd4, SYS_sigaltstack, SYS_kill, SYS_tkill, SYS_tgkill,
    SYS_pause, SYS_futex, SYS_sched_yield, SYS_nanosleep, SYS_clock_nanosleep, SYS_clock_gettime,
    SYS_clock_getres, SYS_gettimeofday, SYS_time, SYS_getitimer, SYS_setitimer, SYS_timer_create,
    SYS_timer_settime, SYS_timer_gettime, SYS_timer_getoverrun, SYS_timer_delete, SYS_timerfd_create,
    SYS_timerfd_settime, SYS_poll, SYS_ppoll, SYS_select, SYS_pselect6, SYS_epoll_create, SYS_epoll_create1,
    SYS_epoll_ctl, SYS_epoll_wait, SYS_epoll_pwait, SYS_eventfd2, SYS_restart_syscall,
    /* descriptors and files: the jail's mounts say which, and RLIMIT_FSIZE how large */
    SYS_read, SYS_write, SYS_readv, SYS_writev, SYS_pread64, SYS_pwrite64, SYS_preadv, SYS_pwritev, SYS_lseek,
    SYS_open, SYS_openat, SYS_close, NR_CLOSE_RANGE, SYS_dup, SYS_dup2, SYS_dup3, SYS_pipe, SYS_pipe2,
    SYS_stat, SYS_fstat, SYS_lstat, SYS_newfstatat, SYS_statx, SYS_statfs, SYS_fstatfs, SYS_access,
    SYS_faccessat, NR_FACCESSAT2, SYS_readlink, SYS_readlinkat, SYS_getdents, SYS_getdents64, SYS_ftruncate,
    SYS_fsync, SYS_fdatasync, SYS_mkdir, SYS_rmdir, SYS_unlink, SYS_umask, SYS_getcwd, SYS_chdir,
    /* frames, and the management console's datagrams */
    SYS_bind, SYS_shutdown, SYS_getsockname, SYS_sendto, SYS_sendmsg, SYS_sendmmsg, SYS_recvfrom, SYS_recvmsg,
    SYS_recvmmsg,
    /* who it is */
    SYS_uname, SYS_getpgrp, SYS_getpgid, SYS_getuid, SYS_geteuid, SYS_getgid, SYS_getegid, SYS_getrlimit,
    SYS_getrandom};

/* Of these only with the values that follow, up to a zero, in the argument of that number. */
static const struct {
	unsigned number;
	int arg, error;
	unsigned values[20];
} judged[] = {
    {SYS_ioctl, 1, EPERM,
	{TCGETS, TCSETS, TCSETSW, TCSETSF, IOCTL_TCGETS2, IOCTL_TCSETS2, IOCTL_TCSETSW2, IOCTL_TCSETSF2,
	    TIOCGWINSZ, TIOCSCTTY, TIOCGPGRP, TIOCSPGRP, FIONBIO, FIONREAD, TUNGETFEATURES, TUNGETIFF,
	    TUNSETOFFLOAD, TUNGETVNETHDRSZ, TUNSETVNETHDRSZ}},
    {SYS_fcntl, 1, EPERM,
	{F_GETFD, F_SETFD, F_GETFL, F_SETFL, F_GETLK, F_SETLK, F_SETOWN, F_SETSIG, F_DUPFD_CLOEXEC,
	    F_ADD_SEALS, F_GET_SEALS}},
    {SYS_socket, 0, EAFNOSUPPORT, {AF_UNIX}},
    /* The kernel makes both sockets before it finds that a family knows no pairs. */
    {SYS_socketpair, 0, EAFNOSUPPORT, {AF_UNIX}},
    /* Anything else would take blocks of the host beyond the image's end, where RLIMIT_FSIZE does not look. */
    {SYS_fallocate, 1, EOPNOTSUPP, {PUNCH_HOLE}},
    {SYS_prctl, 0, EPERM, {PR_SET_PDEATHSIG, PR_SET_NAME, PR_SET_NO_NEW_PRIVS}},
    {SYS_personality, 0, EPERM, {ADDR_NO_RANDOMIZE, 0xffffffff}},
};

static void
judge(struct bpf *p, size_t i)
{
	size_t n = judged[i].number == SYS_fcntl; /* whose F_DUPFD is the zero behind them */

	for (const unsigned *value = judged[i].values; *value; value++)
		n++;
	bpf_only(p, judged[i].number, judged[i].arg, judged[i].values, n, judged[i].error);
}

/* Of these without the flags: new namespaces, and the pages that the host keeps for somebody. */
static const struct {
	unsigned number;
	int arg;
	unsigned flags;
} without[] = {
    {SYS_mmap, 3, MAP_HUGETLB},
    {SYS_memfd_create, 1, MFD_HUGETLB},
    {SYS_clone, 0, NAMESPACES},
};

size_t
filter_build(struct sock_filter *out)
{
	struct bpf p = {out, 0, FILTER_MAX};

	bpf_begin(&p, SECCOMP_RET_ERRNO | EPERM);
	for (size_t i = 0; i < sizeof(without) / sizeof(without[0]); i++) /* first: a page fault is one */
		bpf_without(&p, without[i].number, without[i].arg, without[i].flags, EPERM);
	bpf_allow(&p, allowed, sizeof(allowed) / sizeof(allowed[0]));
	for (size_t i = 0; i < sizeof(judged) / sizeof(judged[0]); i++)
		judge(&p, i);
	/* Its flags lie in memory, where they could change after a look: clone does the same. */
	bpf_on(&p, SYS_clone3, SECCOMP_RET_ERRNO | ENOSYS);
	/* Newer kernels ask for it and would give up; the mode of what they ask it for does not matter in the jail. */
	bpf_on(&p, SYS_fchmod, SECCOMP_RET_ERRNO | 0);
	bpf_refuse(&p, EPERM);
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
