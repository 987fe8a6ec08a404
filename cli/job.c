/* The programs that `lodge up` runs; see job.h. */
#include "cli/job.h"
#include "base/log.h"
#include "base/sys.h"

#include <errno.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static enum job_state *
state_of(struct job *job)
{
	return &job->jobs->order[job->index].state;
}

static bool
alive(struct job *job)
{
	return *state_of(job) == JOB_STARTING || *state_of(job) == JOB_READY;
}

/*
 * In the child, while signals wait: from here on they are its own, not handled as ours. A Ctrl-C so far was meant
 * for us alone, and a SIGHUP is nothing to die of before the program listens to it.
 */
static void
own_signals(bool daemon)
{
	sigset_t none;

	setpgid(0, 0);
	signal(SIGINT, SIG_IGN);
	signal(SIGINT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	signal(SIGPIPE, SIG_DFL);
	signal(SIGHUP, daemon ? SIG_IGN : SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* In the child: own group, own signals, gone when we are gone. */
static _Noreturn void
become(struct job *job, pid_t parent)
{
	own_signals(!job->jobs->order[job->index].once);
	setenv("NOTIFY_SOCKET", job->jobs->notify_path, 1);
	if (job->gid && (setgroups(0, NULL) == -1 || setresgid(job->gid, job->gid, job->gid) == -1))
		fatal("%s: cannot become group %u: %s", job->name, job->gid, strerror(errno));
	if (job->uid && setresuid(job->uid, job->uid, job->uid) == -1)
		fatal("%s: cannot become user %u: %s", job->name, job->uid, strerror(errno));
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		_exit(EXIT_SYSTEM);
	execvp(job->argv[0], job->argv);
	log_error("%s: cannot run %s: %s; is it installed?", job->name, job->argv[0], strerror(errno));
	_exit(127);
}

static void
job_start(struct job *job)
{
	pid_t parent = getpid(), pid;
	sigset_t all, old;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &old);
	pid = fork();
	if (pid == 0)
		become(job, parent);
	sigprocmask(SIG_SETMASK, &old, NULL);
	if (pid == -1) {
		log_error("%s: cannot fork: %s", job->name, strerror(errno));
		*state_of(job) = JOB_WAITING;
		ev_timer_set(&job->timer, order_backoff(job->failures++), 0);
		ev_timer_start(job->jobs->loop, &job->timer);
		return;
	}
	job->pid = pid;
	job->told = job->reload_due = false;
	job->since = ev_now(job->jobs->loop);
	*state_of(job) = JOB_STARTING;
	ev_child_set(&job->child, pid, 0);
	ev_child_start(job->jobs->loop, &job->child);
	log_debug("%s: started as %d", job->name, pid);
}

static void
job_tell(struct job *job)
{
	if (job->told)
		return;
	job->told = true;
	kill(job->pid, SIGTERM);
	ev_timer_stop(job->jobs->loop, &job->timer);
	ev_timer_set(&job->timer, job->patience_s, 0);
	ev_timer_start(job->jobs->loop, &job->timer);
}

static const char *
end_words(int status, char *out, size_t room)
{
	if (WIFSIGNALED(status))
		snprintf(
		    out, room, "killed by signal %d (%s)", WTERMSIG(status), strsignal(WTERMSIG(status)));
	else
		snprintf(out, room, "exit %d", WEXITSTATUS(status));
	return out;
}

/* A task that ended, an end that was asked for, or input that no restart mends: it stays down. */
static bool
stays_down(struct job *job, int status)
{
	return job->told || job->jobs->order[job->index].once ||
	       (WIFEXITED(status) && (WEXITSTATUS(status) == EXIT_DONE || WEXITSTATUS(status) == EXIT_INPUT));
}

static void
on_child(struct ev_loop *loop, ev_child *w, int events)
{
	struct job *job = w->data;
	struct jobs *jobs = job->jobs;
	char words[64];

	(void)events;
	ev_child_stop(loop, w);
	ev_timer_stop(loop, &job->timer);
	if (!job->told && (w->rstatus != 0 || !jobs->order[job->index].once))
		log_warn("%s ended: %s", job->name, end_words(w->rstatus, words, sizeof(words)));
	if (job->vital && !job->proven && !jobs->stopping) {
		*state_of(job) = JOB_OVER;
		jobs_stop(jobs, WIFEXITED(w->rstatus) && WEXITSTATUS(w->rstatus) == EXIT_INPUT ? EXIT_INPUT
											       : EXIT_SYSTEM);
		return;
	}
	if (jobs->stopping || stays_down(job, w->rstatus)) {
		*state_of(job) = JOB_OVER;
		jobs->on_over(jobs);
	} else {
		if (ev_now(loop) - job->since > JOB_STEADY_SECONDS)
			job->failures = 0;
		*state_of(job) = JOB_WAITING;
		ev_timer_set(&job->timer, order_backoff(job->failures++), 0);
		ev_timer_start(loop, &job->timer);
	}
	jobs_advance(jobs);
}

/* The pause before a restart is over, or the patience with an end that was asked for. */
static void
on_timer(struct ev_loop *loop, ev_timer *w, int events)
{
	struct job *job = w->data;

	(void)loop, (void)events;
	if (alive(job)) {
		log_warn("%s does not end, killing it", job->name);
		kill(job->pid, SIGKILL);
	} else if (*state_of(job) == JOB_WAITING) {
		job_start(job);
	}
}

static void
job_ready(struct job *job)
{
	if (*state_of(job) != JOB_STARTING)
		return;
	*state_of(job) = JOB_READY;
	job->proven = true;
	if (job->reload_due)
		kill(job->pid, SIGHUP);
	job->reload_due = false;
	log_info("%s is ready (%.1f s)", job->name, ev_now(job->jobs->loop) - job->since);
	jobs_advance(job->jobs);
}

static void
on_notify(struct ev_loop *loop, ev_io *w, int events)
{
	struct jobs *jobs = w->data;
	char text[1024], control[CMSG_SPACE(sizeof(struct ucred))];
	struct iovec iov = {text, sizeof(text) - 1};
	struct msghdr msg = {
	    .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)};
	ssize_t n = recvmsg(w->fd, &msg, MSG_CMSG_CLOEXEC);
	struct cmsghdr *c = n > 0 ? CMSG_FIRSTHDR(&msg) : NULL;
	struct ucred cred;

	(void)loop, (void)events;
	if (!c || c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_CREDENTIALS)
		return;
	memcpy(&cred, CMSG_DATA(c), sizeof(cred));
	text[n] = '\0';
	if (strncmp(text, "READY=1", 7) != 0 && !strstr(text, "\nREADY=1"))
		return;
	for (size_t i = 0; i < jobs->n; i++)
		if (alive(jobs->list[i]) && jobs->list[i]->pid == cred.pid)
			job_ready(jobs->list[i]);
}

int
jobs_open(struct jobs *jobs, struct ev_loop *loop, const char *notify_path)
{
	struct sockaddr_un sa;
	int on = 1, saved;

	*jobs = (struct jobs){.loop = loop};
	if (sys_unix(notify_path, &sa) == -1)
		return -1;
	jobs->notify_fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (jobs->notify_fd == -1)
		return -1;
	unlink(notify_path);
	/* Whoever dropped its privilege must still be able to say READY; who it is, the kernel says. */
	if (setsockopt(jobs->notify_fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)) == -1 ||
	    bind(jobs->notify_fd, (struct sockaddr *)&sa, sizeof(sa)) == -1 ||
	    chmod(notify_path, 0666) == -1) {
		saved = errno;
		close(jobs->notify_fd);
		errno = saved;
		return -1;
	}
	jobs->notify_path = strdup(notify_path);
	ev_io_init(&jobs->notify, on_notify, jobs->notify_fd, EV_READ);
	jobs->notify.data = jobs;
	ev_io_start(loop, &jobs->notify);
	return jobs->notify_path ? 0 : -1;
}

