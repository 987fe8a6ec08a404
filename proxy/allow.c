/* The system calls a worker may make; see allow.h. */
#include "proxy/allow.h"
#include "base/bpf.h"

#include <asm/ioctls.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/in6.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#define SIZE(table) (sizeof(table) / sizeof((table)[0]))

static const unsigned allowed[] = {
    /* sockets that are there, those used most first: a kernel before 5.11 walks the list */
    SYS_recvfrom,
    SYS_sendto,
    SYS_accept4,
    SYS_connect,
    SYS_shutdown,
    SYS_close,
    SYS_epoll_ctl,
#ifdef SYS_epoll_wait
    SYS_epoll_wait,
#endif
    SYS_epoll_pwait,
    SYS_splice,
    SYS_recvmsg,
    SYS_sendmsg,
    SYS_recvmmsg,
    SYS_sendmmsg,
    SYS_bind,
    SYS_getsockname,
    SYS_getpeername,
    SYS_getsockopt,
    /* the log, the loop, pipes, the rules' text */
    SYS_write,
    SYS_writev,
    SYS_read,
    SYS_readv,
    SYS_pread64,
    SYS_lseek,
    SYS_fstat,
    SYS_pipe2,
    SYS_dup,
    SYS_epoll_create1,
    SYS_eventfd2,
    SYS_timerfd_create,
    SYS_timerfd_settime,
    SYS_timerfd_gettime,
    SYS_memfd_create,
#ifdef SYS_poll
    SYS_poll,
#endif
    SYS_ppoll,
    /* time, chance */
    SYS_clock_gettime,
    SYS_clock_nanosleep,
    SYS_nanosleep,
    SYS_gettimeofday,
#ifdef SYS_time
    SYS_time,
#endif
    SYS_getrandom,
    /* memory */
    SYS_brk,
    SYS_munmap,
    SYS_mremap,
    SYS_madvise,
    SYS_sysinfo,
    /* itself, and its end */
    SYS_futex,
    SYS_sched_yield,
    SYS_getpid,
    SYS_gettid,
    SYS_getuid,
    SYS_geteuid,
    SYS_rt_sigaction,
    SYS_rt_sigprocmask,
    SYS_rt_sigreturn,
    SYS_restart_syscall,
    SYS_exit,
    SYS_exit_group,
};

/* A library may look for a file, and finds that it may not. */
static const unsigned files[] = {
#ifdef SYS_open
    SYS_open,
    SYS_access,
    SYS_stat,
    SYS_readlink,
#endif
    SYS_openat,
#ifdef SYS_openat2
    SYS_openat2,
#endif
    SYS_faccessat,
    SYS_readlinkat,
};

struct option {
	unsigned level, name;
};

/* Sorted by level, those that every connection sets first. */
static const struct option options[] = {
    {IPPROTO_TCP, TCP_QUICKACK},
    {IPPROTO_TCP, TCP_NODELAY},
    {IPPROTO_TCP, TCP_CORK},
    {IPPROTO_TCP, TCP_DEFER_ACCEPT},
    {IPPROTO_TCP, TCP_KEEPIDLE},
    {IPPROTO_TCP, TCP_KEEPINTVL},
    {IPPROTO_TCP, TCP_KEEPCNT},
    {IPPROTO_TCP, TCP_USER_TIMEOUT},
    {IPPROTO_TCP, TCP_NOTSENT_LOWAT},
    {IPPROTO_TCP, TCP_LINGER2},
    {IPPROTO_IP, IP_TRANSPARENT},
    {IPPROTO_IP, IP_FREEBIND},
    {IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT},
    {IPPROTO_IP, IP_PKTINFO},
    {IPPROTO_IP, IP_RECVORIGDSTADDR},
    {IPPROTO_IP, IP_RECVERR},
    {IPPROTO_IP, IP_MTU_DISCOVER},
    {IPPROTO_IP, IP_TOS},
    {IPPROTO_IP, IP_RECVTOS},
    {SOL_SOCKET, SO_LINGER},
    {SOL_SOCKET, SO_REUSEADDR},
    {SOL_SOCKET, SO_REUSEPORT},
    {SOL_SOCKET, SO_KEEPALIVE},
    {SOL_SOCKET, SO_RCVBUF},
    {SOL_SOCKET, SO_SNDBUF},
    {SOL_SOCKET, SO_RCVLOWAT},
    {SOL_SOCKET, SO_ZEROCOPY},
    {SOL_SOCKET, SO_RXQ_OVFL},
    {IPPROTO_UDP, UDP_SEGMENT},
    {IPPROTO_UDP, UDP_GRO},
    {IPPROTO_IPV6, IPV6_TRANSPARENT},
    {IPPROTO_IPV6, IPV6_FREEBIND},
    {IPPROTO_IPV6, IPV6_V6ONLY},
    {IPPROTO_IPV6, IPV6_RECVPKTINFO},
    {IPPROTO_IPV6, IPV6_RECVORIGDSTADDR},
    {IPPROTO_IPV6, IPV6_RECVERR},
    {IPPROTO_IPV6, IPV6_MTU_DISCOVER},
    {IPPROTO_IPV6, IPV6_TCLASS},
    {IPPROTO_IPV6, IPV6_RECVTCLASS},
};

