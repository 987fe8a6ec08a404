/*
 * The counting: the second's round, begin, reload and end; see count.h.
 *
 * Journal before Redis, always: what Redis holds is never ahead of what a restart knows.
 */
#include "acct/count.h"
#include "base/log.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#define TICK_S 1.0
#define LAST_FRAMES_S 0.25 /* two blocks of the capture */
#define LAST_ANSWER_S 2.0

/* Dumps that an interface may be missing from before it counts as gone: its end may be told a moment later. */
enum { MISSED_MAX = 3 };

int
count_boot(char out[LIFE_BOOT_TEXT])
{
	char id[40] = "";
	struct stat ns;
	FILE *file = fopen("/proc/sys/kernel/random/boot_id", "re");
	bool got = file && fgets(id, sizeof(id), file);

	if (file)
		fclose(file);
	if (!got || stat("/proc/self/ns/net", &ns) == -1)
		return -1;
	id[strcspn(id, "\n")] = '\0';
	snprintf(out, LIFE_BOOT_TEXT, "%s/%" PRIu64, id, (uint64_t)ns.st_ino);
	return 0;
}

static void
journal_all(struct count *count)
{
	if (count->dirty_closed && journal_write(count->journal, BOOK_CLOSED, &count->book) == 0)
		count->dirty_closed = false;
	if (!count->dirty_totals || journal_write(count->journal, BOOK_TOTALS, &count->book) == -1)
		return;
	count->dirty_totals = false;
	for (size_t i = 0; i < count->n_lines; i++)
		count->lines[i].account->owed_on_disk = unmet_owes(&count->lines[i].account->unmet);
}

/* --- the second ----------------------------------------------------------------------------------- */

static void
read_kernel(struct count *count)
{
	for (size_t i = 0; i < count->n_lines; i++)
		count->lines[i].missed++;
	if (link_dump(count->link) == -1) {
		log_debug("the kernel did not list the interfaces: %s", strerror(errno));
		return;
	}
	for (size_t i = 0; i < count->n_lines; i++) {
		struct line *line = &count->lines[i];

		if (line->ifindex == 0 || line->missed < MISSED_MAX)
			continue;
		count->trouble.ends_missed++;
		line_end(count, line, &line->tally.last);
	}
	if (count->taps_changed)
		lines_watch(count);
	if (count->addresses_changed)
		addresses_read(count);
	tap_drain(count->tap);
}

static void
poll_all(struct count *count, bool last_one)
{
	struct record nothing;

	for (size_t i = 0; i < count->n_lines; i++) {
		struct line *line = &count->lines[i];

		nothing = (struct record){0};
		if (line->ifindex != 0)
			line_poll(count, line, &line->now, last_one);
		else
			line_post(count, line, &nothing);
		line_warn(count, line);
	}
	journal_all(count);
}

/* What the kernel counted was seen, or the ring's drops have it. */
static void
prove(struct count *count)
{
	const struct tap_status *tap = tap_status(count->tap);
	uint64_t missing = 0;

	for (size_t i = 0; i < count->n_lines; i++) {
		struct line *line = &count->lines[i];

		if (tap->reopened != count->reopened)
			line->proof = (struct proof){0};
		if (line->ifindex == 0 || line->missed > 0)
			continue;
		proof_poll(&line->proof, &line->now);
		missing += proof_missing(&line->proof);
	}
	count->reopened = tap->reopened;
	if (missing <= tap->dropped + count->trouble.unseen)
		return;
	if (count->trouble.unseen == 0)
		log_error("the capture missed packets that its own counter of drops does not have");
	count->trouble.unseen = missing - tap->dropped;
}

static void
on_tick(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct count *count = timer->data;

	(void)loop, (void)events;
	read_kernel(count);
	poll_all(count, false);
	prove(count);
	recall_wait(count);
	tell_again(count);
	tell_all(count);
	curb_tick(count);
}