static void
job_clear(struct job *job)
{
	for (size_t k = 0; job->argv[k]; k++)
		free(job->argv[k]);
	free(job->name);
	*job = (struct job){0};
}

void
jobs_close(struct jobs *jobs)
{
	ev_io_stop(jobs->loop, &jobs->notify);
	close(jobs->notify_fd);
	unlink(jobs->notify_path);
	free(jobs->notify_path);
	for (size_t i = 0; i < jobs->n; i++) {
		job_clear(jobs->list[i]);
		free(jobs->list[i]);
	}
}

/* Room for one more: that of a job which is over, or a new one. */
static struct job *
job_room(struct jobs *jobs)
{
	for (size_t i = 0; i < jobs->n; i++) {
		if (jobs->order[i].state != JOB_OVER)
			continue;
		job_clear(jobs->list[i]);
		jobs->list[i]->index = i;
		return jobs->list[i];
	}
	if (jobs->n == JOBS_MAX)
		return NULL;
	jobs->list[jobs->n] = calloc(1, sizeof(struct job));
	if (jobs->list[jobs->n])
		jobs->list[jobs->n]->index = jobs->n;
	return jobs->list[jobs->n] ? jobs->list[jobs->n++] : NULL;
}

struct job *
job_add(struct jobs *jobs, const char *name, struct order order, const char *const argv[])
{
	struct job *job = job_room(jobs);

	if (!job)
		return NULL;
	job->jobs = jobs;
	job->patience_s = JOB_STOP_SECONDS;
	job->name = strdup(name);
	for (size_t k = 0; argv[k] && k < JOB_ARGS - 1; k++)
		job->argv[k] = strdup(argv[k]);
	ev_child_init(&job->child, on_child, 0, 0);
	ev_timer_init(&job->timer, on_timer, 0, 0);
	job->child.data = job->timer.data = job;
	jobs->order[job->index] = order;
	return job;
}

