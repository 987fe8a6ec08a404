/* The supervisor of the workers; see worker.h. */
#include "proxy/worker.h"
#include "base/log.h"
#include "proxy/life.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

struct worker {
	struct workers *all;
	unsigned number;
	pid_t pid; /* 0: none */
	bool ready;
	ev_child child;
	ev_timer repair;
	ev_io line; /* fd -1: none */
};

struct workers {
	struct ev_loop *loop;
	const struct workers_plan *plan;
	int text; /* the last rules as text, in memory that all share */
	uint64_t replaced;
	bool told_ready;
	unsigned n;
	struct worker list[SHARE_WORKERS_MAX];
};

static void worker_start(struct worker *);

static void
line_close(struct worker *w)
{
	if (w->line.fd == -1)
		return;
	ev_io_stop(w->all->loop, &w->line);
	close(w->line.fd);
	ev_io_set(&w->line, -1, EV_READ);
}

static void
on_line(struct ev_loop *loop, ev_io *io, int events)
{
	struct worker *w = io->data;
	struct workers *all = w->all;
	char word;
	unsigned ready = 0;

	(void)events;
	if (recv(io->fd, &word, 1, 0) != 1) {
		ev_io_stop(loop, io); /* on_child closes it */
		return;
	}
	w->ready = true;
	for (unsigned i = 0; i < all->n; i++)
		ready += all->list[i].ready;
	if (ready == all->n && !all->told_ready) {
		all->told_ready = true;
		all->plan->on_ready();
	}
}

static void
on_repair(struct ev_loop *loop, ev_timer *timer, int events)
{
	(void)loop, (void)events;
	worker_start(timer->data);
}

static void
on_child(struct ev_loop *loop, ev_child *child, int events)
{
	struct worker *w = child->data;

	(void)events;
	ev_child_stop(loop, child);
	log_error("worker %u (pid %d) died of %s %d; another one takes its place", w->number, (int)w->pid,
	    WIFSIGNALED(child->rstatus) ? "signal" : "exit",
	    WIFSIGNALED(child->rstatus) ? WTERMSIG(child->rstatus) : WEXITSTATUS(child->rstatus));
	w->pid = 0;
	line_close(w);
	share_clear(w->all->plan->share, w->number);
	w->all->replaced++;
	ev_timer_set(&w->repair, WORKER_REPAIR_MS / 1000.0, 0);
	ev_timer_start(loop, &w->repair);
}

/* Signals wait while there are two of us with the same handlers. */
static pid_t
fork_quietly(sigset_t *old)
{
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, old);
	return fork();
}

static void
worker_start(struct worker *w)
{
	sigset_t old;
	int line[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, line) == -1)
		goto later;
	w->all->plan->share->workers[w->number].generation = w->all->plan->share->generation;
	pid = fork_quietly(&old);
	if (pid == 0)
		life_run(w->all->plan, w->number, line[1], w->all->text);
	sigprocmask(SIG_SETMASK, &old, NULL);
	close(line[1]);
	if (pid == -1) {
		close(line[0]);
		goto later;
	}
	w->pid = pid;
	ev_io_set(&w->line, line[0], EV_READ);
	ev_io_start(w->all->loop, &w->line);
	ev_child_set(&w->child, pid, 0);
	ev_child_start(w->all->loop, &w->child);
	return;
later:
	log_error("worker %u does not start: %s", w->number, strerror(errno));
	ev_timer_set(&w->repair, WORKER_REPAIR_MS / 1000.0, 0);
	ev_timer_start(w->all->loop, &w->repair);
}

struct workers *
workers_start(struct ev_loop *loop, const struct workers_plan *plan)
{
	struct workers *all = calloc(1, sizeof(*all));

	if (!all)
		return NULL;
	all->loop = loop;
	all->plan = plan;
	all->n = plan->share->n_workers;
	share_seat(plan->share, plan->seats, plan->conf, plan->share->generation);
	all->text = memfd_create("lodge-proxy rules", MFD_CLOEXEC);
	if (all->text == -1) {
		free(all);
		return NULL;
	}
	for (unsigned i = 0; i < all->n; i++) {
		struct worker *w = &all->list[i];

		w->all = all;
		w->number = i;
		ev_io_init(&w->line, on_line, -1, EV_READ);
		ev_child_init(&w->child, on_child, 0, 0);
		ev_init(&w->repair, on_repair);
		w->line.data = w->child.data = w->repair.data = w;
		worker_start(w);
	}
	return all;
}

static int
write_rules(int fd, const struct conf *conf)
{
	int copy = dup(fd);
	FILE *out = copy == -1 ? NULL : fdopen(copy, "w");

	if (!out && copy != -1)
		close(copy);
	if (!out)
		return -1;
	if (ftruncate(fd, 0) == -1 || lseek(fd, 0, SEEK_SET) == -1) {
		fclose(out);
		return -1;
	}
	conf_print(conf, out);
	return fclose(out) == 0 ? 0 : -1;
}

int
workers_reload(struct workers *all)
{
	const char word = SAY_RELOAD;
	struct share *share = all->plan->share;

	__atomic_add_fetch(&share->writing, 1, __ATOMIC_SEQ_CST);
	if (write_rules(all->text, all->plan->conf) == -1)
		return -1;
	share_seat(share, all->plan->seats, all->plan->conf, share->writing);
	__atomic_store_n(&share->generation, share->writing, __ATOMIC_RELEASE);
	for (unsigned i = 0; i < all->n; i++)
		if (all->list[i].line.fd != -1 && send(all->list[i].line.fd, &word, 1, MSG_NOSIGNAL) == -1)
			log_warn("worker %u cannot be told the new rules: %s", i, strerror(errno));
	return 0;
}

void
workers_stop(struct workers *all)
{
	unsigned left = all->n;

	for (unsigned i = 0; i < all->n; i++) {
		ev_child_stop(all->loop, &all->list[i].child);
		ev_timer_stop(all->loop, &all->list[i].repair);
		line_close(&all->list[i]);
	}
	for (int ms = 0; ms < WORKER_STOP_MS && left > 0; ms += 10) {
		left = 0;
		for (unsigned i = 0; i < all->n; i++) {
			pid_t *pid = &all->list[i].pid;

			if (*pid && waitpid(*pid, NULL, WNOHANG) != 0)
				*pid = 0;
			left += *pid != 0;
		}
		if (left > 0)
			usleep(10000);
	}
	close(all->text);
	free(all);
}

int
workers_pid(const struct workers *all, unsigned worker)
{
	return (int)all->list[worker].pid;
}

uint64_t
workers_replaced(const struct workers *all)
{
	return all->replaced;
}
