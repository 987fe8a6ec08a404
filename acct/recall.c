/*
 * What Redis knew before this process; see count.h. It is asked once for each guest before anything is told.
 *
 * Three things may be: the journal knows as much, which is the rule; the journal knows nothing; or Redis knows more than
 * the journal that this process began with, because an older copy of it came back, or because the one before counted on a
 * full disk, told Redis, and was killed. Then Redis is right.
 */
#include "acct/count.h"
#include "base/log.h"

#include <time.h>

void
recall_wait(struct count *count)
{
	for (size_t i = 0; i < count->n_lines; i++) {
		struct line *line = &count->lines[i];

		if (line->asking == 1) {
			log_warn("%s: redis does not say what was counted before; counting from nothing",
			    line->account->name);
			line_stop_asking(count, line);
		} else if (line->asking > 1 && line->asking != ASK_ALWAYS) {
			line->asking--;
		}
	}
}

/* What the journal does not know may yet be known there: a lost disk, a new machine under the old name. */
void
line_ask(struct count *count, struct line *line)
{
	struct account *a = line->account;

	if (!line->in_flight)
		line->in_flight =
		    write_ask(count->writer, a->name, time(NULL), line_day(count, line), a) == 0;
}

/* Totals, open slots and how far the tap was counted: as if the journal had held them. */
static void
line_take(struct count *count, struct line *line, const struct held *held)
{
	struct account *a = line->account;

	if (life_parse(span_str(held->life), &a->life) == -1)
		log_warn("%s: redis does not say how far its tap was counted; it counts from its beginning",
		    a->name);
	a->seq = (held->seq > a->seq ? held->seq : a->seq) + 1;
	a->total = held->total;
	slots_turn(&a->slots, held->now, line_day(count, line), a->seq);
	slots_take(&a->slots, held->slots, &held->period);
	if (line->guest)
		event_pass(&line->guest->quota, &a->slots.period);
	count->trouble.taken++;
	log_info("%s: goes on from what redis holds", a->name);
}

/* The tap that is there is counted from where Redis stands, or, being unknown there, from where this process began. */
static void
line_go_back(struct count *count, struct line *line, const struct held *held)
{
	struct account *a = line->account;
	struct life mine = a->life;
	bool same;

	slots_go_back(&a->slots, line->seq_first);
	line_take(count, line, held);
	line->acked = 0;
	count->dirty_totals = count->dirty_closed = true;
	if (line->ifindex == 0)
		return;
	same = a->life.ifindex == mine.ifindex && strcmp(a->life.boot, mine.boot) == 0 &&
	       !kernel_is_below(&line->now, &a->life.done);
	mine.done = same ? a->life.done : line->first;
	a->life = mine;
	tally_begin(&line->tally, &mine.done);
}

void
line_on_held(void *arg, void *guest, const struct held *held)
{
	struct count *count = arg;
	struct line *line = line_of_account(count, guest);

	line->in_flight = false;
	if (line->asking == 0 && line->met) {
		line_know(count, line, held);
		return;
	}
	if (!held) {
		if (!line->nonsense)
			log_error("%s: what redis holds is no count of ours, or not to be read: see ACL and "
				  "lodge:src:%s:{%s}:*; asking on",
			    line->account->name, count->conf->host, line->account->name);
		line->nonsense = true;
		return;
	}
	line->met = true;
	if (line->asking == 0) {
		if (held->seq > line->seq_first)
			line_go_back(count, line, held);
		return;
	}
	if (held->seq > 0)
		line_take(count, line, held);
	line_stop_asking(count, line);
}
