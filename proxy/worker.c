/* The supervisor of the workers; see worker.h. */
#include "proxy/worker.h"
#include "base/log.h"
#include "proxy/inbox.h"
#include "proxy/life.h"
#include "proxy/rules.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

struct worker {
	struct workers *all;
	unsigned slot;
	enum worker_state state;
	pid_t pid; /* 0: none */
	bool ready;
	ev_child child;
	ev_timer repair;
	ev_io line; /* fd -1: none */
};

struct workers {
	struct ev_loop *loop;
	const struct workers_plan *plan;
	int text; /* the last rules, in memory that all share */
	uint64_t replaced;
	bool told_ready;
	ev_timer deadline; /* who drains longer does not hear */
	void (*on_end)(void *);
	void *arg;
	struct inboxes inboxes; /* of each slot's */
	struct worker list[SHARE_SLOTS];
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
tell(struct worker *w, char word)
{
	if (w->line.fd != -1 && send(w->line.fd, &word, 1, MSG_NOSIGNAL) == -1)
		log_warn("worker %u cannot be told '%c': %s", w->slot, word, strerror(errno));
}

static unsigned
count(const struct workers *all, enum worker_state state)
{
	unsigned n = 0;

	for (unsigned i = 0; i < SHARE_SLOTS; i++)
		n += all->list[i].state == state;
	return n;
}

/* First their lines end, which stops them; who does not hear is killed. */
static void
on_deadline(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct workers *all = timer->data;
	bool late = false;

	(void)events;
	for (unsigned i = 0; i < SHARE_SLOTS; i++) {
		struct worker *w = &all->list[i];

		if (w->state != WORKER_DRAINS || !w->pid)
			continue;
		late = true;
		if (w->line.fd == -1) {
			log_warn("worker %u (pid %d) did not end in time: killed", i, (int)w->pid);
			kill(w->pid, SIGKILL);
		}
		line_close(w);
	}
	if (!late)
		return;
	ev_timer_set(timer, WORKER_STOP_MS / 1000.0, 0);
	ev_timer_start(loop, timer);
}

static void
drain(struct workers *all, enum worker_state which, char word)
{
	for (unsigned i = 0; i < SHARE_SLOTS; i++) {
		struct worker *w = &all->list[i];

		if (w->state != which)
			continue;
		ev_timer_stop(all->loop, &w->repair);
		w->state = w->pid ? WORKER_DRAINS : WORKER_NONE;
		tell(w, word);
	}
	ev_timer_stop(all->loop, &all->deadline);
	ev_timer_set(&all->deadline, all->plan->conf->proxy.drain_ms / 1000.0, 0);
	ev_timer_start(all->loop, &all->deadline);
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
	for (unsigned i = 0; i < all->plan->n_slots; i++)
		ready += all->list[all->plan->slots[i]].ready;
	if (ready < all->plan->n_slots || all->told_ready)
		return;
	all->told_ready = true;
	all->plan->on_ready();
	drain(all, WORKER_OLD, SAY_DRAIN);
}

static void
on_repair(struct ev_loop *loop, ev_timer *timer, int events)
{
	(void)loop, (void)events;
	worker_start(timer->data);
}

static void
log_death(const struct worker *w, int status)
{
	const char *of = WIFSIGNALED(status) ? "signal" : "exit";
	int code = WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status);

	if (w->state == WORKER_SERVES)
		log_error("worker %u (pid %d) died of %s %d; another one takes its place", w->slot,
		    (int)w->pid, of, code);
	else if (status != 0)
		log_error("draining worker %u (pid %d) died of %s %d", w->slot, (int)w->pid, of, code);
	else
		log_debug("worker %u (pid %d) is drained", w->slot, (int)w->pid);
}

