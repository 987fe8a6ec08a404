/*
 * What Redis knew before this process; see count.h. It is asked once for each guest before anything is told.
 *
 * Three things may be: the journal knows as much, which is the rule; the journal knows nothing; or Redis knows more than
 * the journal that this process began with, because an older copy of it came back, or because the one before counted on a
 * full disk, told Redis, and was killed. Then Redis is right.
 */
#include "acct/count.h"
#include "base/log.h"

#include <inttypes.h>
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
		event_pass(&line->guest->quota, &a->slots.period, account_used(a));
	count->trouble.taken++;
	log_info("%s: goes on from what redis holds", a->name);
}

/* No tap is there, but one may live on without the guest, which gets it back: what is owed of it is not counted again. */
static void
line_stand(struct count *count, struct line *line, const struct life *mine)
{
	struct account *a = line->account;

	if (life_is_past(mine, &a->life))
		a->life = *mine;
	else if (!life_is(&a->life, mine->boot, mine->ifindex))
		life_leave(count, line, mine);
}

/*
 * The tap that is there is counted from where Redis stands, or, being unknown there, from where it was taken up. What
 * taps counted that are there no more is owed.
 */
static void
line_go_back(struct count *count, struct line *line, const struct held *held)
{
	struct account *a = line->account;
	struct life mine = a->life;
	struct record owed;
	struct kernel done;

	if (line->ifindex == 0)
		unmet_end(&a->unmet, &mine); /* it ended, or the guest left the file, while nobody looked */
	slots_go_back(&a->slots, a->unmet.seq);
	a->life = (struct life){0};
	line_take(count, line, held);
	done = unmet_owed(&a->unmet, &a->life, &mine, &line->now, &owed);
	if (line->ifindex != 0) {
		a->life = mine;
		a->life.done = done;
	} else {
		line_stand(count, line, &mine);
	}
	tally_begin(&line->tally, &a->life.done);
	line->acked = 0;
	line->sure = false;
	count->dirty_totals = count->dirty_closed = true;
	if (record_is_zero(&owed))
		return;
	log_info("%s: %" PRIu64 " bytes of taps that ended before redis answered are added to it", a->name,
	    owed.v[REC_BYTES + TO_GUEST] + owed.v[REC_BYTES + FROM_GUEST]);
	line_post(count, line, &owed);
}

/* From here on the journal goes before Redis. */
static void
line_meet(struct count *count, struct line *line, const struct held *held)
{
	struct account *a = line->account;

	account_elsewhere(a, &held->elsewhere);
	if (line->asking == 0 && held->seq > a->unmet.seq)
		line_go_back(count, line, held);
	else if (line->asking != 0 && held->seq > 0)
		line_take(count, line, held);
	a->unmet = (struct unmet){0};
	count->dirty_totals = true;
	line_stop_asking(count, line);
}

void
line_on_held(void *arg, void *guest, const struct held *held)
{
	struct count *count = arg;
	struct line *line = line_of_account(count, guest);

	line->in_flight = false;
	if (!line->account->unmet.is) {
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
	line_meet(count, line, held);
}
