/* What Redis is told, and what its answers mean; see count.h. */
#include "acct/count.h"
#include "base/log.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

enum { SLOTS_MAX = SLOT_KINDS + KEEP_5M + KEEP_HOUR + KEEP_DAY, PERIODS_MAX = 1 + KEEP_PERIOD };

/* Open slots always, closed ones where they are news. */
static size_t
news_slots(struct account *a, uint64_t base, struct written_slot *out)
{
	size_t n = 0;

	for (int kind = 0; kind < SLOT_KINDS; kind++) {
		const struct slot *list = slots_closed(&a->slots, kind), *open = &a->slots.open[kind];

		for (size_t i = 0; i < a->slots.n_closed[kind]; i++) {
			if (list[i].seq <= base)
				continue;
			out[n] = (struct written_slot){.kind = kind, .start = list[i].start};
			out[n].log_seq = kind == SLOT_HOUR ? list[i].seq : 0;
			memcpy(out[n++].v, list[i].v, sizeof(list[i].v));
		}
		out[n] = (struct written_slot){.kind = kind, .start = open->start};
		memcpy(out[n++].v, open->v, sizeof(open->v));
	}
	return n;
}

static size_t
news_periods(struct account *a, uint64_t base, struct written_period *out)
{
	size_t n = 0;

	for (size_t i = 0; i < a->slots.n_periods; i++)
		if (a->slots.periods[i].seq > base)
			out[n++] =
			    (struct written_period){a->slots.periods[i].start, &a->slots.periods[i].sum};
	out[n++] = (struct written_period){a->slots.period.start, &a->slots.period.sum};
	return n;
}

static void
line_tell(struct count *count, struct line *line)
{
	struct account *a = line->account;
	struct written_slot slots[SLOTS_MAX];
	struct written_period periods[PERIODS_MAX];
	char life[LIFE_TEXT];
	struct update update = {
	    .guest = a->name,
	    .life = life_print(&a->life, life),
	    .seq = a->seq,
	    .base = line->acked,
	    .cur = &a->total,
	    .periods = periods,
	    .slots = slots,
	};

	if (line->in_flight || a->seq <= line->acked)
		return;
	update.n_slots = news_slots(a, line->acked, slots);
	update.n_periods = news_periods(a, line->acked, periods);
	line->in_flight = write_guest(count->writer, &update, a) == 0;
}

static void
line_tell_meta(struct count *count, const struct line *line)
{
	const struct guest *g = line->guest;
	char billing[80], quota[NUMBER_TEXT] = "", address[IP_TEXT], address6[IP_TEXT] = "";
	struct update_meta meta = {
	    .guest = g->name,
	    .tap = g->tap,
	    .address = ip_print(&g->address, address),
	    .address6 = g->address6.family ? ip_print(&g->address6, address6) : "",
	    .billing = billing_text(&count->conf->billing, g->billing_day, billing, sizeof(billing)),
	    .quota = quota,
	};

	if (g->quota.then != QUOTA_NONE)
		snprintf(quota, sizeof(quota), "%" PRIu64, g->quota.month_bytes);
	write_meta(count->writer, &meta);
}

/* What the journal does not know may yet be known there: a lost disk, a new machine under the old name. */
static void
line_ask(struct count *count, struct line *line)
{
	const struct conf *conf = count->conf;
	uint8_t day = line->guest ? line->guest->billing_day : conf->billing.day;

	if (!line->in_flight)
		line->in_flight =
		    write_ask(count->writer, line->account->name, time(NULL), day, line->account) == 0;
}

void
tell_wait(struct count *count)
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

void
tell_all(struct count *count)
{
	for (size_t i = 0; i < count->n_lines; i++)
		if (count->lines[i].asking != 0)
			line_ask(count, &count->lines[i]);
		else
			line_tell(count, &count->lines[i]);
}

/* Totals, open slots and how far the tap was counted: as if the journal had held them. */
static void
line_take(struct count *count, struct line *line, const struct held *held)
{
	struct account *a = line->account;
	uint8_t day = line->guest ? line->guest->billing_day : count->conf->billing.day;

	if (life_parse(span_str(held->life), &a->life) == -1)
		log_warn("%s: redis does not say how far its tap was counted; it counts from its beginning",
		    a->name);
	a->seq = held->seq + 1;
	a->total = held->total;
	slots_turn(&a->slots, held->now, day, a->seq);
	a->slots.period.sum = held->period;
	for (int kind = 0; kind < SLOT_KINDS; kind++)
		memcpy(a->slots.open[kind].v, held->slots[kind], sizeof(held->slots[kind]));
	count->trouble.taken++;
	log_info("%s: goes on from what redis holds", a->name);
}

static void
on_held(void *arg, void *guest, const struct held *held)
{
	struct count *count = arg;
	struct line *line = line_of_account(count, guest);

	line->in_flight = false;
	if (line->asking == 0)
		return;
	if (!held) {
		if (!line->nonsense)
			log_error("%s: what redis holds is no count of ours, or not to be read: see ACL and "
				  "lodge:src:%s:{%s}:*; asking on",
			    line->account->name, count->conf->host, line->account->name);
		line->nonsense = true;
		return;
	}
	if (held->seq > 0)
		line_take(count, line, held);
	line_stop_asking(count, line);
}

void
tell_meta(struct count *count)
{
	for (size_t i = 0; i < count->n_lines; i++)
		if (count->lines[i].guest)
			line_tell_meta(count, &count->lines[i]);
}

static void
on_ready(void *arg)
{
	log_info("redis is there");
	tell_meta(arg);
	tell_all(arg);
}

static void
on_done(void *arg, void *guest, uint64_t seq, uint64_t held)
{
	struct count *count = arg;
	struct account *a = guest;
	struct line *line = line_of_account(count, a);

	line->in_flight = false;
	if (held > seq) {
		/* An older journal came back; a sequence must not. */
		count->trouble.behind++;
		a->seq = held > a->seq ? held + 1 : a->seq;
		count->dirty_totals = true;
		line->acked = 0;
	} else if (held < line->acked) {
		count->trouble.forgot++;
		line->acked = held;
		if (line->guest)
			line_tell_meta(count, line);
		line_tell(count, line);
	} else {
		line->acked = seq;
	}
}

static void
on_failed(void *arg, void *guest)
{
	line_of_account(arg, guest)->in_flight = false;
}

const struct write_calls count_write_calls = {
    .on_ready = on_ready,
    .on_done = on_done,
    .on_held = on_held,
    .on_failed = on_failed,
};
