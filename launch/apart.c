/* One thing tried in a child of its own; see apart.h. */
#include "launch/apart.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SECONDS = 10 }; /* no trial takes longer */

struct outcome
apart_try(unsigned long namespaces, apart_run *run, unsigned uid)
{
	static const struct outcome lost = {ECHILD, "a child of the trial's"};
	struct outcome outcome = lost;
	int fds[2];
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) == -1)
		return apart_failed("a pipe");
	pid = (pid_t)syscall(SYS_clone, namespaces | SIGCHLD, NULL, NULL, NULL, 0);
	if (pid == 0) {
		alarm(SECONDS);
		outcome = run(uid);
		_exit(write(fds[1], &outcome, sizeof(outcome)) != sizeof(outcome));
	}
	if (pid == -1)
		outcome.error = errno;
	close(fds[1]);
	if (pid != -1) {
		if (read(fds[0], &outcome, sizeof(outcome)) != sizeof(outcome))
			outcome = lost;
		while (waitpid(pid, NULL, 0) == -1 && errno == EINTR)
			;
	}
	close(fds[0]);
	return outcome;
}

struct outcome
apart_failed(const char *step)
{
	struct outcome outcome = {.error = errno};

	snprintf(outcome.step, sizeof(outcome.step), "%s", step);
	return outcome;
}
