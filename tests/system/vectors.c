/*
 * For tests/system/preload: programs whose vector registers have to stay their own, while others hold other values in
 * theirs. usage: vectors [FRESH]; prints what was tried; exit 0, 2 some were lost, 77 nothing to try on this CPU.
 *
 * Each trial fills two registers, above bit 128 too (AVX), with AVX-512 one of the upper half and a mask as well, and
 * compares them after what it is named for, with nothing of the compiler's in between. FRESH is this file compiled with
 * -DFRESH -nostdlib: it looks whether a new program starts with empty ones.
 */
#ifdef FRESH

__attribute__((target("avx"), noreturn)) void _start(void);

__attribute__((target("avx"), noreturn)) void
_start(void)
{
	__asm__ volatile("vorps %ymm7, %ymm9, %ymm7\n\t"
			 "xor %edi, %edi\n\t"
			 "vptest %ymm7, %ymm7\n\t"
			 "setnz %dil\n\t"
			 "mov $60, %eax\n\t" /* exit */
			 "syscall");
	__builtin_unreachable();
}

#else

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

enum { TOGETHER = 4, ROUNDS = 1500, SIGNALS = 30, NOTHING = -1 };

static volatile long signals; /* delivered */
static bool wide; /* AVX-512 */

/* What is held, and what was there afterwards. */
struct held {
	unsigned char ymm7[32], ymm9[32], zmm23[64];
	unsigned long k3;
};

/* Loads, makes the system call (or none), spins until so many signals came, and stores. Returns the call's result. */
#define BODY(LOAD, STORE)                                                                                    \
	__asm__ volatile(LOAD "cmp $-1, %%rax\n\t"                                                           \
			      "je 1f\n\t"                                                                    \
			      "syscall\n\t"                                                                  \
			      "1: dec %[spin]\n\t"                                                           \
			      "jnz 1b\n\t"                                                                   \
			      "2: cmp %[until], %[signals]\n\t"                                              \
			      "jl 2b\n\t" STORE                                                              \
			 : "+a"(call), [spin] "+&r"(spin), "=m"(*out)                                        \
			 : "D"(a), "S"(b),                                                                   \
			 "d"(c), [until] "r"(until), [signals] "m"(signals), [in] "r"(in), [out] "r"(out),   \
			 "m"(*in)                                                                            \
			 : "rcx", "r11", "xmm7", "xmm9", "memory")

__attribute__((target("avx"))) static long
hold_ymm(const struct held *in, struct held *out, long call, long a, long b, long c, long until)
{
	long spin = 20000;

	*out = *in;
	BODY("vmovdqu (%[in]), %%ymm7\n\t"
	     "vmovdqu 32(%[in]), %%ymm9\n\t",
	    "vmovdqu %%ymm7, (%[out])\n\t"
	    "vmovdqu %%ymm9, 32(%[out])");
	return call;
}

__attribute__((target("avx512f,avx512bw"))) static long
hold_zmm(const struct held *in, struct held *out, long call, long a, long b, long c, long until)
{
	long spin = 20000;

	*out = *in;
	BODY("vmovdqu (%[in]), %%ymm7\n\t"
	     "vmovdqu 32(%[in]), %%ymm9\n\t"
	     "vmovdqu64 64(%[in]), %%zmm23\n\t"
	     "kmovq 128(%[in]), %%k3\n\t",
	    "vmovdqu %%ymm7, (%[out])\n\t"
	    "vmovdqu %%ymm9, 32(%[out])\n\t"
	    "vmovdqu64 %%zmm23, 64(%[out])\n\t"
	    "kmovq %%k3, 128(%[out])");
	return call;
}

/* true: all is as it was. */
static bool
hold(unsigned char own, long call, long a, long b, long c, long until, long *result)
{
	struct held in, after;
	long r;

	memset(&in, own, sizeof(in));
	in.ymm9[31] ^= 0x55;
	in.zmm23[63] ^= 0xaa;
	r = wide ? hold_zmm(&in, &after, call, a, b, c, until) : hold_ymm(&in, &after, call, a, b, c, until);
	if (result)
		*result = r;
	return memcmp(&in, &after, sizeof(in)) == 0;
}

