/* Running another program to its end; see tool.h. */
#include "base/tool.h"
#include "base/log.h"
#include "base/progress.h"
#include "base/remedy.h"
#include "base/sys.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { TAIL_BYTES = 4096, TAIL_LINES = 6, NOT_FOUND = 127 };

#define TOOL_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/* How a program runs; see tool.h. */
struct manner {
	int cwd, input; /* or -1 */
	const char *tmpdir; /* or NULL */
	unsigned uid; /* 0: ours, with all that we may */
};

static _Noreturn void
become(pid_t parent, const struct manner *how, int output, const char *const argv[])
{
	int input = how->input == -1 ? open("/dev/null", O_RDONLY | O_CLOEXEC) : how->input;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(NOT_FOUND); /* who waits for it died before the signal was set */
	signal(SIGPIPE, SIG_DFL);
	if (input == -1 || dup2(input, STDIN_FILENO) == -1 || dup2(output, STDOUT_FILENO) == -1 ||
	    dup2(output, STDERR_FILENO) == -1 || (how->cwd != -1 && fchdir(how->cwd) == -1))
		_exit(NOT_FOUND);
	setenv("PATH", TOOL_PATH, 1);
	setenv("LC_ALL", "C", 1);
	if (how->tmpdir)
		setenv("TMPDIR", how->tmpdir, 1);
	if (how->uid == 0 || sys_drop(how->uid, how->uid, (const int[]){-1}) == 0)
		execvp(argv[0], (char **)(uintptr_t)argv);
	dprintf(STDERR_FILENO, "%s\n", strerror(errno));
	_exit(NOT_FOUND);
}

static volatile sig_atomic_t interrupted;

static void
on_interrupt(int signo)
{
	interrupted = signo;
}

void
tool_interruptible(bool yes)
{
	static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
	struct sigaction action = {
	    .sa_handler = yes ? on_interrupt : SIG_IGN}; /* no SA_RESTART: reading ends */

	interrupted = 0;
	for (size_t i = 0; i < sizeof(signals) / sizeof(*signals); i++)
		sigaction(signals[i], &action, NULL);
}

bool
tool_interrupted(void)
{
	return interrupted != 0;
}

/* Keeps the first bytes of a program's output, or the last. */
struct output {
	char text[TAIL_BYTES + 1];
	size_t n;
	bool first;
};

static void
output_add(struct output *output, const char *bytes, size_t n)
{
	size_t room = TAIL_BYTES - output->n;

	if (n > room && !output->first) {
		size_t over = n - room;

		memmove(output->text, output->text + over, output->n - over);
		output->n -= over;
		room = n;
	}
	if (n > room)
		n = room;
	memcpy(output->text + output->n, bytes, n);
	output->n += n;
	output->text[output->n] = '\0';
}

/* Until its end; an interrupt ends it, for what it makes is thrown away. */
static void
output_read(struct output *output, int fd, pid_t pid)
{
	struct pollfd from = {.fd = fd, .events = POLLIN};
	char bytes[TAIL_BYTES / 4];
	ssize_t n = 1;

	progress_draw(pid);
	while (n != 0) {
		if (interrupted)
			kill(pid, SIGKILL); /* unshare ignores the gentler ones */
		if (poll(&from, 1, PROGRESS_TICK_MS) != 1) {
			progress_draw(pid);
			continue;
		}
		n = read(fd, bytes, sizeof(bytes));
		if (n > 0)
			output_add(output, bytes, (size_t)n);
		else if (n == -1 && errno != EINTR)
			break;
	}
	progress_clear();
}

static void
output_log(struct output *output, const char *name)
{
	char *from = output->text + output->n;
	size_t lines = 0;

	while (from > output->text && (from[-1] != '\n' || ++lines <= TAIL_LINES))
		from--;
	for (char *line; (line = strsep(&from, "\n"));)
		if (*line)
			log_error("  %s: %s", name, line);
}

/* Its wait status, or -1 when it could not be started (logged). */
static int
run(const struct manner *how, const char *const argv[], struct output *output)
{
	int ends[2], status = -1;
	pid_t pid, parent = getpid();

	if (interrupted)
		return -1;
	if (pipe2(ends, O_CLOEXEC) == -1) {
		log_error("cannot start %s: %s", argv[0], remedy(errno, NULL));
		return -1;
	}
	pid = fork();
	if (pid == 0)
		become(parent, how, ends[1], argv);
	close(ends[1]);
	if (pid == -1) {
		log_error("cannot start %s: %s", argv[0], remedy(errno, NULL));
		close(ends[0]);
		return -1;
	}
	output_read(output, ends[0], pid);
	close(ends[0]);
	while (waitpid(pid, &status, 0) == -1 && errno == EINTR)
		;
	return status;
}

static int
result(int status, struct output *output, const char *const argv[])
{
	if (status == 0)
		return 0;
	if (interrupted)
		log_error("interrupted while %s ran; try again when it suits", argv[0]);
	if (status == -1 || interrupted)
		return -1;
	if (WIFSIGNALED(status))
		log_error("%s was killed by signal %d; the kernel's log (dmesg) says whether memory ran out",
		    argv[0], WTERMSIG(status));
	else if (WEXITSTATUS(status) == NOT_FOUND)
		log_error("%s cannot run; install what is missing with: sh pkg/setup run", argv[0]);
	else
		log_error("%s failed (exit %d):", argv[0], WEXITSTATUS(status));
	output_log(output, argv[0]);
	return -1;
}

int
tool_run(int cwd, const char *tmpdir, const char *const argv[])
{
	const struct manner how = {.cwd = cwd, .input = -1, .tmpdir = tmpdir};
	struct output output = {0};

	return result(run(&how, argv, &output), &output, argv);
}

int
tool_run_as(unsigned uid, int fd, const char *const argv[])
{
	const struct manner how = {.cwd = -1, .input = fd, .uid = uid};
	struct output output = {0};

	return result(run(&how, argv, &output), &output, argv);
}

int
tool_line(const char *const argv[], char *out, size_t room)
{
	const struct manner how = {.cwd = -1, .input = -1};
	struct output output = {.first = true};

	if (result(run(&how, argv, &output), &output, argv) == -1)
		return -1;
	output.text[strcspn(output.text, "\n")] = '\0';
	snprintf(out, room, "%s", output.text);
	return 0;
}

const char *
tool_path(char *out, const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(out, TOOL_PATH_MAX, format, args);
	va_end(args);
	if (n < 0 || n >= TOOL_PATH_MAX)
		out[0] = '\0';
	return out;
}
