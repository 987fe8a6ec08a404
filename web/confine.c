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

/* No library makes these on its own. */
static const unsigned fatal[] = {
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
    SYS_kcmp,
    SYS_unshare,
    SYS_setns,
    SYS_mount,
    SYS_umount2,
    SYS_pivot_root,
    SYS_chroot,
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
    SYS_setuid,
    SYS_setresuid,
    SYS_setgid,
    SYS_setresgid,
    SYS_capset,
    SYS_personality,
};

static void
allow(struct bpf *p, unsigned value)
{
	bpf_on(p, value, SECCOMP_RET_ALLOW);
}

/* To Redis, by its path or its address, and to whom knows the address of its name. */
static void
look_at_socket(struct bpf *p)
{
	size_t b = bpf_block(p, SYS_socket);

	bpf_load_arg(p, 0);
	bpf_add(p, BPF_JMP | BPF_JEQ | BPF_K, AF_INET, 3, 0);
	bpf_add(p, BPF_JMP | BPF_JEQ | BPF_K, AF_INET6, 2, 0);
	bpf_add(p, BPF_JMP | BPF_JEQ | BPF_K, AF_UNIX, 1, 0);
	bpf_refuse(p, EAFNOSUPPORT);
	bpf_load_arg(p, 1);
	bpf_add(p, BPF_ALU | BPF_AND | BPF_K, ~(unsigned)(SOCK_NONBLOCK | SOCK_CLOEXEC), 0, 0);
	allow(p, SOCK_STREAM);
	allow(p, SOCK_DGRAM);
	bpf_refuse(p, EPERM);
	bpf_block_end(p, b);
}

/* Flags that write or make anything are refused. */
static void
look_at_open(struct bpf *p, unsigned number, int arg)
{
	size_t b = bpf_block(p, number);

	bpf_load_arg(p, arg);
	bpf_add(
	    p, BPF_JMP | BPF_JSET | BPF_K, O_ACCMODE | O_CREAT | O_TRUNC | (O_TMPFILE & ~O_DIRECTORY), 0, 1);
	bpf_refuse(p, EACCES);
	bpf_end(p, SECCOMP_RET_ALLOW);
	bpf_block_end(p, b);
}

/* Code comes from nowhere any more. */
static void
look_at_protection(struct bpf *p, unsigned number)
{
	size_t b = bpf_block(p, number);

	bpf_load_arg(p, 2);
	bpf_add(p, BPF_JMP | BPF_JSET | BPF_K, PROT_EXEC, 0, 1);
	bpf_refuse(p, EPERM);
	bpf_end(p, SECCOMP_RET_ALLOW);
	bpf_block_end(p, b);
}

size_t
confine_build(struct sock_filter *out)
{
	struct bpf p = {out, 0, CONFINE_MAX};

	if (bpf_machine() == 0)
		return 0;
	bpf_begin(&p, SECCOMP_RET_KILL_PROCESS);
	for (size_t i = 0; i < SIZE(allowed); i++)
		allow(&p, allowed[i]);
	look_at_socket(&p);
	look_at_open(&p, SYS_openat, 2);
#ifdef SYS_open
	look_at_open(&p, SYS_open, 1);
#endif
	look_at_protection(&p, SYS_mmap);
	look_at_protection(&p, SYS_mprotect);
	for (size_t i = 0; i < SIZE(fatal); i++)
		bpf_on(&p, fatal[i], SECCOMP_RET_KILL_PROCESS);
	bpf_refuse(&p, ENOSYS);
	return bpf_length(&p);
}