/* Leaves something else in all of them. */
static void
on_signal(int signo)
{
	(void)signo;
	hold((unsigned char)(0x80 + signals), NOTHING, 0, 0, 0, 0, NULL);
	signals++;
}

static void *
yielding(void *own)
{
	for (int i = 0; i < ROUNDS; i++)
		if (!hold((unsigned char)(size_t)own, SYS_sched_yield, 0, 0, 0, 0, NULL))
			return own;
	return NULL;
}

static bool
all_ended_well(void)
{
	int status;
	bool well = true;

	while (wait(&status) != -1)
		if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
			well = false;
	return well;
}

static bool
processes(void)
{
	for (size_t i = 1; i <= TOGETHER; i++)
		if (fork() == 0)
			_exit(yielding((void *)i) != NULL);
	return all_ended_well();
}

static bool
threads(void)
{
	pthread_t thread[TOGETHER];
	bool well = true;

	for (size_t i = 0; i < TOGETHER; i++)
		if (pthread_create(&thread[i], NULL, yielding, (void *)(0x11 * (i + 1))) != 0)
			return false;
	for (size_t i = 0; i < TOGETHER; i++) {
		void *lost;

		pthread_join(thread[i], &lost);
		well = well && !lost;
	}
	return well;
}

static bool
signal_at_a_call(void)
{
	signals = 0;
	signal(SIGUSR1, on_signal);
	for (int i = 0; i < SIGNALS; i++)
		if (!hold(0x33, SYS_kill, getpid(), SIGUSR1, 0, i + 1, NULL))
			return false;
	return true;
}

static bool
signal_in_between(void)
{
	struct itimerval often = {{0, 1000}, {0, 1000}}, never = {{0, 0}, {0, 0}};
	bool well;

	signals = 0;
	signal(SIGALRM, on_signal);
	setitimer(ITIMER_REAL, &often, NULL);
	well = hold(0x44, NOTHING, 0, 0, 0, SIGNALS, NULL);
	setitimer(ITIMER_REAL, &never, NULL);
	return well;
}

static bool
over_fork(void)
{
	for (int i = 0; i < TOGETHER; i++) {
		long pid;
		bool well = hold(0x66, SYS_fork, 0, 0, 0, 0, &pid);

		if (pid == 0)
			_exit(!well);
		if (!well || pid < 0)
			return false;
	}
	return all_ended_well();
}

static const char *fresh;

static bool
over_exec(void)
{
	const char *argv[] = {fresh, NULL};

	if (fork() == 0) {
		hold(0x77, SYS_execve, (long)fresh, (long)argv, 0, 0, NULL);
		_exit(127);
	}
	return all_ended_well();
}

static bool
try_all(void)
{
	static const struct {
		const char *name;
		bool (*run)(void);
	} trials[] = {{"processes", processes}, {"threads", threads}, {"signal at a call", signal_at_a_call},
	    {"signal in between", signal_in_between}, {"fork", over_fork}, {"exec", over_exec}};
	bool well = true;

	for (size_t i = 0; i < sizeof(trials) / sizeof(*trials); i++) {
		bool kept = (trials[i].run == over_exec && !fresh) || trials[i].run();

		printf("%s: %s: %s\n", wide ? "AVX-512" : "AVX", trials[i].name, kept ? "kept" : "LOST");
		fflush(stdout);
		well = well && kept;
	}
	return well;
}

int
main(int argc, char **argv)
{
	bool well;

	if (!__builtin_cpu_supports("avx"))
		return 77;
	fresh = argc == 2 ? argv[1] : NULL;
	well = try_all();
	wide = __builtin_cpu_supports("avx512bw");
	if (wide)
		well = try_all() && well;
	else
		puts("AVX-512: none here");
	return well ? 0 : 2;
}

#endif
