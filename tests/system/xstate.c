/*
 * For tests/system/preload: a traced child holds known AVX registers; the tracer gives them back cut short, as a
 * kernel with too small a buffer does, and the child says whether they are still there.
 * usage: xstate BYTES; exit 0 intact, 1 refused by the system, 2 lost, 77 nothing to try on this CPU.
 */
#include <elf.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

static unsigned char state[65536];

__attribute__((target("avx"))) static int
hold_registers(void)
{
	static const unsigned char known[32] = "thirty-two bytes of known state";
	unsigned char after[32];
	pid_t self = getpid();
	long result;

	/* A system call that stops the process, with nothing between it and the registers. */
	__asm__ volatile("vmovdqu %2, %%ymm7\n\t"
			 "syscall\n\t"
			 "vmovdqu %%ymm7, %1"
			 : "=a"(result), "=m"(after)
			 : "m"(known), "0"(62L /* kill */), "D"((long)self), "S"((long)SIGSTOP)
			 : "rcx", "r11", "ymm7", "memory");
	return result == 0 && memcmp(known, after, sizeof(known)) == 0 ? 0 : 2;
}

static int
give_back(pid_t pid, size_t bytes)
{
	struct iovec iov = {state, bytes};

	if (ptrace(PTRACE_GETREGSET, pid, (void *)NT_X86_XSTATE, &iov) == -1 || iov.iov_len != bytes)
		return -1;
	return (int)ptrace(PTRACE_SETREGSET, pid, (void *)NT_X86_XSTATE, &iov);
}

int
main(int argc, char **argv)
{
	size_t bytes = argc == 2 ? strtoul(argv[1], NULL, 10) : 0;
	int status, saved = 0;
	pid_t pid;

	if (!__builtin_cpu_supports("avx"))
		return 77;
	pid = fork();
	if (pid == 0) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		_exit(hold_registers());
	}
	if (pid == -1 || waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status))
		return 3;
	if (give_back(pid, bytes) == -1)
		saved = errno;
	ptrace(PTRACE_CONT, pid, NULL, NULL);
	if (waitpid(pid, &status, 0) != pid)
		return 3;
	if (saved) {
		printf("refused: %s\n", strerror(saved));
		return 1;
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : 3;
}