/* Another name's numbers stay with that name in redis, and its sums hold both. */
static int
book_turn(struct count *count)
{
	const struct journal_status *journal = journal_status(count->journal);
	struct book *book = &count->book;

	count->journal_good = journal->number > 0 && !journal->damaged;
	book_boot(book, count->boot);
	if (strcmp(book->host, count->conf->host) == 0)
		return 0;
	if (book->host[0])
		log_warn(
		    "the host was %s and is %s: each guest begins a new count under that name; see host: in "
		    "the file",
		    book->host, count->conf->host);
	count->dirty_totals = count->dirty_closed = true;
	return book_rename(book, count->conf->host);
}

int
count_start(struct count *count)
{
	struct line *lines;

	if (book_turn(count) == -1)
		return -1;
	if (lines_make(count, count->conf, &lines) == -1 || lines_take(count, count->conf, lines) == -1)
		return -1;
	count->writer = write_open(count->loop, count->conf, &count_write_calls, count);
	count->curbing.order = order_open(count->loop, curb_done, count);
	if (!count->writer || !count->curbing.order)
		return -1;
	ev_timer_init(&count->tick, on_tick, TICK_S, TICK_S);
	count->tick.data = count;
	on_tick(count->loop, &count->tick, 0);
	ev_timer_start(count->loop, &count->tick);
	return 0;
}

static bool
same_text(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool
same_place(const struct redis_conf *a, const struct redis_conf *b)
{
	return a->kind == b->kind && a->port == b->port && a->db == b->db && same_text(a->path, b->path) &&
	       same_text(a->host, b->host) && same_text(a->user, b->user) &&
	       same_text(a->password, b->password);
}

static bool
same_redis(const struct conf *a, const struct conf *b)
{
	for (size_t i = 0; i < a->n_redis && i < b->n_redis; i++)
		if (!same_place(&a->redis[i], &b->redis[i]))
			return false;
	return a->n_redis == b->n_redis;
}

/* Another server knows nothing that this one acknowledged. */
static int
writer_turn(struct count *count, const struct conf *conf)
{
	struct writer *writer = write_open(count->loop, conf, &count_write_calls, count);

	if (!writer)
		return -1;
	write_close(count->writer);
	count->writer = writer;
	for (size_t i = 0; i < count->n_lines; i++) {
		count->lines[i].acked = 0;
		count->lines[i].sure = false;
		count->lines[i].meta_due = true;
		count->lines[i].in_flight = false;
	}
	return 0;
}

int
count_reload(struct count *count, const struct conf *before, const struct conf *conf)
{
	struct line *lines;

	count->conf = before;
	read_kernel(count);
	poll_all(count, false);
	if (lines_make(count, conf, &lines) == -1 || lines_take(count, conf, lines) == -1)
		return -1;
	if (!same_redis(before, conf)) {
		if (writer_turn(count, conf) == -1)
			log_error("no memory for another redis: the old one stays");
	} else {
		tell_meta(count);
	}
	on_tick(count->loop, &count->tick, 0);
	return 0;
}

/* --- the end -------------------------------------------------------------------------------------- */

static void
on_waited(struct ev_loop *loop, ev_timer *timer, int events)
{
	(void)timer, (void)events;
	ev_break(loop, EVBREAK_ONE);
}

static void
wait_for(struct count *count, double seconds)
{
	ev_timer timer;

	ev_timer_init(&timer, on_waited, seconds, 0);
	ev_timer_start(count->loop, &timer);
	ev_run(count->loop, 0);
	ev_timer_stop(count->loop, &timer);
}

static bool
is_told(const struct count *count)
{
	for (size_t i = 0; i < count->n_lines; i++)
		if (count->lines[i].account->seq > count->lines[i].acked)
			return false;
	return true;
}

void
count_stop(struct count *count)
{
	ev_timer_stop(count->loop, &count->tick);
	order_close(count->curbing.order);
	count->curbing.order = NULL;
	read_kernel(count);
	wait_for(count, LAST_FRAMES_S);
	tap_drain(count->tap);
	poll_all(count, true);
	for (double waited = 0; !is_told(count) && waited < LAST_ANSWER_S; waited += 0.05) {
		journal_all(count);
		tell_all(count);
		wait_for(count, 0.05);
	}
	if (!is_told(count))
		log_warn("redis did not take the last numbers; they are in the journal");
	write_close(count->writer);
	count->writer = NULL;
}
