/*
 * The clock came back to a time that the journal keeps no longer: what was told of it before is asked of Redis, and
 * until it answers that slot or period is not told; see count.h.
 */
#include "acct/count.h"
#include "base/log.h"

#include <time.h>

/* A billing period that begins on that day, if any does. */
static uint8_t
day_of(int64_t at)
{
	time_t t = at;
	struct tm tm = {0};

	return gmtime_r(&t, &tm) ? (uint8_t)tm.tm_mday : 1;
}

bool
line_ask_unknown(struct count *count, struct line *line)
{
	struct account *a = line->account;
	int64_t at = slots_unknown(&a->slots);

	if (at == -1)
		return false;
	if (!line->in_flight)
		line->in_flight = write_ask(count->writer, a->name, at, day_of(at), a) == 0;
	return true;
}

/* What the quota was told of by then need not be told again. */
static void
pass_before(const struct line *line, struct period *period, const struct held *held)
{
	struct period before = {0};

	if (!line->guest)
		return;
	event_pass(&line->guest->quota, &before, held->period.v[REC_BILLED] + held->elsewhere.billed);
	period->told = before.told;
	period->quota = before.quota;
}

/* With direction max a byte is billed by what was there before it, which is known from here on. */
static void
bill_late(struct count *count, struct account *a, int64_t start, const struct held *held)
{
	struct period *period = slots_unknown_period(&a->slots, start);
	struct record late = {.ts = a->total.ts};
	uint64_t had[DIRECTIONS];

	if (!period)
		return;
	for (int d = 0; d < DIRECTIONS; d++)
		had[d] = held->period.v[REC_BILLABLE + d] + held->elsewhere.billable[d];
	late.v[REC_BILLED] = tally_owed(&count->conf->billing, had, &period->sum);
	record_add(&period->sum, &late);
	record_add(&a->total, &late);
	for (int kind = 0; kind < SLOT_KINDS; kind++)
		record_to_slot(&late, a->slots.open[kind].v);
}

void
line_know(struct count *count, struct line *line, const struct held *held)
{
	struct account *a = line->account;
	struct held nothing = {.now = slots_unknown(&a->slots), .elsewhere.start = -1};
	bool unknown = a->slots.period.unknown;
	int64_t start;

	if (!held) {
		log_error(
		    "%s: what redis holds of an earlier time is no count of ours; it stays as it is there",
		    a->name);
		held = &nothing;
	}
	start = period_start(held->now, day_of(held->now));
	bill_late(count, a, start, held);
	if (slots_known(&a->slots, held->now, held->slots, start, &held->period, a->seq + 1))
		count->dirty_closed = true;
	if (unknown && !a->slots.period.unknown) {
		account_elsewhere(a, &held->elsewhere);
		pass_before(line, &a->slots.period, held);
	}
	line->turned = ++a->seq;
	count->dirty_totals = true;
}
