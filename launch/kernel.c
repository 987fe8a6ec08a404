/* A kernel binary asked what it is; see kernel.h. */
#include "launch/kernel.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

#if defined(__x86_64__)
#include <cpuid.h>
#endif

enum {
	ANSWER_BYTES = 64 << 10,
	ANSWER_SECONDS = 10,
};

void
launch_why(char *why, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(why, LAUNCH_WHY, format, args);
	va_end(args);
}

_Noreturn static void
become_and_run(const char *const argv[], unsigned uid, int out)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	for (int s = 1; s < NSIG; s++)
		signal(s, SIG_DFL);
	dup2(null, 0);
	dup2(null, 2);
	dup2(out, 1);
	alarm(ANSWER_SECONDS);
	if (getuid() == 0 &&
	    (setgroups(0, NULL) == -1 || setresgid(uid, uid, uid) == -1 || setresuid(uid, uid, uid) == -1))
		_exit(126);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	execve(argv[0], (char *const *)argv, (char *[]){NULL});
	_exit(127);
}

/* What a program prints, as this uid. Length 0: nothing, or it failed. */
static struct span
ask(const char *const argv[], unsigned uid, char *room)
{
	int fds[2], status;
	size_t got = 0;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) == -1)
		return span_of(room, 0);
	pid = fork();
	if (pid == 0)
		become_and_run(argv, uid, fds[1]);
	close(fds[1]);
	while (pid != -1 && got < ANSWER_BYTES) {
		ssize_t n = read(fds[0], room + got, ANSWER_BYTES - got);

		if (n > 0)
			got += (size_t)n;
		else if (n == 0 || errno != EINTR)
			break;
	}
	close(fds[0]);
	while (pid != -1 && waitpid(pid, &status, 0) == -1 && errno == EINTR)
		;
	return span_of(room, pid == -1 || !WIFEXITED(status) || WEXITSTATUS(status) > 1 ? 0 : got);
}

/* Of the features that the host's kernel has enabled (ebx), as it wants them back; ecx counts those it left off, too. */
static uint32_t
xstate_bytes(void)
{
	unsigned a = 0, b = 0, c = 0, d = 0;

#if defined(__x86_64__)
	if (!__get_cpuid_count(0xd, 0, &a, &b, &c, &d))
		return 0;
#endif
	return b;
}

/* The beginning of the file, into room; length 0: errno. */
static struct span
read_head(const char *path, char *room)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd == -1 ? -1 : read(fd, room, ANSWER_BYTES);
	int saved = errno;

	if (fd != -1)
		close(fd);
	errno = saved;
	return span_of(room, n > 0 ? (size_t)n : 0);
}

static enum launched
learn(const char *path, unsigned uid, struct kernel *out, char *why, char *room, char *room2)
{
	struct span head = read_head(path, room), list;
	enum elf_kind kind;
	struct statvfs fs;

	if (head.len == 0) {
		launch_why(
		    why, "kernel %s: %s; install user-mode-linux or set `kernel:`", path, strerror(errno));
		return LAUNCH_NEVER;
	}
	kind = elf_read(head, out->interp, sizeof(out->interp));
	if (kind != ELF_FOREIGN && statvfs(path, &fs) == 0 && (fs.f_flag & ST_NOEXEC)) {
		launch_why(why, "kernel %s lies on a filesystem mounted noexec; move it to another", path);
		return LAUNCH_NEVER;
	}
	if (kind == ELF_FOREIGN ||
	    ability_read(ask((const char *[]){path, "--version", NULL}, uid, room),
		ask((const char *[]){path, "--help", NULL}, uid, room2), &out->ability) == -1) {
		launch_why(why,
		    "kernel %s is no User Mode Linux kernel that uid %u can run; set `kernel:` to one", path,
		    uid);
		return LAUNCH_NEVER;
	}
	out->ability.dynamic = kind == ELF_DYNAMIC;
	out->padding = ability_needs_padding(&out->ability, xstate_bytes());
	if (kind != ELF_DYNAMIC)
		return LAUNCHED;
	list = ask((const char *[]){out->interp, "--list", path, NULL}, uid, room);
	if (list.len == 0) {
		launch_why(
		    why, "kernel %s cannot be loaded here; %s --list %s says why", path, out->interp, path);
		return LAUNCH_NEVER;
	}
	if (libraries_read(list, out->interp, &out->libraries) == -1) {
		launch_why(why, "kernel %s lacks a library here; ldd %s names it", path, path);
		return LAUNCH_NEVER;
	}
	return LAUNCHED;
}

enum launched
kernel_learn(const char *path, unsigned uid, struct kernel *out, char *why)
{
	char *room = malloc(2 * ANSWER_BYTES);
	enum launched result;

	*out = (struct kernel){0};
	if (!room) {
		launch_why(why, "no memory to read %s; free -h shows what is left", path);
		return LAUNCH_LATER;
	}
	result = learn(path, uid, out, why, room, room + ANSWER_BYTES);
	free(room);
	return result;
}