static void
on_child(struct ev_loop *loop, ev_child *child, int events)
{
	struct worker *w = child->data;
	struct workers *all = w->all;

	(void)events;
	ev_child_stop(loop, child);
	log_death(w, child->rstatus);
	w->pid = 0;
	line_close(w);
	share_clear(all->plan->share, w->slot);
	if (w->state == WORKER_SERVES) {
		all->replaced++;
		ev_timer_set(&w->repair, WORKER_REPAIR_MS / 1000.0, 0);
		ev_timer_start(loop, &w->repair);
		return;
	}
	w->state = WORKER_NONE;
	inboxes_close(&all->inboxes, w->slot);
	if (count(all, WORKER_DRAINS) == 0)
		ev_timer_stop(loop, &all->deadline);
	if (all->on_end && count(all, WORKER_DRAINS) == 0)
		all->on_end(all->arg);
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
worker_watch(struct worker *w, pid_t pid, int line)
{
	w->pid = pid;
	ev_io_set(&w->line, line, EV_READ);
	ev_io_start(w->all->loop, &w->line);
	ev_child_set(&w->child, pid, 0);
	ev_child_start(w->all->loop, &w->child);
}

static void
worker_start(struct worker *w)
{
	sigset_t old;
	int line[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, line) == -1)
		goto later;
	share_seize(w->all->plan->share, w->slot);
	pid = fork_quietly(&old);
	if (pid == 0)
		life_run(w->all->plan, &w->all->inboxes, w->slot, line[1], w->all->text);
	sigprocmask(SIG_SETMASK, &old, NULL);
	close(line[1]);
	if (pid == -1) {
		close(line[0]);
		goto later;
	}
	worker_watch(w, pid, line[0]);
	return;
later:
	log_error("worker %u does not start: %s", w->slot, strerror(errno));
	ev_timer_set(&w->repair, WORKER_REPAIR_MS / 1000.0, 0);
	ev_timer_start(w->all->loop, &w->repair);
}

/* Is it alive, and ours? A line to anybody else is closed. */
static void
worker_adopt(struct workers *all, const struct handover_worker *old)
{
	struct worker *w = &all->list[old->slot];

	if (waitpid(old->pid, NULL, WNOHANG) == 0 && fcntl(old->line, F_SETFD, FD_CLOEXEC) == 0) {
		if (old->inbox != -1 && fcntl(old->inbox, F_SETFD, FD_CLOEXEC) == 0)
			all->inboxes.out[old->slot] = old->inbox;
		w->state = WORKER_OLD;
		worker_watch(w, old->pid, old->line);
		return;
	}
	log_warn("old worker %u (pid %d) is gone", old->slot, old->pid);
	close(old->line);
	if (old->inbox != -1)
		close(old->inbox);
	share_clear(all->plan->share, old->slot);
}

static void
init(struct workers *all)
{
	inboxes_clear(&all->inboxes);
	ev_init(&all->deadline, on_deadline);
	all->deadline.data = all;
	for (unsigned i = 0; i < SHARE_SLOTS; i++) {
		struct worker *w = &all->list[i];

		w->all = all;
		w->slot = i;
		ev_io_init(&w->line, on_line, -1, EV_READ);
		ev_child_init(&w->child, on_child, 0, 0);
		ev_init(&w->repair, on_repair);
		w->line.data = w->child.data = w->repair.data = w;
	}
}

struct workers *
workers_start(struct ev_loop *loop, const struct workers_plan *plan)
{
	struct workers *all = calloc(1, sizeof(*all));

	if (!all)
		return NULL;
	all->loop = loop;
	all->plan = plan;
	share_seat(plan->share, plan->seats, plan->conf, plan->share->generation);
	all->text = memfd_create("lodge-proxy rules", MFD_CLOEXEC);
	if (all->text == -1) {
		free(all);
		return NULL;
	}
	init(all);
	for (size_t i = 0; i < plan->n_old; i++)
		worker_adopt(all, &plan->old[i]);
	/* All of them before the first start: each worker has to know the others'. */
	for (unsigned i = 0; i < plan->n_slots; i++)
		if (inboxes_open(&all->inboxes, plan->slots[i]) == -1)
			log_warn("worker %u has no inbox: %s", plan->slots[i], strerror(errno));
	for (unsigned i = 0; i < plan->n_slots; i++) {
		all->list[plan->slots[i]].state = WORKER_SERVES;
		worker_start(&all->list[plan->slots[i]]);
	}
	return all;
}

