/* Who reads the ledger; see reader.h. */
#include "web/reader.h"
#include "base/sys.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

enum { LEAVE_MS = 300 };

struct queue {
	struct job *first, **last;
};

struct reader {
	struct ev_loop *loop;
	ev_async wake;
	reader_done *done;
	void *arg;
	pthread_t thread;
	bool started;
	unsigned given; /* and not come back: the loop's */
	_Atomic double heard_s; /* when an answer came, or a first job went */

	pthread_mutex_t lock; /* of these: */
	pthread_cond_t news;
	struct queue urgent, patient, finished;
	bool running, end;
	bool was_urgent; /* the last that was taken */

	struct ledger *ledger; /* the thread's, and which conf it speaks of */
	unsigned of;
	char why[WORK_WHY]; /* of the connection's end */
};

static void
queue_begin(struct queue *q)
{
	q->first = NULL;
	q->last = &q->first;
}

static void
queue_put(struct queue *q, struct job *j)
{
	j->next = NULL;
	*q->last = j;
	q->last = &j->next;
}

static struct job *
queue_take(struct queue *q)
{
	struct job *j = q->first;

	if (j && !(q->first = j->next))
		q->last = &q->first;
	return j;
}

/* --- the thread ------------------------------------------------------------------------------------------------- */

static void
hang_up(struct reader *r)
{
	ledger_close(r->ledger);
	r->ledger = NULL;
}

/* A connection for that job; false: its why says it. */
static bool
enter(struct reader *r, struct job *j)
{
	if (r->ledger && r->of != j->of)
		hang_up(r);
	if (!r->ledger)
		r->ledger = ledger_open(j->conf, j->why, sizeof(j->why));
	r->of = j->of;
	return r->ledger != NULL;
}

static void
finish(struct reader *r, struct job *j)
{
	pthread_mutex_lock(&r->lock);
	queue_put(&r->finished, j);
	pthread_mutex_unlock(&r->lock);
	ev_async_send(r->loop, &r->wake);
}

/* What waits would wait as long, and for nothing. */
static void
give_up(struct reader *r, const struct job *because)
{
	struct queue *const queues[] = {&r->urgent, &r->patient};

	pthread_mutex_lock(&r->lock);
	for (size_t i = 0; i < 2; i++) {
		struct queue left;
		struct job *j;

		queue_begin(&left);
		while ((j = queue_take(queues[i]))) {
			bool same = j->of == because->of && j->work != WORK_LET_GO;

			if (same)
				memcpy(j->why, because->why, sizeof(j->why));
			queue_put(same ? &r->finished : &left, j);
		}
		while ((j = queue_take(&left)))
			queue_put(queues[i], j);
	}
	pthread_mutex_unlock(&r->lock);
}

static void
let_go(struct reader *r, struct job *j)
{
	if (r->of == j->of)
		hang_up(r);
	conf_free(j->conf);
	free(j->conf);
	j->good = true;
}

static bool between(void *arg);

static void
perform(struct reader *r, struct job *j)
{
	double begun = sys_seconds();

	j->now = (int64_t)time(NULL);
	if (j->work == WORK_LET_GO) {
		let_go(r, j);
	} else if (enter(r, j)) {
		j->good = work_do(r->ledger, j, between, r) == 0;
		j->spoilt = !j->good && r->ledger && ledger_spoilt(r->ledger);
		if (!j->good)
			snprintf(j->why, sizeof(j->why), "%s", r->ledger ? ledger_why(r->ledger) : r->why);
	}
	if (!j->good && !j->why[0])
		snprintf(j->why, sizeof(j->why), "no memory");
	j->cost_s = sys_seconds() - begun;
	atomic_store(&r->heard_s, sys_seconds());
	if (!j->good && !j->spoilt) {
		hang_up(r);
		memcpy(r->why, j->why, sizeof(r->why));
		give_up(r, j);
	}
	finish(r, j);
}

/* In the midst of a long job: a short one of the same conf, and then the long one goes on. */
static bool
between(void *arg)
{
	struct reader *r = arg;
	struct job *j = NULL;
	bool end;

	atomic_store(&r->heard_s, sys_seconds());
	pthread_mutex_lock(&r->lock);
	end = r->end;
	if (!end && r->urgent.first && r->urgent.first->of == r->of)
		j = queue_take(&r->urgent);
	pthread_mutex_unlock(&r->lock);
	if (j)
		perform(r, j);
	return !end && r->ledger;
}

