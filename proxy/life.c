/* What a worker does with its life; see life.h. */
#include "proxy/life.h"
#include "base/log.h"
#include "base/sys.h"
#include "proxy/allow.h"
#include "proxy/rules.h"

#include <cap-ng.h>
#include <errno.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	LIFE_LINES_MS = 200, /* until lines of the log are tried again */
	LIFE_LAST_LINES_MS = 1000, /* for the last ones to be taken; WORKER_STOP_MS is for all of the end */
};

struct life {
	struct ev_loop *loop;
	struct relay *relay;
	struct share *share;
	unsigned number;
	int text;
	ev_prepare idle; /* while it drains: is anything left? */
	ev_prepare lines; /* the log's, at the end of every round of the loop */
	ev_timer lines_again; /* who reads them did not take all */
	uint64_t lost; /* lines that are counted already */
	ev_timer deadline;
};

static int
compare_fds(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

/* Everything of the supervisor's but these; a sorted walk over the gaps. */
static void
close_others(int *keep, size_t n)
{
	unsigned from = STDERR_FILENO + 1;

	qsort(keep, n, sizeof(*keep), compare_fds);
	for (size_t i = 0; i < n; i++) {
		if ((unsigned)keep[i] > from)
			close_range(from, (unsigned)keep[i] - 1, 0);
		from = (unsigned)keep[i] + 1;
	}
	close_range(from, ~0u, 0);
}

static void
keep_own(const struct listeners *ls, const struct inboxes *boxes, unsigned number, int line, int text)
{
	int *keep = calloc(ls->n + 3 + SHARE_SLOTS, sizeof(*keep));
	size_t n = 0;

	if (!keep)
		fatal("worker %u: out of memory", number);
	keep[n++] = line;
	keep[n++] = text;
	if (log_descriptor() > STDERR_FILENO)
		keep[n++] = log_descriptor();
	for (size_t i = 0; i < ls->n; i++)
		if (ls->list[i].worker == (int)number || ls->list[i].worker == LISTEN_EVERY_WORKER)
			keep[n++] = ls->list[i].fd;
	for (unsigned i = 0; i < SHARE_SLOTS; i++)
		if ((i == number ? boxes->in : boxes->out)[i] != -1)
			keep[n++] = (i == number ? boxes->in : boxes->out)[i];
	close_others(keep, n);
	free(keep);
}

/* Read what the supervisor wrote and checked. */
static int
read_rules(int fd, const uint16_t *seats, struct relay_rules *rules)
{
	struct conf conf = {0};
	struct stat st;
	char *bytes;
	int result = -1;

	if (fstat(fd, &st) == -1)
		return -1;
	bytes = malloc((size_t)st.st_size + 1);
	if (bytes && pread(fd, bytes, (size_t)st.st_size, 0) == st.st_size)
		result = rules_read(span_of(bytes, (size_t)st.st_size), &conf);
	if (result == 0)
		result = relay_plan(&conf, seats, rules);
	conf_free(&conf);
	free(bytes);
	return result;
}

/* Rules that were rewritten while they were read are none: another word follows. */
static void
take_rules(struct life *life)
{
	struct share *share = life->share;
	uint64_t generation = __atomic_load_n(&share->generation, __ATOMIC_ACQUIRE);
	struct relay_rules rules;
	int result = read_rules(life->text, share->seat_of, &rules);

	__atomic_thread_fence(__ATOMIC_ACQUIRE); /* what was read, was read before this */
	if (__atomic_load_n(&share->writing, __ATOMIC_RELAXED) != generation) {
		if (result == 0)
			relay_rules_free(&rules);
		return;
	}
	if (result == -1) {
		log_error("worker %u keeps its old rules: it could not read the new ones", life->number);
		return;
	}
	relay_swap(life->relay, &rules);
	__atomic_store_n(&share->workers[life->number].generation, generation, __ATOMIC_RELEASE);
}

static void
on_idle(struct ev_loop *loop, ev_prepare *w, int events)
{
	struct life *life = w->data;

	(void)events;
	if (relay_is_idle(life->relay))
		ev_break(loop, EVBREAK_ALL);
}

static void
count_lost(struct life *life)
{
	life->share->workers[life->number].log_lost += log_lost() - life->lost;
	life->lost = log_lost();
}

static void
on_lines(struct ev_loop *loop, ev_prepare *w, int events)
{
	struct life *life = w->data;

	(void)events;
	if (!log_flush() && !ev_is_active(&life->lines_again)) {
		ev_timer_set(&life->lines_again, LIFE_LINES_MS / 1000.0, 0);
		ev_timer_start(loop, &life->lines_again);
	}
	count_lost(life);
}

/* The round that this ends does it. */
static void
on_lines_again(struct ev_loop *loop, ev_timer *w, int events)
{
	(void)loop, (void)w, (void)events;
}

static void
on_deadline(struct ev_loop *loop, ev_timer *w, int events)
{
	(void)w, (void)events;
	ev_break(loop, EVBREAK_ALL);
}

static void
drain(struct life *life, bool followed)
{
	if (ev_is_active(&life->deadline))
		return;
	relay_drain(life->relay, followed);
	ev_timer_set(&life->deadline, relay_drain_seconds(life->relay), 0);
	ev_timer_start(life->loop, &life->deadline);
	ev_prepare_start(life->loop, &life->idle);
}

static void
on_order(struct ev_loop *loop, ev_io *w, int events)
{
	char words[64];
	ssize_t n = recv(w->fd, words, sizeof(words), 0);

	(void)events;
	if (n > 0 && memchr(words, SAY_RELOAD, (size_t)n))
		take_rules(w->data);
	if (n > 0 && memchr(words, SAY_DRAIN, (size_t)n))
		drain(w->data, true);
	if (n > 0 && memchr(words, SAY_FINISH, (size_t)n))
		drain(w->data, false);
	if (n == 0 || (n == -1 && errno != EAGAIN && errno != EINTR))
		ev_break(loop, EVBREAK_ALL);
}

static void
set_signals(void)
{
	static const int ignored[] = {SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGUSR2, SIGPIPE};
	sigset_t none;

	for (size_t i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++)
		signal(ignored[i], SIG_IGN);
	signal(SIGCHLD, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Of all privilege at most the one that bearing clients' addresses takes. */
static int
give_up(const struct workers_plan *plan)
{
	const int keep[] = {plan->keep_raw ? CAP_NET_RAW : -1, -1};

	if (plan->drop)
		return sys_drop(plan->uid, plan->gid, keep);
	capng_clear(CAPNG_SELECT_CAPS);
	if (plan->keep_raw)
		capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED, CAP_NET_RAW);
	return capng_apply(CAPNG_SELECT_CAPS) == 0 ? 0 : -1;
}

/* From here on this process moves bytes and does nothing else; see allow.h. */
static void
allow_calls(unsigned number)
{
	struct sock_filter code[ALLOW_MAX];
	size_t n = allow_build(code, (unsigned)getpid());

	if (n == 0)
		log_debug("worker %u: no filter of system calls for this machine", number);
	else if (sys_filter(code, n, true) == -1)
		fatal("worker %u: filter of system calls: %s", number, strerror(errno));
}

void
life_run(const struct workers_plan *plan, const struct inboxes *boxes, unsigned number, int line, int text)
{
	struct life life = {.share = plan->share, .number = number, .text = text};
	struct relay_rules rules;
	ev_io order;
	const char ready = SAY_READY;

	set_signals();
	keep_own(plan->listeners, boxes, number, line, text);
	if (give_up(plan) == -1)
		fatal("worker %u: giving up privilege: %s", number, strerror(errno));
	if (log_gather() == -1)
		fatal("worker %u: out of memory", number);
	life.loop = ev_loop_new(EVFLAG_AUTO);
	if (!life.loop || relay_plan(plan->conf, plan->seats->of_guest, &rules) == -1)
		fatal("worker %u: out of memory", number);
	life.relay = relay_start(life.loop, plan->share, number, plan->listeners, boxes, &rules);
	if (!life.relay)
		fatal("worker %u: %s", number, strerror(errno));
	ev_io_init(&order, on_order, line, EV_READ);
	order.data = life.idle.data = life.lines.data = &life;
	ev_prepare_init(&life.idle, on_idle);
	ev_prepare_init(&life.lines, on_lines);
	ev_init(&life.lines_again, on_lines_again);
	ev_set_priority(&life.lines, EV_MINPRI); /* when all that may write one has run */
	ev_prepare_start(life.loop, &life.lines);
	ev_init(&life.deadline, on_deadline);
	ev_io_start(life.loop, &order);
	allow_calls(number);
	if (send(line, &ready, 1, MSG_NOSIGNAL) == -1)
		log_debug("worker %u: nobody waits for it", number);
	ev_run(life.loop, 0);
	log_wait(LIFE_LAST_LINES_MS / 1000.0);
	relay_stop(life.relay);
	log_last();
	count_lost(&life);
	_exit(EXIT_DONE);
}
