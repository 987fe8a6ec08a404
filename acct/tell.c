/* What Redis is told, and what its answers mean; see count.h. */
#include "acct/count.h"
#include "base/log.h"

#include <inttypes.h>
#include <stdio.h>

enum {
	SLOTS_MAX = SLOT_KINDS + KEEP_5M + KEEP_HOUR + KEEP_DAY,
	PERIODS_MAX = 1 + KEEP_PERIOD,
	AGAIN_TICKS = 60,
	ALL_FIELDS = (1 << RECORD_FIELDS) - 1,
};

/* Open slots always, closed ones where they are news. */
static size_t
news_slots(struct account *a, uint64_t base, struct written_slot *out)
{
	size_t n = 0;

	for (int kind = 0; kind < SLOT_KINDS; kind++) {
		const struct slot *list = slots_closed(&a->slots, kind), *open = &a->slots.open[kind];

		for (size_t i = 0; i < a->slots.n_closed[kind]; i++) {
			if (list[i].seq <= base || list[i].unknown)
				continue;
			out[n] = (struct written_slot){.kind = kind, .start = list[i].start};
			out[n].log_seq = kind == SLOT_HOUR ? list[i].seq : 0;
			memcpy(out[n++].v, list[i].v, sizeof(list[i].v));
		}
		if (open->unknown)
			continue;
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
		if (a->slots.periods[i].seq > base && !a->slots.periods[i].unknown)
			out[n++] =
			    (struct written_period){a->slots.periods[i].start, &a->slots.periods[i].sum};
	if (!a->slots.period.unknown)
		out[n++] = (struct written_period){a->slots.period.start, &a->slots.period.sum};
	return n;
}

static size_t
news_events(const struct account *a, uint64_t base, struct written_event *out)
{
	static const char *const then[] = {
	    [QUOTA_NONE] = "warn", [QUOTA_WARN] = "warn", [QUOTA_THROTTLE] = "throttle", [QUOTA_CUT] = "cut"};
	size_t n = 0;

	for (size_t i = 0; i < a->n_events; i++) {
		const struct event *e = &a->events[i];

		if (e->seq > base)
			out[n++] = (struct written_event){.seq = e->seq,
			    .at = e->at,
			    .period = e->period,
			    .percent = e->percent,
			    .quota = e->quota,
			    .billed = e->billed,
			    .then = then[e->then]};
	}
	return n;
}

/* What moved since Redis held all of it; all, where that is not sure or it was another period's. */
static uint32_t
news_fields(const struct line *line)
{
	uint32_t fields = 0;

	for (int i = 0; i < RECORD_FIELDS; i++)
		fields |= (uint32_t)(line->moved[i] > line->acked) << i;
	return line->sure && line->turned <= line->acked ? fields : ALL_FIELDS;
}

static void
line_tell_numbers(struct count *count, struct line *line)
{
	struct account *a = line->account;
	struct written_slot slots[SLOTS_MAX];
	struct written_period periods[PERIODS_MAX];
	struct written_event events[EVENTS_KEEP];
	char life[LIFE_TEXT];
	struct update update = {
	    .guest = a->name,
	    .life = life_print(&a->life, life),
	    .seq = a->seq,
	    .base = line->acked,
	    .fields = news_fields(line),
	    .cur = &a->total,
	    .periods = periods,
	    .slots = slots,
	    .events = events,
	};

	update.n_slots = news_slots(a, line->acked, slots);
	update.n_periods = news_periods(a, line->acked, periods);
	update.n_events = news_events(a, line->acked, events);
	line->in_flight = write_guest(count->writer, &update, a) == 0;
	line->sure |= line->in_flight;
}

/*
 * What is quiet and sure costs nothing. While the journal lies there with what ended before Redis was heard of, which by now
 * is in the totals, they wait: a process that begins on it would take for news what Redis has from here, and add it again.
 */
static void
line_tell(struct count *count, struct line *line)
{
	const struct account *a = line->account;

	if (!line->in_flight && (!line->sure || a->seq > line->acked) && !a->owed_on_disk)
		line_tell_numbers(count, line);
}

static void
line_tell_meta(struct count *count, struct line *line)
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
	line->meta_due = write_meta(count->writer, &meta, line->account) == -1;
}

/* In the log what status shows, once. */
static void
tell_trouble(struct count *count)
{
	const char *error = write_status(count->writer)->error;

	if (error[0] && !count->redis_trouble)
		log_warn("redis: %s; numbers are kept and told again", error);
	else if (!error[0] && count->redis_trouble)
		log_info("redis takes numbers again");
	count->redis_trouble = error[0] != '\0';
}

void
tell_all(struct count *count)
{
	for (size_t i = 0; i < count->n_lines; i++) {
		struct line *line = &count->lines[i];

		if (line->meta_due && line->guest)
			line_tell_meta(count, line);
		if (line->account->unmet.is)
			line_ask(count, line);
		else if (!line_ask_unknown(count, line))
			line_tell(count, line);
	}
	tell_trouble(count);
}

/* All of a guest, of one that is quiet too, is told again now and then: whoever emptied the server has not told us. */
void
tell_again(struct count *count)
{
	for (size_t i = count->again++ % AGAIN_TICKS; i < count->n_lines; i += AGAIN_TICKS)
		count->lines[i].sure = false;
}

void
tell_meta(struct count *count)
{
	for (size_t i = 0; i < count->n_lines; i++)
		count->lines[i].meta_due = true;
}

static void
on_ready(void *arg)
{
	struct count *count = arg;

	log_info("redis is there");
	for (size_t i = 0; i < count->n_lines; i++)
		count->lines[i].sure = false;
	tell_meta(count);
	tell_all(count);
}

static void
on_done(void *arg, void *guest, uint64_t seq, uint64_t held, const struct elsewhere *elsewhere)
{
	struct count *count = arg;
	struct account *a = guest;
	struct line *line = line_of_account(count, a);

	line->in_flight = false;
	count->dirty_totals |= account_elsewhere(a, elsewhere);
	if (held > seq) {
		/* An older journal came back; a sequence must not. */
		count->trouble.behind++;
		a->seq = held > a->seq ? held + 1 : a->seq;
		count->dirty_totals = true;
		line->acked = 0;
		line->sure = false;
	} else if (held < line->acked) {
		count->trouble.forgot++;
		line->acked = held;
		line->meta_due = true;
		line->sure = false;
		line_tell(count, line);
	} else {
		line->acked = seq;
	}
}

static void
on_failed(void *arg, void *guest)
{
	struct line *line = line_of_account(arg, guest);

	line->in_flight = line->sure = false;
}

static void
on_meta_failed(void *arg, void *guest)
{
	line_of_account(arg, guest)->meta_due = true;
}

const struct write_calls count_write_calls = {
    .on_ready = on_ready,
    .on_done = on_done,
    .on_held = line_on_held,
    .on_failed = on_failed,
    .on_meta_failed = on_meta_failed,
};
