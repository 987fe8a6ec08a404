/* One program that `lodge up` runs; see job.h. */
#include "cli/job.h"
#include "base/log.h"
#include "base/remedy.h"
#include "base/sys.h"

#include <errno.h>
#include <grp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum job_state *
job_state(struct job *job)
{
	return &job->jobs->order[job->index].state;
}

bool
job_alive(struct job *job)
{
	return *job_state(job) == JOB_STARTING || *job_state(job) == JOB_READY;
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
		fatal("%s: cannot become group %u: %s", job->name, job->gid, remedy(errno, NULL));
	if (job->uid && setresuid(job->uid, job->uid, job->uid) == -1)
		fatal("%s: cannot become user %u: %s", job->name, job->uid, remedy(errno, NULL));
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		_exit(EXIT_SYSTEM);
	execvp(job->argv[0], job->argv);
	log_error("%s: cannot run %s: %s; install it, sh pkg/setup run in the source does", job->name,
	    job->argv[0], strerror(errno));
	_exit(127);
}

void
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
		log_error("%s: cannot fork: %s", job->name, remedy(errno, NULL));
		*job_state(job) = JOB_WAITING;
		ev_timer_set(&job->timer, order_backoff(job->failures++), 0);
		ev_timer_start(job->jobs->loop, &job->timer);
		return;
	}
	job->pid = pid;
	job->told = job->reload_due = job->renewed = false;
	job->since = ev_now(job->jobs->loop);
	*job_state(job) = JOB_STARTING;
	ev_child_set(&job->child, pid, 0);
	ev_child_start(job->jobs->loop, &job->child);
	log_debug("%s: started as %d", job->name, pid);
}

void
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
	if (job->renewed && !jobs->stopping) {
		job_start(job);
		return;
	}
	if (!job->told && (w->rstatus != 0 || !jobs->order[job->index].once))
		log_warn("%s ended: %s", job->name, end_words(w->rstatus, words, sizeof(words)));
	if (job->vital && !job->proven && !jobs->stopping) {
		*job_state(job) = JOB_OVER;
		jobs_stop(jobs, WIFEXITED(w->rstatus) && WEXITSTATUS(w->rstatus) == EXIT_INPUT ? EXIT_INPUT
											       : EXIT_SYSTEM);
		return;
	}
	if (jobs->stopping || stays_down(job, w->rstatus)) {
		*job_state(job) = JOB_OVER;
		jobs->on_over(jobs);
	} else {
		if (ev_now(loop) - job->since > JOB_STEADY_SECONDS)
			job->failures = 0;
		*job_state(job) = JOB_WAITING;
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
	if (job_alive(job)) {
		log_warn("%s does not end, killing it", job->name);
		kill(job->pid, SIGKILL);
	} else if (*job_state(job) == JOB_WAITING) {
		job_start(job);
	}
}

void
job_ready(struct job *job)
{
	if (*job_state(job) != JOB_STARTING)
		return;
	*job_state(job) = JOB_READY;
	job->proven = true;
	if (job->reload_due)
		kill(job->pid, SIGHUP);
	job->reload_due = false;
	log_info("%s is ready (%.1f s)", job->name, ev_now(job->jobs->loop) - job->since);
	jobs_advance(job->jobs);
}

void
job_init(struct job *job, struct jobs *jobs, const char *name, const char *const argv[])
{
	job->jobs = jobs;
	job->patience_s = JOB_STOP_SECONDS;
	job->name = strdup(name);
	for (size_t k = 0; k < JOB_ARGS - 1 && argv[k]; k++)
		job->argv[k] = strdup(argv[k]);
	ev_child_init(&job->child, on_child, 0, 0);
	ev_timer_init(&job->timer, on_timer, 0, 0);
	job->child.data = job->timer.data = job;
}

void
job_clear(struct job *job)
{
	for (size_t k = 0; job->argv[k]; k++)
		free(job->argv[k]);
	free(job->name);
	*job = (struct job){0};
}

bool
job_end(struct job *job)
{
	if (job_alive(job)) {
		job_tell(job);
		return false;
	}
	ev_timer_stop(job->jobs->loop, &job->timer);
	*job_state(job) = JOB_OVER;
	return true;
}

void
job_reload(struct job *job)
{
	if (!job_alive(job))
		return;
	kill(job->pid, SIGHUP);
	job->reload_due = *job_state(job) == JOB_STARTING;
}

void
job_renew(struct job *job)
{
	if (!job_alive(job) || job->told)
		return;
	job->renewed = true;
	job_tell(job);
}
