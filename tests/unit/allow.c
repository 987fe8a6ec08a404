/* The system calls a worker may make: the program run, instruction by instruction, over all of them. */
#include "proxy/allow.h"
#include "tests/unit/bpf.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>

enum { PID = 4711, ALLOW = BPF_ALLOW, KILL = BPF_KILL };

static struct sock_filter program[ALLOW_MAX];
static size_t n_program;

static uint32_t
ask(long number, const uint64_t args[4])
{
	return bpf_ask(program, n_program, number, args);
}

static int
build(void **state)
{
	(void)state;
	n_program = allow_build(program, PID);
	return 0;
}

static void
test_cases(void **state)
{
	static const struct bpf_case cases[] = {
	    {SYS_recvfrom, {3}, ALLOW},
	    {SYS_exit_group, {0}, ALLOW},
	    {SYS_execve, {0}, KILL},
	    {SYS_execveat, {0}, KILL},
	    {SYS_clone, {0}, KILL},
	    {SYS_clone3, {0}, KILL},
	    {SYS_ptrace, {0}, KILL},
	    {SYS_mount, {0}, KILL},
	    {SYS_bpf, {0}, KILL},
	    {SYS_io_uring_setup, {0}, KILL},
	    {SYS_process_vm_readv, {0}, KILL},
	    {SYS_setresuid, {0}, KILL},
	    {SYS_openat, {0}, EACCES},
	    {SYS_kill, {PID}, ENOSYS},
	    {SYS_listen, {3}, ENOSYS},
	    {SYS_socketpair, {AF_UNIX}, ENOSYS},
	    {SYS_prctl, {0}, ENOSYS},
	    {SYS_socket, {AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0}, ALLOW},
	    {SYS_socket, {AF_INET6, SOCK_STREAM, IPPROTO_TCP}, ALLOW},
	    {SYS_socket, {AF_INET6, SOCK_DGRAM | SOCK_NONBLOCK, 0}, ALLOW},
	    {SYS_socket, {AF_INET, SOCK_DGRAM, IPPROTO_UDP}, ALLOW},
	    {SYS_socket, {AF_INET, SOCK_RAW, IPPROTO_TCP}, EPERM},
	    {SYS_socket, {AF_INET, SOCK_RAW | SOCK_NONBLOCK, 0}, EPERM},
	    {SYS_socket, {AF_INET6, SOCK_RAW, IPPROTO_ICMPV6}, EPERM},
	    {SYS_socket, {AF_INET, SOCK_PACKET, 0}, EPERM},
	    {SYS_socket, {AF_INET, SOCK_SEQPACKET, 0}, EPERM},
	    {SYS_socket, {AF_INET, SOCK_DGRAM, IPPROTO_ICMP}, EPERM},
	    {SYS_socket, {AF_INET, SOCK_DGRAM, IPPROTO_TCP}, EPERM},
	    {SYS_socket, {AF_INET, SOCK_STREAM, 262 /* MPTCP */}, EPERM},
	    {SYS_socket, {AF_PACKET, SOCK_DGRAM, 0}, EAFNOSUPPORT},
	    {SYS_socket, {AF_PACKET, SOCK_RAW, 0}, EAFNOSUPPORT},
	    {SYS_socket, {AF_UNIX, SOCK_STREAM, 0}, EAFNOSUPPORT},
	    {SYS_socket, {AF_NETLINK, SOCK_RAW, 0}, EAFNOSUPPORT},
	    /* the kernel sees an int: what stands above it counts for nothing */
	    {SYS_socket, {1ull << 32 | AF_INET, SOCK_STREAM, 0}, ALLOW},
	    {SYS_socket, {AF_INET, 1ull << 32 | SOCK_RAW, 0}, EPERM},
	    {SYS_setsockopt, {3, IPPROTO_TCP, TCP_NODELAY}, ALLOW},
	    {SYS_setsockopt, {3, IPPROTO_IP, IP_TRANSPARENT}, ALLOW},
	    {SYS_setsockopt, {3, IPPROTO_IPV6, 75 /* IPV6_TRANSPARENT */}, ALLOW},
	    {SYS_setsockopt, {3, SOL_SOCKET, SO_LINGER}, ALLOW},
	    {SYS_setsockopt, {3, SOL_SOCKET, SO_ATTACH_FILTER}, EPERM},
	    {SYS_setsockopt, {3, SOL_SOCKET, SO_MARK}, EPERM},
	    {SYS_setsockopt, {3, SOL_SOCKET, SO_BINDTODEVICE}, EPERM},
	    {SYS_setsockopt, {3, IPPROTO_TCP, TCP_ULP}, EPERM},
	    {SYS_setsockopt, {3, IPPROTO_IP, IP_HDRINCL}, EPERM},
	    {SYS_setsockopt, {3, IPPROTO_IP, 64 /* of iptables */}, EPERM},
	    {SYS_setsockopt, {3, IPPROTO_RAW, 1}, EPERM},
	    {SYS_mmap, {0, 4096, PROT_READ | PROT_WRITE}, ALLOW},
	    {SYS_mmap, {0, 4096, PROT_READ | PROT_EXEC}, EPERM},
	    {SYS_mprotect, {0, 4096, PROT_READ}, ALLOW},
	    {SYS_mprotect, {0, 4096, PROT_EXEC}, EPERM},
	    {SYS_fcntl, {3, F_SETFL}, ALLOW},
	    {SYS_fcntl, {3, F_SETOWN}, EPERM},
	    {SYS_ioctl, {3, FIONREAD}, ALLOW},
	    {SYS_ioctl, {3, TIOCSTI}, ENOTTY},
	    {SYS_newfstatat, {3, 0, 0, AT_EMPTY_PATH}, ALLOW},
	    {SYS_newfstatat, {3, 0, 0, 0}, EACCES},
	    {SYS_tgkill, {PID, PID}, ALLOW},
	    {SYS_tgkill, {PID + 1, PID + 1}, EPERM},
	    {-1, {0}, KILL},
#ifdef __x86_64__
	    {SYS_recvfrom | 0x40000000, {0}, KILL},
#endif
	};

	(void)state;
	if (bpf_machine() == 0)
		skip();
	assert_true(n_program > 0);
	bpf_cases(program, n_program, cases, sizeof(cases) / sizeof(cases[0]));
}

