/*
 * An account's line to its tap: what the interface's life is, and what its bytes become; see count.h.
 *
 * A tap's life is an interface index: it begins at 0 of the interface's counters, or where the journal says that
 * this very interface is counted up to, and ends with the counters that the kernel tells when it goes.
 */
#include "acct/count.h"
#include "base/log.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

enum { PURGE_POLLS = 2 }; /* the last frames may lie in the capture for a moment */

/* --- bytes ---------------------------------------------------------------------------------------- */

void
count_packet(void *arg, struct span cooked, uint64_t length)
{
	struct count *count = arg;
	struct line *line = line_of_ifindex(count, frame_ifindex(cooked));
	struct frame frame;

	if (line && line->ifindex != 0 &&
	    frame_decode(cooked, length, line->mtu, &count->world, &line->doors, &frame) == 0) {
		tally_add(&line->tally, &frame);
		line->proof.seen++;
	} else {
		count->trouble.strays++;
	}
}

void
line_post(struct count *count, struct line *line, struct record *delta)
{
	struct account *a = line->account;
	int64_t now = time(NULL), period = a->slots.period.start;
	uint64_t had[DIRECTIONS];

	if (line->asking != 0)
		return;
	if (slots_turn(&a->slots, now, line_day(count, line), a->seq + 1))
		count->dirty_closed = true;
	else if (record_is_zero(delta))
		return;
	account_had(a, had);
	tally_bill(&count->conf->billing, a->slots.period.unknown ? NULL : had, delta);
	delta->ts = now;
	record_add(&a->total, delta);
	slots_add(&a->slots, delta);
	a->life.done = line->tally.done;
	a->seq++;
	if (a->slots.period.start != period)
		line->turned = a->seq;
	for (int i = 0; i < RECORD_FIELDS; i++)
		if (delta->v[i] != 0)
			line->moved[i] = a->seq;
	count->dirty_totals = true;
}

void
line_poll(struct count *count, struct line *line, const struct kernel *now, bool last_one)
{
	struct record delta;

	tally_poll(&line->tally, now, last_one, &delta);
	if (!proof_sums(&delta) && count->trouble.sums++ == 0)
		log_error("%s: the bytes are not the sum of their classes", line->account->name);
	if (line->purge > 0 && --line->purge == 0)
		tally_purge(&line->tally, &delta);
	line_post(count, line, &delta);
}

/* --- lives ---------------------------------------------------------------------------------------- */

void
life_leave(struct count *count, const struct line *line, const struct life *life)
{
	int left;

	if (life->ifindex == line->ended || strcmp(life->boot, count->boot) != 0)
		return;
	left = book_leave(&count->book, life);
	if (left == -1)
		log_error("no memory to keep how far %s is counted: who has it next is billed for all of it",
		    life->tap);
	count->trouble.left += left == 1;
}

static void
line_begin(struct count *count, struct line *line, const struct link_row *row)
{
	struct book *book = &count->book;
	struct life *life = &line->account->life, own = *life;
	struct kernel done;
	bool before;

	if (life->ifindex != row->ifindex)
		life_leave(count, line, life);
	before = book_take(book, count->boot, row->ifindex, &row->kernel, &done);
	log_info("%s: %s is interface %u, %s", line->account->name, row->name, row->ifindex,
	    before ? "counted on from before" : "counted from its beginning");
	if (!life_is(&own, count->boot, row->ifindex))
		unmet_end(
		    &line->account->unmet, &own); /* it ended while nobody looked; else it is over already */
	if (!life_is(&own, count->boot, row->ifindex) || memcmp(&own.done, &done, sizeof(done)) != 0)
		unmet_life(&line->account->unmet, &done);
	tally_begin(&line->tally, &done);
	line->proof = (struct proof){0};
	*life = (struct life){.ifindex = row->ifindex, .done = done};
	strcpy(life->boot, count->boot);
	strcpy(life->tap, row->name);
	line->ifindex = row->ifindex;
	line->mtu = row->mtu;
	line->cuts = row->cuts;
	line->purge = 0;
	line->now = done;
	line->missed = 0;
	count->taps_changed = true;
	count->dirty_totals = true;
}

void
line_stop_asking(struct count *count, struct line *line)
{
	if (line->asking == 0)
		return;
	line->asking = 0;
	if (line->account->seq == 0)
		line->account->seq = 1;
	count->dirty_totals = true;
}

void
line_end(struct count *count, struct line *line, const struct kernel *last)
{
	tap_drain(count->tap);
	line_poll(count, line, kernel_is_below(last, &line->tally.last) ? &line->tally.last : last, true);
	unmet_end(&line->account->unmet, &line->account->life);
	line->surplus += line->tally.surplus;
	line->tally.surplus = 0;
	line->ifindex = 0;
	count->taps_changed = true;
}

static void
on_gone(void *arg, const struct link_row *row)
{
	struct count *count = arg;
	struct line *line = line_of_tap(count, row->name);

	if (!line)
		book_forget(&count->book, count->boot, row->ifindex);
	if (!line || line->ended == row->ifindex)
		return;
	if (line->asking == ASK_ALWAYS) {
		/* A count that began now would stay below what Redis holds: better to lose this life alone. */
		log_error("%s: %s is gone before redis said how far it was counted", line->account->name,
		    row->name);
		count->trouble.ends_missed++;
		return;
	}
	line_stop_asking(count, line);
	if (line->ifindex != row->ifindex) {
		if (line->ifindex != 0) {
			count->trouble.ends_missed++;
			line_end(count, line, &line->tally.last);
		}
		line_begin(count, line, row);
	}
	line_end(count, line, &row->kernel);
	line->ended = row->ifindex;
	log_info("%s: %s is gone; its last counters are in", line->account->name, row->name);
}

/* Known at once, not only at the next dump: its first frames are to be seen. */
static void
on_new(void *arg, const struct link_row *row)
{
	struct count *count = arg;
	struct line *line = line_of_tap(count, row->name);

	if (!line)
		return;
	if (line->ended == row->ifindex)
		line->ended = 0; /* it went to another namespace and came back */
	if (line->asking != 0 || line->ifindex != 0)
		return;
	line_begin(count, line, row);
	lines_watch(count);
}

static void
on_link(void *arg, const struct link_row *row)
{
	struct count *count = arg;
	struct line *line = line_of_tap(count, row->name);

	if (!line || line->asking != 0 || line->ended == row->ifindex)
		return;
	if (line->ifindex != 0 && line->ifindex != row->ifindex) {
		count->trouble.ends_missed++;
		line_end(count, line, &line->tally.last);
	}
	if (line->ifindex != 0 && kernel_is_below(&row->kernel, &line->tally.last)) {
		count->trouble.fell++;
		line_end(count, line, &line->tally.last);
	}
	if (line->ifindex == 0)
		line_begin(count, line, row);
	line->now = row->kernel;
	line->mtu = row->mtu;
	if (line->cuts != row->cuts)
		line->purge = PURGE_POLLS;
	line->cuts = row->cuts;
	line->missed = 0;
}

static void
on_addresses(void *arg)
{
	((struct count *)arg)->addresses_changed = true;
}

const struct link_calls count_link_calls = {
    .on_gone = on_gone,
    .on_new = on_new,
    .on_link = on_link,
    .on_addresses = on_addresses,
};