/*
 * The urgent first, but not two while others wait: who asks for short ones all the time leaves them their turn. A conf is let go
 * only when no urgent one of it waits; later ones are of the next conf.
 */
static struct job *
take_next(struct reader *r)
{
	const struct job *p = r->patient.first, *u = r->urgent.first;
	bool held = p && u && p->work == WORK_LET_GO && p->of == u->of;
	bool patient = p && !held && (r->was_urgent || !u);
	struct job *j = queue_take(patient ? &r->patient : &r->urgent);

	r->was_urgent = j && !patient;
	return j;
}

static void *
run(void *arg)
{
	struct reader *r = arg;
	struct job *j;

	pthread_mutex_lock(&r->lock);
	r->running = true;
	pthread_cond_broadcast(&r->news);
	while (!r->end) {
		j = take_next(r);
		if (!j) {
			pthread_cond_wait(&r->news, &r->lock);
			continue;
		}
		pthread_mutex_unlock(&r->lock);
		perform(r, j);
		pthread_mutex_lock(&r->lock);
	}
	pthread_mutex_unlock(&r->lock);
	hang_up(r);
	return NULL;
}

/* --- the loop ----------------------------------------------------------------------------------------------------- */

static void
on_wake(struct ev_loop *loop, ev_async *w, int events)
{
	struct reader *r = w->data;

	(void)loop, (void)events;
	for (;;) {
		struct job *j;

		pthread_mutex_lock(&r->lock);
		j = queue_take(&r->finished);
		pthread_mutex_unlock(&r->lock);
		if (!j)
			return;
		r->given--;
		r->done(r->arg, j);
	}
}

struct reader *
reader_open(struct ev_loop *loop, reader_done *done, void *arg)
{
	struct reader *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	r->loop = loop;
	r->done = done;
	r->arg = arg;
	queue_begin(&r->urgent);
	queue_begin(&r->patient);
	queue_begin(&r->finished);
	pthread_mutex_init(&r->lock, NULL);
	pthread_cond_init(&r->news, NULL);
	ev_async_init(&r->wake, on_wake);
	r->wake.data = r;
	ev_async_start(loop, &r->wake);
	ev_unref(loop); /* it keeps no loop going */
	return r;
}

/* Signals are the loop's. Back when the thread runs, so that what it does to begin is behind it. */
int
reader_start(struct reader *r)
{
	sigset_t all, before;
	int fault;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	fault = pthread_create(&r->thread, NULL, run, r);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (fault) {
		errno = fault;
		return -1;
	}
	pthread_mutex_lock(&r->lock);
	while (!r->running)
		pthread_cond_wait(&r->news, &r->lock);
	pthread_mutex_unlock(&r->lock);
	r->started = true;
	return 0;
}

void
reader_give(struct reader *r, struct job *j)
{
	bool patient =
	    j->work == WORK_ALL || j->work == WORK_LET_GO || (j->work == WORK_USAGE && !j->name[0]);

	if (r->given++ == 0)
		atomic_store(&r->heard_s, sys_seconds());
	pthread_mutex_lock(&r->lock);
	queue_put(patient ? &r->patient : &r->urgent, j);
	pthread_cond_signal(&r->news);
	pthread_mutex_unlock(&r->lock);
}

double
reader_quiet(const struct reader *r)
{
	double quiet = r->given ? sys_seconds() - atomic_load(&r->heard_s) : 0;

	return quiet > 0 ? quiet : 0;
}

static bool
leave(struct reader *r)
{
	struct timespec until;

	pthread_mutex_lock(&r->lock);
	r->end = true;
	pthread_cond_signal(&r->news);
	pthread_mutex_unlock(&r->lock);
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_nsec += LEAVE_MS * 1000000;
	until.tv_sec += until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	return pthread_timedjoin_np(r->thread, NULL, &until) == 0;
}

bool
reader_close(struct reader *r)
{
	struct queue *const queues[] = {&r->urgent, &r->patient, &r->finished};
	struct job *j;

	ev_ref(r->loop);
	ev_async_stop(r->loop, &r->wake);
	if (r->started && !leave(r))
		return false;
	for (size_t i = 0; i < 3; i++)
		while ((j = queue_take(queues[i]))) {
			if (j->work == WORK_LET_GO && !j->good) {
				conf_free(j->conf);
				free(j->conf);
			}
			job_free(j);
		}
	free(r);
	return true;
}
