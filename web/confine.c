/* The system calls lodge-web may make; see confine.h. */
#include "web/confine.h"
#include "base/bpf.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#define SIZE(table) (sizeof(table) / sizeof((table)[0]))

/* What of open's flags writes or makes anything. */
enum { WRITES = O_ACCMODE | O_CREAT | O_TRUNC | (O_TMPFILE & ~O_DIRECTORY) };

static const unsigned allowed[] = {
    /* sockets, the loop, the log */
    SYS_recvfrom,
    SYS_sendto,
    SYS_recvmsg,
    SYS_sendmsg,
    SYS_read,
    SYS_readv,
    SYS_write,
    SYS_writev,
    SYS_accept4,
    SYS_connect,
    SYS_shutdown,
    SYS_close,
    SYS_getsockname,
    SYS_getpeername,
    SYS_getsockopt,
    SYS_setsockopt,
    SYS_sendfile,
    SYS_epoll_ctl,
    SYS_epoll_pwait,
    SYS_epoll_create1,
#ifdef SYS_epoll_wait
    SYS_epoll_wait,
    SYS_poll,
#endif
    SYS_ppoll,
    SYS_eventfd2,
    SYS_timerfd_create,
    SYS_timerfd_settime,
    SYS_fcntl,
    SYS_ioctl,
    SYS_dup,
    /* its own files: the configuration, the links, the certificate */
    SYS_fstat,
    SYS_statfs,
    SYS_fstatfs,
    SYS_lseek,
    SYS_pread64,
    SYS_getdents64,
    SYS_newfstatat,
#ifdef SYS_statx
    SYS_statx,
#endif
#ifdef SYS_stat
    SYS_stat,
    SYS_lstat,
    SYS_access,
    SYS_readlink,
    SYS_unlink, /* its control socket, at the end */
#endif
    SYS_faccessat,
#ifdef SYS_faccessat2
    SYS_faccessat2,
#endif
    SYS_readlinkat,
    SYS_unlinkat,
    SYS_getcwd,
    /* time, chance, the host */
    SYS_clock_gettime,
    SYS_clock_nanosleep,
    SYS_nanosleep,
    SYS_gettimeofday,
#ifdef SYS_time
    SYS_time,
#endif
    SYS_getrandom,
    SYS_uname,
    SYS_sysinfo,
    SYS_getrusage,
    SYS_prlimit64,
    /* memory */
    SYS_brk,
    SYS_munmap,
    SYS_mremap,
    SYS_madvise,
    /* itself, and its end */
    SYS_futex,
    SYS_sched_yield,
    SYS_sched_getaffinity,
    SYS_getpid,
    SYS_gettid,
    SYS_getuid,
    SYS_geteuid,
    SYS_getgid,
    SYS_getegid,
    SYS_rt_sigaction,
    SYS_rt_sigprocmask,
    SYS_rt_sigreturn,
    SYS_restart_syscall,
    SYS_tgkill,
    SYS_exit,
    SYS_exit_group,
};

/* To Redis, by its path or its address, and to whom knows the address of its name. */
static void
look_at_socket(struct bpf *p)
{
	static const unsigned types[] = {SOCK_STREAM, SOCK_DGRAM};
	size_t b = bpf_block(p, SYS_socket);

	bpf_load_arg(p, 0);
	bpf_add(p, BPF_JMP | BPF_JEQ | BPF_K, AF_INET, 3, 0);
	bpf_add(p, BPF_JMP | BPF_JEQ | BPF_K, AF_INET6, 2, 0);
	bpf_add(p, BPF_JMP | BPF_JEQ | BPF_K, AF_UNIX, 1, 0);
	bpf_refuse(p, EAFNOSUPPORT);
	bpf_load_arg(p, 1);
	bpf_add(p, BPF_ALU | BPF_AND | BPF_K, ~(unsigned)(SOCK_NONBLOCK | SOCK_CLOEXEC), 0, 0);
	bpf_allow(p, types, SIZE(types));
	bpf_refuse(p, EPERM);
	bpf_block_end(p, b);
}

size_t
confine_build(struct sock_filter *out)
{
	struct bpf p = {out, 0, CONFINE_MAX};

	if (bpf_machine() == 0)
		return 0;
	bpf_begin(&p, SECCOMP_RET_KILL_PROCESS);
	bpf_allow(&p, allowed, SIZE(allowed));
	look_at_socket(&p);
	bpf_without(&p, SYS_openat, 2, WRITES, EACCES);
#ifdef SYS_open
	bpf_without(&p, SYS_open, 1, WRITES, EACCES);
#endif
	/* Code comes from nowhere any more. */
	bpf_without(&p, SYS_mmap, 2, PROT_EXEC, EPERM);
	bpf_without(&p, SYS_mprotect, 2, PROT_EXEC, EPERM);
	bpf_kill_intruder(&p);
	bpf_refuse(&p, ENOSYS);
	return bpf_length(&p);
}
