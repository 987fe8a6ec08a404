/*
 * Loaded into the guest's kernel, a program of its own that knows nothing of us. Two repairs, each asked for by
 * the environment. What is called here is called on the small stacks and in the signal handlers of that kernel: system
 * calls and plain memory only, no lookup of symbols, no allocation, nothing large on the stack.
 *
 * LODGE_TAP_FD=N: open("/dev/net/tun") answers with a copy of descriptor N, which the launcher attached to the
 * guest's tap, and TUNSETIFF on it succeeds without asking. So the jail needs no tun device, the kernel no
 * privilege and the tap's network namespace may be another; and the device may go down and up again.
 *
 * LODGE_XSTATE=1: PTRACE_SETREGSET of NT_X86_XSTATE wants exactly the CPU's whole extended state; a kernel whose
 * buffer is smaller gets EFAULT and its first process dies. Here the rest is filled with zeroes, and the
 * components that do not lie wholly inside what was given are marked as being in their initial state.
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <linux/if_tun.h>

#if defined(__x86_64__)
#include <cpuid.h>
#endif

int open(const char *, int, ...);
int open64(const char *, int, ...);
int openat(int, const char *, int, ...);
int openat64(int, const char *, int, ...);
int __open_2(const char *, int);
int __open64_2(const char *, int);
int ioctl(int, unsigned long, ...);
long ptrace(enum __ptrace_request, ...);

enum {
	XSTATE_MAX = 65536,
	XSTATE_HEADER =
	    512, /* where XSTATE_BV lies: one bit per component that is not in its initial state */
	XSTATE_FIRST = 2, /* components 0 and 1 are the legacy area before the header */
	XSTATE_LAST = 62,
};

/* --- the tap -------------------------------------------------------------------------------------- */

static int
tap_fd(void)
{
	const char *text = getenv("LODGE_TAP_FD");

	return text && *text ? atoi(text) : -1;
}

static int
open_either(int dir, const char *path, int flags, mode_t mode)
{
	int fd = tap_fd();

	if (fd != -1 && path && strcmp(path, "/dev/net/tun") == 0)
		return fcntl(fd, flags & O_CLOEXEC ? F_DUPFD_CLOEXEC : F_DUPFD, 0);
	return (int)syscall(SYS_openat, dir, path, flags, mode);
}

static mode_t
mode_of(int flags, va_list args)
{
	return flags & O_CREAT || (flags & O_TMPFILE) == O_TMPFILE ? va_arg(args, mode_t) : 0;
}

#define OPEN(name, ...)                                                                                      \
	int name(__VA_ARGS__ const char *path, int flags, ...)                                               \
	{                                                                                                    \
		va_list args;                                                                                \
		mode_t mode;                                                                                 \
                                                                                                             \
		va_start(args, flags);                                                                       \
		mode = mode_of(flags, args);                                                                 \
		va_end(args);                                                                                \
		return open_either(DIR_OF_##name, path, flags, mode);                                        \
	}
#define DIR_OF_open AT_FDCWD
#define DIR_OF_open64 AT_FDCWD
#define DIR_OF_openat dir
#define DIR_OF_openat64 dir
#define DIR int dir,

OPEN(open, )
OPEN(open64, )
OPEN(openat, DIR)
OPEN(openat64, DIR)

int
__open_2(const char *path, int flags)
{
	return open_either(AT_FDCWD, path, flags, 0);
}

int
__open64_2(const char *path, int flags)
{
	return open_either(AT_FDCWD, path, flags, 0);
}

int
ioctl(int fd, unsigned long request, ...)
{
	va_list args;
	void *arg;

	va_start(args, request);
	arg = va_arg(args, void *);
	va_end(args);
	if (request == TUNSETIFF && tap_fd() != -1)
		return 0;
	return (int)syscall(SYS_ioctl, fd, request, arg);
}

/* --- the extended state --------------------------------------------------------------------------- */

/* As libc does it: what is peeked at comes back as the result. */
static long
ptrace_call(enum __ptrace_request request, pid_t pid, void *addr, void *data)
{
	bool peek = request == PTRACE_PEEKTEXT || request == PTRACE_PEEKDATA || request == PTRACE_PEEKUSER;
	long word, result = syscall(SYS_ptrace, (long)request, (long)pid, addr, peek ? (void *)&word : data);

	if (!peek || result == -1)
		return result;
	errno = 0;
	return word;
}

#if defined(__x86_64__)

/* One at a time: a kernel with the fault has one thread that traces, and no preemption in it. */
static unsigned char whole[XSTATE_MAX];

/* What the CPU's state weighs, asked once of the first process that is traced; 0: it would not say. */
static size_t
xstate_size(pid_t pid)
{
	static size_t size;
	struct iovec iov = {whole, sizeof(whole)};

	if (size == 0 && ptrace_call(PTRACE_GETREGSET, pid, (void *)NT_X86_XSTATE, &iov) == 0)
		size = iov.iov_len;
	return size;
}

/* The components that lie wholly in the first n bytes. */
static uint64_t
components_in(size_t n)
{
	static uint64_t known;
	static size_t known_for;
	uint64_t inside = 3;

	if (known_for == n)
		return known;
	for (unsigned i = XSTATE_FIRST; i <= XSTATE_LAST; i++) {
		unsigned size, offset, c, d;

		__cpuid_count(0xd, i, size, offset, c, d);
		if (size != 0 && (size_t)offset + size <= n)
			inside |= 1ULL << i;
	}
	known_for = n;
	known = inside;
	return inside;
}

static long
set_padded(pid_t pid, const struct iovec *given)
{
	size_t size = xstate_size(pid);
	struct iovec iov = {whole, size};
	uint64_t present;

	if (size <= given->iov_len || given->iov_len < XSTATE_HEADER + sizeof(present))
		return ptrace_call(PTRACE_SETREGSET, pid, (void *)NT_X86_XSTATE, (void *)given);
	memcpy(whole, given->iov_base, given->iov_len);
	memset(whole + given->iov_len, 0, size - given->iov_len);
	memcpy(&present, whole + XSTATE_HEADER, sizeof(present));
	present &= components_in(given->iov_len);
	memcpy(whole + XSTATE_HEADER, &present, sizeof(present));
	return ptrace_call(PTRACE_SETREGSET, pid, (void *)NT_X86_XSTATE, &iov);
}

static int
padding(void)
{
	static int wanted = -1;

	if (wanted == -1) {
		const char *text = getenv("LODGE_XSTATE");

		wanted = text && text[0] == '1';
	}
	return wanted;
}

#endif

long
ptrace(enum __ptrace_request request, ...)
{
	va_list args;
	pid_t pid;
	void *addr, *data;

	va_start(args, request);
	pid = va_arg(args, pid_t);
	addr = va_arg(args, void *);
	data = va_arg(args, void *);
	va_end(args);
#if defined(__x86_64__)
	if (request == PTRACE_SETREGSET && addr == (void *)NT_X86_XSTATE && data && padding())
		return set_padded(pid, data);
#endif
	return ptrace_call(request, pid, addr, data);
}