static void
allow(struct bpf *p, unsigned value)
{
	bpf_on(p, value, SECCOMP_RET_ALLOW);
}

/* Stream or datagram of the two families, of no protocol that the table of protocols would not choose. */
static void
look_at_socket(struct bpf *p)
{
	size_t b;

	bpf_load_arg(p, 0);
	bpf_add(p, BPF_JMP | BPF_JEQ | BPF_K, AF_INET, 2, 0);
	bpf_add(p, BPF_JMP | BPF_JEQ | BPF_K, AF_INET6, 1, 0);
	bpf_refuse(p, EAFNOSUPPORT);
	bpf_load_arg(p, 1);
	bpf_add(p, BPF_ALU | BPF_AND | BPF_K, ~(unsigned)(SOCK_NONBLOCK | SOCK_CLOEXEC), 0, 0);
	b = bpf_block(p, SOCK_STREAM);
	bpf_load_arg(p, 2);
	allow(p, 0);
	allow(p, IPPROTO_TCP);
	bpf_refuse(p, EPERM);
	bpf_block_end(p, b);
	b = bpf_block(p, SOCK_DGRAM);
	bpf_load_arg(p, 2);
	allow(p, 0);
	allow(p, IPPROTO_UDP);
	bpf_refuse(p, EPERM);
	bpf_block_end(p, b);
	bpf_refuse(p, EPERM);
}

static void
look_at_option(struct bpf *p)
{
	for (size_t i = 0; i < SIZE(options);) {
		unsigned level = options[i].level;
		size_t b;

		bpf_load_arg(p, 1);
		b = bpf_block(p, level);
		bpf_load_arg(p, 2);
		for (; i < SIZE(options) && options[i].level == level; i++)
			allow(p, options[i].name);
		bpf_refuse(p, EPERM);
		bpf_block_end(p, b);
	}
	bpf_refuse(p, EPERM);
}

/* The two that every connection makes. */
static void
look_at_often(struct bpf *p)
{
	size_t b = bpf_block(p, SYS_socket);

	look_at_socket(p);
	bpf_block_end(p, b);
	b = bpf_block(p, SYS_setsockopt);
	look_at_option(p);
	bpf_block_end(p, b);
}

static void
look_at_arguments(struct bpf *p, unsigned pid)
{
	static const unsigned commands[] = {
	    F_GETFD, F_SETFD, F_GETFL, F_SETFL, F_DUPFD, F_DUPFD_CLOEXEC, F_SETPIPE_SZ, F_GETPIPE_SZ};
	static const unsigned requests[] = {FIONREAD, FIONBIO, TIOCOUTQ};
	static const unsigned of_descriptor[] = {AT_EMPTY_PATH};

	/* Code comes from nowhere any more. */
	bpf_without(p, SYS_mmap, 2, PROT_EXEC, EPERM);
	bpf_without(p, SYS_mprotect, 2, PROT_EXEC, EPERM);
	bpf_only(p, SYS_fcntl, 1, commands, SIZE(commands), EPERM);
	bpf_only(p, SYS_ioctl, 1, requests, SIZE(requests), ENOTTY);
	bpf_only(p, SYS_newfstatat, 3, of_descriptor, 1, EACCES); /* how libc spells fstat */
	bpf_only(p, SYS_tgkill, 0, &pid, 1, EPERM); /* abort(3) */
}

size_t
allow_build(struct sock_filter *out, unsigned pid)
{
	struct bpf p = {out, 0, ALLOW_MAX};

	if (bpf_machine() == 0)
		return 0;
	bpf_begin(&p, SECCOMP_RET_KILL_PROCESS);
	/* What needs no arguments a kernel from 5.11 on knows by heart; for the rest it walks this from the top. */
	look_at_often(&p);
	bpf_allow(&p, allowed, SIZE(allowed));
	look_at_arguments(&p, pid);
	bpf_kill_intruder(&p);
	for (size_t i = 0; i < SIZE(files); i++)
		bpf_on(&p, files[i], SECCOMP_RET_ERRNO | EACCES);
	bpf_refuse(&p, ENOSYS);
	return bpf_length(&p);
}
