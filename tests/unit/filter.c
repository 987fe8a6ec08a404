/* The system calls a guest's kernel may make: the program run, instruction by instruction, over all of them. */
#include "launch/filter.h"
#include "tests/unit/bpf.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/falloc.h>
#include <linux/fs.h>
#include <linux/if_tun.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

static struct sock_filter program[FILTER_MAX];
static size_t n_program;

static uint32_t
run(const struct seccomp_data *data)
{
	return bpf_run(program, n_program, data);
}

static uint32_t
ask(long number, uint64_t first)
{
	return run(&(struct seccomp_data){.nr = (int)number, .arch = AUDIT_ARCH_X86_64, .args = {first}});
}

static uint32_t
ask_fourth(long number, uint64_t fourth)
{
	return run(
	    &(struct seccomp_data){.nr = (int)number, .arch = AUDIT_ARCH_X86_64, .args = {0, 0, 0, fourth}});
}

/* error 0: allowed. */
static void
expect(size_t i, const struct seccomp_data *data, int error)
{
	uint32_t want = error ? SECCOMP_RET_ERRNO | (uint32_t)error : SECCOMP_RET_ALLOW, verdict = run(data);

	if (verdict != want)
		fail_msg("case %zu: %#x, not %#x", i, verdict, want);
}

static int
build(void **state)
{
	(void)state;
	n_program = filter_build(program);
	return 0;
}

static void
test_cases(void **state)
{
	static const struct {
		long number;
		uint64_t first;
		int error; /* 0: allowed */
	} cases[] = {
	    {SYS_read, 0, 0},
	    {SYS_ptrace, 0, 0},
	    {SYS_execve, 0, 0},
	    {SYS_clone, SIGCHLD, 0},
	    {SYS_clone, CLONE_VM | CLONE_FILES | SIGCHLD, 0},
	    {SYS_clone, CLONE_NEWUSER | SIGCHLD, EPERM},
	    {SYS_clone, CLONE_NEWNET, EPERM},
	    {SYS_clone3, 0, ENOSYS},
	    {SYS_unshare, CLONE_NEWUSER, EPERM},
	    {SYS_mount, 0, EPERM},
	    {SYS_bpf, 0, EPERM},
	    {SYS_io_uring_setup, 0, EPERM},
	    {SYS_keyctl, 0, EPERM},
	    {SYS_io_uring_enter, 0, EPERM},
	    {SYS_setns, 0, EPERM},
	    {SYS_connect, 0, EPERM},
	    {SYS_setsockopt, 0, EPERM},
	    {SYS_process_vm_readv, 0, EPERM},
	    {SYS_sched_setaffinity, 0, EPERM},
	    {SYS_setuid, 0, EPERM},
	    {SYS_chmod, 0, EPERM},
	    {SYS_link, 0, EPERM},
	    {SYS_inotify_init1, 0, EPERM},
	    {SYS_seccomp, 1, 0},
	    {SYS_memfd_create, 0, 0},
	    {SYS_prctl, PR_SET_NAME, 0},
	    {SYS_prctl, PR_SET_DUMPABLE, EPERM},
	    {SYS_prctl, PR_SET_PTRACER, EPERM},
	    {SYS_personality, ADDR_NO_RANDOMIZE, 0},
	    {SYS_personality, 0xffffffff, 0},
	    {SYS_personality, READ_IMPLIES_EXEC, EPERM},
	    {SYS_socket, AF_UNIX, 0},
	    {SYS_socket, AF_INET, EAFNOSUPPORT},
	    {SYS_socket, AF_NETLINK, EAFNOSUPPORT},
	    {SYS_socket, AF_PACKET, EAFNOSUPPORT},
	    {SYS_socket, 40 /* AF_VSOCK */, EAFNOSUPPORT},
	    {SYS_socketpair, AF_UNIX, 0},
	    {SYS_socketpair, AF_INET, EAFNOSUPPORT},
	    {SYS_socketpair, 30 /* AF_TIPC */, EAFNOSUPPORT},
	    {SYS_read | 0x40000000, 0, EPERM},
	    {-1, 0, EPERM},
	};

	(void)state;
	if (n_program == 0)
		skip();
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		expect(i,
		    &(struct seccomp_data){
			.nr = (int)cases[i].number, .arch = AUDIT_ARCH_X86_64, .args = {cases[i].first}},
		    cases[i].error);
}

