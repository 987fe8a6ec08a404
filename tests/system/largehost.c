/*
 * For tests/system/preload: a host whose CPU has 8 KiB more of extended state than this one, as AMX adds. Linked
 * with launch/preload.c, whose system calls go through here (it is compiled with -Dsyscall=host_syscall):
 *
 *   PTRACE_GETREGSET  tells the larger size, or as much of it as was asked for; a component that lies in the added
 *                     part is marked as in use
 *   PTRACE_SETREGSET  takes the larger size and nothing else (EFAULT), and that component only in its initial state
 *
 * The rest is the real host, so that what the guest's programs have in their registers stays theirs. WANTED is the
 * value that the environment's LODGE_XSTATE gets: the launcher sees the real CPU.
 */
#include <elf.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum { MORE = 8192, ROOM = 65536, XSTATE_BV = 512 };

static const uint64_t added = 1ULL << 18;
static unsigned char state[ROOM];
static size_t real_size;

long host_syscall(long number, long a, long b, long c, long d);

__attribute__((constructor)) static void
want(void)
{
	setenv("LODGE_XSTATE", WANTED, 1);
}

static long
regset(long request, long pid, struct iovec *iov)
{
	return syscall(SYS_ptrace, request, pid, (long)NT_X86_XSTATE, iov);
}

static void
learn(long pid)
{
	struct iovec iov = {state, ROOM};

	if (real_size == 0 && regset(PTRACE_GETREGSET, pid, &iov) == 0)
		real_size = iov.iov_len;
}

static long
get(long pid, struct iovec *iov)
{
	struct iovec real = {state, ROOM};
	size_t n = real_size + MORE;
	uint64_t present;

	if (iov->iov_len < n)
		n = iov->iov_len;
	memset(state, 0, sizeof(state));
	if (regset(PTRACE_GETREGSET, pid, &real) == -1)
		return -1;
	memcpy(&present, state + XSTATE_BV, sizeof(present));
	present |= added;
	memcpy(state + XSTATE_BV, &present, sizeof(present));
	memcpy(iov->iov_base, state, n);
	iov->iov_len = n;
	return 0;
}

static long
set(long pid, const struct iovec *iov)
{
	struct iovec real = {state, real_size};
	uint64_t present;

	if (iov->iov_len < real_size + MORE) {
		errno = EFAULT;
		return -1;
	}
	memcpy(state, iov->iov_base, real_size);
	memcpy(&present, state + XSTATE_BV, sizeof(present));
	if (present & added) {
		errno = EINVAL;
		return -1;
	}
	return regset(PTRACE_SETREGSET, pid, &real);
}

long
host_syscall(long number, long a, long b, long c, long d)
{
	if (number == SYS_ptrace && (a == PTRACE_GETREGSET || a == PTRACE_SETREGSET) && c == NT_X86_XSTATE) {
		learn(b);
		return a == PTRACE_GETREGSET ? get(b, (struct iovec *)d) : set(b, (struct iovec *)d);
	}
	return syscall(number, a, b, c, d);
}
