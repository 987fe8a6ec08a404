/* Starts one guest's kernel in its jail; see spawn.h. */
#include "launch/spawn.h"
#include "base/remedy.h"
#include "base/sys.h"
#include "launch/filter.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { NAMESPACES = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWNET };

/* What the child says when the jail stands, with the folder's descriptor beside it; or what went wrong. */
struct report {
	int error;
	char step[LAUNCH_WHY - 64];
};

static int
send_report(int fd, const struct report *report, int run_fd)
{
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(int))];
	} control = {0};
	struct iovec iov = {(void *)report, sizeof(*report)};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};
	struct cmsghdr *c;

	if (run_fd != -1) {
		msg.msg_control = &control;
		msg.msg_controllen = sizeof(control);
		c = CMSG_FIRSTHDR(&msg);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(c), &run_fd, sizeof(int));
	}
	return sendmsg(fd, &msg, MSG_NOSIGNAL) == -1 ? -1 : 0;
}

/* The folder's descriptor, or -1 with the report's error. */
static int
receive_report(int fd, struct report *report)
{
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec iov = {report, sizeof(*report)};
	struct msghdr msg = {
	    .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control)};
	struct cmsghdr *c;
	ssize_t n;
	int run_fd = -1;

	while ((n = recvmsg(fd, &msg, MSG_CMSG_CLOEXEC)) == -1 && errno == EINTR)
		;
	if (n != sizeof(*report)) {
		*report = (struct report){.error = n == -1 ? errno : ECHILD, .step = "building the jail"};
		return -1;
	}
	c = CMSG_FIRSTHDR(&msg);
	if (c && c->cmsg_type == SCM_RIGHTS)
		memcpy(&run_fd, CMSG_DATA(c), sizeof(int));
	return run_fd;
}

static void
limit(int what, rlim_t value)
{
	struct rlimit now;

	if (getrlimit((__rlimit_resource_t)what, &now) == -1)
		return;
	if (value > now.rlim_max)
		value = now.rlim_max;
	setrlimit((__rlimit_resource_t)what, &(struct rlimit){value, value});
}

static void
limit_all(const struct spawn *spawn)
{
	if (spawn->file_bytes)
		limit(RLIMIT_FSIZE, spawn->file_bytes);
	limit(RLIMIT_CORE, 0);
	limit(RLIMIT_NOFILE, SPAWN_FILES);
	limit(RLIMIT_NPROC, SPAWN_PROCESSES);
	limit(RLIMIT_MEMLOCK, 0);
	limit(RLIMIT_MSGQUEUE, 0);
	limit(RLIMIT_RTPRIO, 0);
	limit(RLIMIT_NICE, 0);
}

static int
filter_calls(void)
{
	struct sock_filter code[FILTER_MAX];
	size_t n = filter_build(code);

	return n == 0 ? 0 : sys_filter(code, n, false);
}

/* For good: no identity but the guest's, no capability now or after any exec. */
static int
drop_all(unsigned uid)
{
	for (int cap = 0; prctl(PR_CAPBSET_READ, cap, 0, 0, 0) >= 0; cap++)
		if (prctl(PR_CAPBSET_READ, cap, 0, 0, 0) == 1 && prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) == -1)
			return -1;
	if (setgroups(0, NULL) == -1 || setresgid(uid, uid, uid) == -1 || setresuid(uid, uid, uid) == -1)
		return -1;
	/* The reaper holds what the launcher held; fs.suid_dumpable could let the guest's uid trace it. */
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == -1)
		return -1;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1 || filter_calls() == -1)
		return -1;
	return prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0); /* setresuid cleared it */
}

/* The kernel's own descriptors: 0, 1, 2 the console, CMDLINE_TAP_FD the tap. */
static int
take_descriptors(const struct spawn *spawn)
{
	int console = fcntl(spawn->console_fd, F_DUPFD_CLOEXEC, CMDLINE_TAP_FD + 1);
	int tap = spawn->tap_fd == -1 ? -1 : fcntl(spawn->tap_fd, F_DUPFD_CLOEXEC, CMDLINE_TAP_FD + 1);

	if (console == -1 || (spawn->tap_fd != -1 && tap == -1))
		return -1;
	if (tap != -1 && dup2(tap, CMDLINE_TAP_FD) == -1)
		return -1;
	for (int fd = 0; fd <= 2; fd++)
		if (dup2(console, fd) == -1)
			return -1;
	return (int)syscall(SYS_close_range, CMDLINE_TAP_FD + (tap != -1), ~0U, 0);
}