static void
test_ioctl(void **state)
{
	static const struct {
		unsigned request;
		bool allowed;
	} cases[] = {
	    {TCGETS, true},
	    {TIOCGWINSZ, true},
	    {FIONBIO, true},
	    {TIOCSCTTY, true},
	    {0x802c542a /* TCGETS2 */, true},
	    {TIOCGPTN, false},
	    {TIOCSTI, false},
	    {TIOCSETD, false},
	    {TIOCCONS, false},
	    {TIOCEXCL, false},
	    {FS_IOC_SETFLAGS, false},
	    {FS_IOC_FSSETXATTR, false},
	    {FICLONE, false},
	    {TUNSETOFFLOAD, true},
	    {TUNSETVNETHDRSZ, true},
	    {TUNGETFEATURES, true},
	    {TUNSETIFF, false},
	    {TUNSETPERSIST, false},
	    {TUNSETOWNER, false},
	    {TUNSETLINK, false},
	    {TUNSETSTEERINGEBPF, false},
	    {TUNATTACHFILTER, false},
	    {SIOCSIFHWADDR, false},
	    {SIOCGIFCONF, false},
	};

	(void)state;
	if (n_program == 0)
		skip();
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint32_t verdict = run(&(struct seccomp_data){
		    .nr = SYS_ioctl, .arch = AUDIT_ARCH_X86_64, .args = {3, cases[i].request}});

		if ((verdict == SECCOMP_RET_ALLOW) != cases[i].allowed)
			fail_msg("case %zu: %#x", i, verdict);
	}
}

/* Of these the second argument decides. */
static void
test_second(void **state)
{
	static const struct {
		long number;
		uint64_t second;
		int error;
	} cases[] = {
	    {SYS_fallocate, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0},
	    {SYS_fallocate, 0, EOPNOTSUPP},
	    {SYS_fallocate, FALLOC_FL_KEEP_SIZE, EOPNOTSUPP},
	    {SYS_fallocate, FALLOC_FL_ZERO_RANGE | FALLOC_FL_KEEP_SIZE, EOPNOTSUPP},
	    {SYS_memfd_create, MFD_CLOEXEC, 0},
	    {SYS_memfd_create, MFD_CLOEXEC | MFD_HUGETLB, EPERM},
	    {SYS_fcntl, F_DUPFD, 0},
	    {SYS_fcntl, F_SETLK, 0},
	    {SYS_fcntl, F_SETOWN, 0},
	    {SYS_fcntl, F_SETLEASE, EPERM},
	    {SYS_fcntl, F_NOTIFY, EPERM},
	    {SYS_fcntl, F_SETPIPE_SZ, EPERM},
	};

	(void)state;
	if (n_program == 0)
		skip();
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		expect(i,
		    &(struct seccomp_data){
			.nr = (int)cases[i].number, .arch = AUDIT_ARCH_X86_64, .args = {3, cases[i].second}},
		    cases[i].error);
}

/* Every number gets an answer, and only those two; no other architecture gets through. */
static void
test_all(void **state)
{
	struct seccomp_data foreign = {.arch = AUDIT_ARCH_I386};

	(void)state;
	if (n_program == 0)
		skip();
	for (long number = 0; number < 4096; number++) {
		uint32_t verdict = ask(number, 0);

		assert_true(verdict == SECCOMP_RET_ALLOW || (verdict & ~0xffffu) == SECCOMP_RET_ERRNO);
		foreign.nr = (int)number;
		assert_int_equal(run(&foreign), SECCOMP_RET_ERRNO | EPERM);
	}
	/* What nobody thought of is refused. */
	for (long number = 450; number < 4096; number++)
		assert_int_equal(ask(number, 0), SECCOMP_RET_ERRNO | EPERM);
	/* Memory, but not of the pages that the host keeps for somebody. */
	assert_int_equal(ask_fourth(SYS_mmap, MAP_SHARED | MAP_FIXED), SECCOMP_RET_ALLOW);
	assert_int_equal(ask_fourth(SYS_mmap, MAP_SHARED | MAP_HUGETLB), SECCOMP_RET_ERRNO | EPERM);
	/* A namespace flag is refused among any others. */
	for (unsigned bit = 0; bit < 32; bit++)
		assert_int_equal(ask(SYS_clone, CLONE_NEWUSER | 1u << bit), SECCOMP_RET_ERRNO | EPERM);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_cases),
	    cmocka_unit_test(test_ioctl),
	    cmocka_unit_test(test_second),
	    cmocka_unit_test(test_all),
	};

	return cmocka_run_group_tests(tests, build, NULL);
}
