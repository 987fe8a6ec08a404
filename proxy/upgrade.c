/* A new program takes this one's place; see upgrade.h. */
#include "proxy/upgrade.h"
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static char path[PATH_MAX]; /* "": not known */
static char **arguments;

static struct {
	pid_t pid; /* of the program that checks; 0: none */
	int words; /* what it wrote */
	ev_child child;
	ev_timer limit;
	void (*on_good)(void *);
	void *arg;
} asked;

void
upgrade_learn(char **argv)
{
	static const int held[] = {SIGHUP, SIGUSR2, SIGQUIT};
	const char *started = (const char *)(uintptr_t)getauxval(AT_EXECFN);
	char cwd[PATH_MAX];
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < sizeof(held) / sizeof(held[0]); i++)
		sigaddset(&set, held[i]);
	sigprocmask(SIG_SETMASK, &set, NULL);
	arguments = argv;
	if (!started || (started[0] != '/' && !getcwd(cwd, sizeof(cwd))))
		return;
	if (snprintf(path, sizeof(path), "%s%s%s", started[0] == '/' ? "" : cwd, started[0] == '/' ? "" : "/",
		started) >= (int)sizeof(path))
		path[0] = '\0';
}

void
upgrade_hear(void)
{
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Whatever there is; but the log goes on. */
static void
close_handed_over(void)
{
	unsigned first = STDERR_FILENO + 1, log = (unsigned)log_descriptor();

	if (log > first)
		close_range(first, log - 1, 0);
	close_range(log < first ? first : log + 1, ~0u, 0);
}

void
upgrade_receive(struct handover *h)
{
	const char *text = getenv(UPGRADE_VARIABLE);
	bool ours = text && handover_parse(span_str(text), h) == 0 && h->pid == getpid();

	if (text && !ours && h->pid == 0) {
		log_error("what was handed over is not understood: the old workers end, and all begins anew");
		close_handed_over();
		unsetenv("LISTEN_FDS");
	}
	if (!ours)
		handover_free(h);
	unsetenv(UPGRADE_VARIABLE);
}

static void
first_line(int fd, char *line, size_t room)
{
	ssize_t n = pread(fd, line, room - 1, 0);

	line[n > 0 ? n : 0] = '\0';
	line[strcspn(line, "\n")] = '\0';
}

static void
on_checked(struct ev_loop *loop, ev_child *child, int events)
{
	int status = child->rstatus;
	char line[512];

	(void)events;
	ev_child_stop(loop, child);
	ev_timer_stop(loop, &asked.limit);
	asked.pid = 0;
	first_line(asked.words, line, sizeof(line));
	close(asked.words);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		asked.on_good(asked.arg);
	else
		log_error("upgrade refused: %s -n: %s %d%s%s", path, WIFSIGNALED(status) ? "signal" : "exit",
		    WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status), line[0] ? ": " : "", line);
}

static void
on_limit(struct ev_loop *loop, ev_timer *timer, int events)
{
	(void)loop, (void)timer, (void)events;
	kill(asked.pid, SIGKILL);
}

_Noreturn static void
check(const char *file)
{
	int null = open("/dev/null", O_RDWR);
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (null != -1 && dup2(null, STDIN_FILENO) != -1 && dup2(null, STDOUT_FILENO) != -1 &&
	    dup2(asked.words, STDERR_FILENO) != -1)
		execl(path, arguments[0], "-n", "-c", file, (char *)NULL);
	dprintf(STDERR_FILENO, "%s\n", strerror(errno));
	_exit(127);
}

void
upgrade_ask(struct ev_loop *loop, const char *file, void (*on_good)(void *), void *arg)
{
	if (asked.pid)
		return;
	if (!path[0]) {
		log_error("upgrade refused: it is not known which file this program was started from");
		return;
	}
	asked.words = memfd_create("lodge-proxy check", MFD_CLOEXEC);
	asked.pid = asked.words == -1 ? -1 : fork();
	if (asked.pid == 0)
		check(file);
	if (asked.pid == -1) {
		log_error("upgrade refused: %s", strerror(errno));
		asked.pid = 0;
		if (asked.words != -1)
			close(asked.words);
		return;
	}
	asked.on_good = on_good;
	asked.arg = arg;
	ev_child_init(&asked.child, on_checked, asked.pid, 0);
	ev_child_start(loop, &asked.child);
	ev_timer_init(&asked.limit, on_limit, UPGRADE_CHECK_S, 0);
	ev_timer_start(loop, &asked.limit);
}

static void
keep_over_exec(const struct handover *h, bool keep)
{
	int flags = keep ? 0 : FD_CLOEXEC;

	if (h->share != -1)
		fcntl(h->share, F_SETFD, flags);
	for (size_t i = 0; i < h->n_listen; i++)
		fcntl(h->listen[i].fd, F_SETFD, flags);
	for (size_t i = 0; i < h->n_workers; i++) {
		if (h->workers[i].line != -1)
			fcntl(h->workers[i].line, F_SETFD, flags);
		if (h->workers[i].inbox != -1)
			fcntl(h->workers[i].inbox, F_SETFD, flags);
	}
}

void
upgrade_go(const struct handover *h)
{
	char *text = handover_print(h);
	sigset_t all, old;
	int saved = ENOMEM;

	if (text && setenv(UPGRADE_VARIABLE, text, 1) == 0) {
		sigfillset(&all);
		sigprocmask(SIG_SETMASK, &all, &old);
		keep_over_exec(h, true);
		execv(path, arguments);
		saved = errno;
		keep_over_exec(h, false);
		sigprocmask(SIG_SETMASK, &old, NULL);
		unsetenv(UPGRADE_VARIABLE);
	}
	free(text);
	errno = saved;
}