_Noreturn static void
run_kernel(const struct spawn *spawn)
{
	if (take_descriptors(spawn) == -1 || setsid() == -1 || chdir(JAIL_RUN) == -1)
		_exit(126);
	/* Its own terminal: so it hears of a new size of the window. */
	ioctl(STDIN_FILENO, TIOCSCTTY, 0);
	signal(SIGXFSZ, SIG_IGN); /* a write beyond the ceiling fails, and kills nobody */
	/* Newer kernels want their own addresses fixed, and would look for themselves in /proc to do it. */
	personality(ADDR_NO_RANDOMIZE);
	execve(JAIL_KERNEL, spawn->words->words, spawn->environment->words);
	_exit(127);
}

/* Process 1: holds nothing, waits for the kernel, buries the rest. */
_Noreturn static void
run_reaper(const struct spawn *spawn)
{
	pid_t kernel = fork(), pid;
	int status;

	if (kernel == 0)
		run_kernel(spawn);
	if (kernel == -1)
		_exit(126);
	syscall(SYS_close_range, 0, ~0U, 0);
	while ((pid = wait(&status)) != kernel)
		if (pid == -1 && errno != EINTR)
			_exit(126);
	_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}

static void
be_alone_on(int cpu)
{
	cpu_set_t set;

	if (cpu < 0 || cpu >= CPU_SETSIZE)
		return;
	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	sched_setaffinity(0, sizeof(set), &set);
}

/* A host without memory ends a guest before what serves all of them. */
static void
go_first(void)
{
	int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

	if (fd == -1)
		return;
	if (dprintf(fd, "%d", SPAWN_OOM_SCORE) < 0)
		errno = 0;
	close(fd);
}

static int
prepare(const struct spawn *spawn, const char **step)
{
	int run_fd;

	for (int s = 1; s < NSIG; s++)
		signal(s, SIG_DFL);
	sigprocmask(SIG_SETMASK, &(sigset_t){0}, NULL);
	*step = "joining the cgroup";
	for (size_t i = 0; spawn->cgroup && i < spawn->cgroup->n; i++)
		if (write(spawn->cgroup->fds[i], "0", 1) != 1)
			return -1;
	be_alone_on(spawn->cpu);
	go_first();
	*step = "naming the guest";
	if (sethostname(spawn->hostname, strlen(spawn->hostname)) == -1)
		return -1;
	run_fd = jail_enter(spawn->jail, step);
	if (run_fd == -1)
		return -1;
	limit_all(spawn);
	*step = "giving up privilege";
	return drop_all(spawn->uid) == -1 ? -1 : run_fd;
}

_Noreturn static void
run_child(const struct spawn *spawn, int report_fd)
{
	const char *step = "starting";
	struct report report = {0};
	char go;
	int run_fd = prepare(spawn, &step);

	if (run_fd == -1)
		report.error = errno;
	snprintf(report.step, sizeof(report.step), "%s", step);
	/* The answer also says that the launcher lived when the death signal was set. */
	if (send_report(report_fd, &report, run_fd) == -1 || run_fd == -1 || read(report_fd, &go, 1) != 1)
		_exit(126);
	run_reaper(spawn);
}

int
spawn_guest(const struct spawn *spawn, struct spawned *out, char *why)
{
	struct report report;
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == -1) {
		launch_why(why, "a socket pair: %s", remedy(errno, NULL));
		return -1;
	}
	out->pid = (pid_t)syscall(SYS_clone, NAMESPACES | SIGCHLD, NULL, NULL, NULL, 0);
	if (out->pid == 0) {
		close(pair[0]);
		run_child(spawn, pair[1]);
	}
	close(pair[1]);
	if (out->pid == -1) {
		launch_why(why, "new namespaces: %s; is this root, with CAP_SYS_ADMIN?", strerror(errno));
		close(pair[0]);
		return -1;
	}
	out->run_fd = receive_report(pair[0], &report);
	if (out->run_fd != -1 && send(pair[0], "", 1, MSG_NOSIGNAL) == 1) {
		close(pair[0]);
		return 0;
	}
	report.step[sizeof(report.step) - 1] = '\0';
	launch_why(why, "jail: %s: %s; lodge doctor says what this host forbids", report.step,
	    strerror(report.error));
	close(pair[0]);
	if (out->run_fd != -1)
		close(out->run_fd);
	kill(out->pid, SIGKILL);
	while (waitpid(out->pid, NULL, 0) == -1 && errno == EINTR)
		;
	return -1;
}