static int
write_rules(int fd, const struct conf *conf)
{
	int copy = dup(fd);
	FILE *out = copy == -1 ? NULL : fdopen(copy, "w");
	bool failed;

	if (!out && copy != -1)
		close(copy);
	if (!out)
		return -1;
	if (ftruncate(fd, 0) == -1 || lseek(fd, 0, SEEK_SET) == -1) {
		fclose(out);
		return -1;
	}
	rules_write(conf, out);
	failed = ferror(out) != 0;
	return fclose(out) == 0 && !failed ? 0 : -1;
}

int
workers_reload(struct workers *all)
{
	struct share *share = all->plan->share;

	__atomic_store_n(&share->writing, share->writing + 1, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_RELEASE); /* whoever sees a part of what follows sees this, too */
	if (write_rules(all->text, all->plan->conf) == -1)
		return -1;
	share_seat(share, all->plan->seats, all->plan->conf, share->writing);
	__atomic_store_n(&share->generation, share->writing, __ATOMIC_RELEASE);
	for (unsigned i = 0; i < SHARE_SLOTS; i++)
		if (all->list[i].state == WORKER_SERVES)
			tell(&all->list[i], SAY_RELOAD);
	return 0;
}

void
workers_drain(struct workers *all, void (*on_end)(void *), void *arg)
{
	all->on_end = on_end;
	all->arg = arg;
	drain(all, WORKER_OLD, SAY_FINISH);
	drain(all, WORKER_SERVES, SAY_FINISH);
	if (count(all, WORKER_DRAINS) == 0)
		on_end(arg);
}

static unsigned
reap(struct workers *all, int how)
{
	unsigned left = 0;

	for (unsigned i = 0; i < SHARE_SLOTS; i++) {
		pid_t *pid = &all->list[i].pid;

		if (*pid && how)
			kill(*pid, how);
		if (*pid && waitpid(*pid, NULL, WNOHANG) != 0)
			*pid = 0;
		left += *pid != 0;
	}
	return left;
}

void
workers_stop(struct workers *all)
{
	unsigned left = 1;

	ev_timer_stop(all->loop, &all->deadline);
	for (unsigned i = 0; i < SHARE_SLOTS; i++) {
		ev_child_stop(all->loop, &all->list[i].child);
		ev_timer_stop(all->loop, &all->list[i].repair);
		line_close(&all->list[i]);
	}
	for (int ms = 0; ms < WORKER_STOP_MS && left > 0; ms += 10) {
		left = reap(all, 0);
		if (left > 0)
			usleep(10000);
	}
	/* Not before they are gone are the ports free. */
	left = reap(all, SIGKILL);
	for (int ms = 0; ms < WORKER_KILL_MS && left > 0; ms += 10) {
		usleep(10000);
		left = reap(all, 0);
	}
	close(all->text);
	free(all);
}

size_t
workers_list(const struct workers *all, struct handover_worker *out)
{
	size_t n = 0;

	for (unsigned i = 0; i < SHARE_SLOTS; i++)
		if (all->list[i].pid)
			out[n++] = (struct handover_worker){
			    (int)all->list[i].pid, all->list[i].line.fd, i, all->inboxes.out[i]};
	return n;
}

enum worker_state
workers_state(const struct workers *all, unsigned slot)
{
	return all->list[slot].state;
}

int
workers_pid(const struct workers *all, unsigned slot)
{
	return (int)all->list[slot].pid;
}

uint64_t
workers_replaced(const struct workers *all)
{
	return all->replaced;
}
