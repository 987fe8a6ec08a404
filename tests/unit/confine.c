/* The system calls lodge-web may make: the program run, instruction by instruction, over all of them. */
#include "web/confine.h"
#include "tests/unit/bpf.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>

enum { ALLOW = BPF_ALLOW, KILL = BPF_KILL };

static struct sock_filter program[CONFINE_MAX];
static size_t n_program;

static int
build(void **state)
{
	(void)state;
	n_program = confine_build(program);
	return 0;
}

static void
test_cases(void **state)
{
	static const struct bpf_case cases[] = {
	    {SYS_accept4, {3}, ALLOW},
	    {SYS_setsockopt, {3}, ALLOW},
	    {SYS_exit_group, {0}, ALLOW},
	    {SYS_execve, {0}, KILL},
	    {SYS_execveat, {0}, KILL},
	    {SYS_clone, {0}, KILL},
	    {SYS_clone3, {0}, KILL},
	    {SYS_ptrace, {0}, KILL},
	    {SYS_pidfd_getfd, {0}, KILL},
	    {SYS_mount, {0}, KILL},
	    {SYS_setresuid, {0}, KILL},
	    {-1, {0}, KILL},
	    {SYS_kill, {1}, ENOSYS},
	    {SYS_listen, {3}, ENOSYS},
	    {SYS_bind, {3}, ENOSYS},
	    {SYS_renameat2, {0}, ENOSYS},
	    {SYS_fchmodat, {0}, ENOSYS},
	    {SYS_ftruncate, {3}, ENOSYS},
	    {SYS_openat, {0, 0, O_RDONLY | O_CLOEXEC | O_NOFOLLOW}, ALLOW},
	    {SYS_openat, {0, 0, O_RDONLY | O_DIRECTORY}, ALLOW},
	    {SYS_openat, {0, 0, O_WRONLY}, EACCES},
	    {SYS_openat, {0, 0, O_RDWR | O_CLOEXEC}, EACCES},
	    {SYS_openat, {0, 0, O_CREAT}, EACCES},
	    {SYS_openat, {0, 0, O_TRUNC}, EACCES},
	    {SYS_openat, {0, 0, O_TMPFILE}, EACCES},
#ifdef SYS_open
	    {SYS_open, {0, O_RDONLY | O_CLOEXEC}, ALLOW},
	    {SYS_open, {0, O_WRONLY | O_CREAT}, EACCES},
#endif
	    {SYS_socket, {AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC}, ALLOW},
	    {SYS_socket, {AF_INET, SOCK_STREAM | SOCK_NONBLOCK}, ALLOW},
	    {SYS_socket, {AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC}, ALLOW},
	    {SYS_socket, {AF_INET, SOCK_RAW}, EPERM},
	    {SYS_socket, {AF_INET6, SOCK_RAW | SOCK_NONBLOCK, IPPROTO_ICMPV6}, EPERM},
	    {SYS_socket, {AF_NETLINK, SOCK_RAW}, EAFNOSUPPORT},
	    {SYS_socket, {AF_PACKET, SOCK_RAW}, EAFNOSUPPORT},
	    {SYS_mmap, {0, 4096, PROT_READ | PROT_WRITE}, ALLOW},
	    {SYS_mmap, {0, 4096, PROT_READ | PROT_EXEC}, EPERM},
	    {SYS_mprotect, {0, 4096, PROT_READ}, ALLOW},
	    {SYS_mprotect, {0, 4096, PROT_EXEC}, EPERM},
	};

	(void)state;
	if (bpf_machine() == 0)
		skip();
	assert_true(n_program > 0);
	bpf_cases(program, n_program, cases, sizeof(cases) / sizeof(cases[0]));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_cases),
	};

	return cmocka_run_group_tests(tests, build, NULL);
}
