/* All the programs that `lodge up` runs: who is ready, whose turn it is; see job.h. */
#include "base/log.h"
#include "base/sys.h"
#include "cli/job.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

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
	/* A launcher's guest that is tried again: for who only waits, not for us. */
	if (strstr(text, "\nSTATUS=not up"))
		return;
	for (size_t i = 0; i < jobs->n; i++)
		if (job_alive(jobs->list[i]) && jobs->list[i]->pid == cred.pid)
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
	job_init(job, jobs, name, argv);
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

		if (*job_state(job) == JOB_IDLE) {
			job_start(job);
		} else if (*job_state(job) == JOB_WAITING) {
			ev_timer_stop(jobs->loop, &job->timer);
			*job_state(job) = JOB_OVER;
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
		if ((jobs->list[i]->told || jobs->order[i].at_stop) && job_alive(jobs->list[i]))
			kill(jobs->list[i]->pid, SIGKILL);
}