struct job *
job_find(struct jobs *jobs, const char *name)
{
	for (size_t i = 0; i < jobs->n; i++)
		if (strcmp(jobs->list[i]->name, name) == 0 && jobs->order[i].state != JOB_OVER)
			return jobs->list[i];
	return NULL;
}

static void
advance_down(struct jobs *jobs)
{
	static size_t turn[JOBS_MAX];
	size_t n = order_stop(jobs->order, jobs->n, turn);
	bool again = false;

	for (size_t i = 0; i < n; i++) {
		struct job *job = jobs->list[turn[i]];

		if (*state_of(job) == JOB_IDLE) {
			job_start(job);
		} else if (*state_of(job) == JOB_WAITING) {
			ev_timer_stop(jobs->loop, &job->timer);
			*state_of(job) = JOB_OVER;
			again = true;
		} else if (!jobs->order[job->index].at_stop) {
			job_tell(job);
		}
	}
	if (n == 0)
		sys_stop(jobs->loop);
	else if (again)
		advance_down(jobs);
}

void
jobs_advance(struct jobs *jobs)
{
	static size_t turn[JOBS_MAX];
	size_t n;

	if (jobs->stopping) {
		advance_down(jobs);
		return;
	}
	n = order_start(jobs->order, jobs->n, turn);
	for (size_t i = 0; i < n; i++)
		job_start(jobs->list[turn[i]]);
	if (!jobs->announced && order_complete(jobs->order, jobs->n)) {
		jobs->announced = true;
		jobs->on_up(jobs);
	}
}

void
jobs_stop(struct jobs *jobs, int status)
{
	if (!jobs->stopping) {
		jobs->stopping = true;
		jobs->status = status;
		jobs_advance(jobs);
		return;
	}
	log_warn("in a hurry: killing what has not ended yet");
	for (size_t i = 0; i < jobs->n; i++)
		if ((jobs->list[i]->told || jobs->order[i].at_stop) && alive(jobs->list[i]))
			kill(jobs->list[i]->pid, SIGKILL);
}

bool
job_end(struct job *job)
{
	if (alive(job)) {
		job_tell(job);
		return false;
	}
	ev_timer_stop(job->jobs->loop, &job->timer);
	*state_of(job) = JOB_OVER;
	return true;
}

void
job_reload(struct job *job)
{
	if (!alive(job))
		return;
	kill(job->pid, SIGHUP);
	job->reload_due = *state_of(job) == JOB_STARTING;
}