/* Every number gets an answer, most of them no; no other machine's calls get through. */
static void
test_all(void **state)
{
	const uint64_t none[4] = {0};
	struct seccomp_data foreign = {.arch = AUDIT_ARCH_I386};
	size_t n = 0;

	(void)state;
	if (bpf_machine() == 0)
		skip();
	for (long number = 0; number < 4096; number++) {
		uint32_t got = ask(number, none);

		assert_true(got == SECCOMP_RET_ALLOW || got == SECCOMP_RET_KILL_PROCESS ||
			    (got & ~0xffffu) == SECCOMP_RET_ERRNO);
		n += got == SECCOMP_RET_ALLOW;
		foreign.nr = (int)number;
		assert_int_equal(bpf_run(program, n_program, &foreign), SECCOMP_RET_KILL_PROCESS);
	}
	assert_true(n > 50 && n < 80);
}

/* Whatever the arguments of a socket: a family, a kind, and nothing raw. */
static void
test_sockets(void **state)
{
	(void)state;
	if (bpf_machine() == 0)
		skip();
	for (unsigned family = 0; family < 64; family++)
		for (unsigned type = 0; type < 16; type++)
			for (unsigned protocol = 0; protocol < 300; protocol++) {
				const uint64_t args[4] = {family, type | SOCK_CLOEXEC, protocol};
				bool want =
				    (family == AF_INET || family == AF_INET6) &&
				    ((type == SOCK_STREAM && (protocol == 0 || protocol == IPPROTO_TCP)) ||
					(type == SOCK_DGRAM && (protocol == 0 || protocol == IPPROTO_UDP)));

				assert_int_equal(ask(SYS_socket, args) == SECCOMP_RET_ALLOW, want);
			}
}

/* A program that does not fit, or jumps too far, is none. */
static void
test_room(void **state)
{
	struct sock_filter few[3], many[600];
	struct bpf p = {few, 0, 3}, q = {many, 0, 600};
	size_t b;

	(void)state;
	for (unsigned i = 0; i < 3; i++)
		bpf_end(&p, SECCOMP_RET_ALLOW);
	assert_int_equal(bpf_length(&p), 3);
	b = bpf_block(&p, 1);
	bpf_block_end(&p, b);
	assert_int_equal(bpf_length(&p), 0);
	b = bpf_block(&q, 1);
	for (unsigned i = 0; i < 256; i++)
		bpf_end(&q, SECCOMP_RET_ALLOW);
	bpf_block_end(&q, b);
	assert_int_equal(bpf_length(&q), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_cases),
	    cmocka_unit_test(test_all),
	    cmocka_unit_test(test_sockets),
	    cmocka_unit_test(test_room),
	};

	return cmocka_run_group_tests(tests, build, NULL);
}
