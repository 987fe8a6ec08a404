/* What moved, by time; see slot.h. */
#include "acct/slot.h"

struct slot *
slots_closed(struct slots *s, enum slot_kind kind)
{
	return kind == SLOT_5M ? s->closed_5m : kind == SLOT_HOUR ? s->closed_hour : s->closed_day;
}

size_t
slots_keep(enum slot_kind kind)
{
	return kind == SLOT_5M ? KEEP_5M : kind == SLOT_HOUR ? KEEP_HOUR : KEEP_DAY;
}

static bool
is_empty(const struct slot *slot)
{
	for (int i = 0; i < SLOT_FIELDS; i++)
		if (slot->v[i] != 0)
			return false;
	return true;
}

static int64_t
later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

void
slots_keep_closed(struct slots *s, enum slot_kind kind, const struct slot *slot)
{
	struct slot *list = slots_closed(s, kind);
	size_t n = s->n_closed[kind], gone = 0;

	while (gone < n && list[gone].start != slot->start)
		gone++;
	if (gone == n && n == slots_keep(kind)) {
		gone = 0;
		s->gone[kind] = later(s->gone[kind], list[0].start);
	}
	if (gone < n)
		memmove(&list[gone], &list[gone + 1], (--n - gone) * sizeof(*list));
	list[n] = *slot;
	s->n_closed[kind] = n + 1;
}

void
slots_keep_period(struct slots *s, const struct period *period)
{
	size_t n = s->n_periods, gone = 0;

	while (gone < n && s->periods[gone].start != period->start)
		gone++;
	if (gone == n && n == KEEP_PERIOD) {
		gone = 0;
		s->gone_period = later(s->gone_period, s->periods[0].start);
	}
	if (gone < n)
		memmove(&s->periods[gone], &s->periods[gone + 1], (--n - gone) * sizeof(*period));
	s->periods[n] = *period;
	s->n_periods = n + 1;
}

static bool
turn_slot(struct slots *s, enum slot_kind kind, int64_t start, uint64_t seq)
{
	struct slot *open = &s->open[kind], *list = slots_closed(s, kind), next = {.start = start};
	bool closed = false;

	if (s->begun && open->start == start)
		return false;
	next.unknown = start <= s->gone[kind];
	for (size_t i = 0; i < s->n_closed[kind]; i++)
		if (list[i].start == start)
			next = list[i];
	if (!is_empty(open)) {
		open->seq = seq;
		slots_keep_closed(s, kind, open);
		closed = true;
	}
	*open = next;
	s->may_be_unknown |= next.unknown;
	return closed;
}

static bool
turn_period(struct slots *s, int64_t start, uint64_t seq)
{
	struct period next = {.start = start, .unknown = start <= s->gone_period};
	bool closed = false;

	if (s->begun && s->period.start == start)
		return false;
	for (size_t i = 0; i < s->n_periods; i++)
		if (s->periods[i].start == start)
			next = s->periods[i];
	if (!record_is_zero(&s->period.sum)) {
		s->period.seq = seq;
		slots_keep_period(s, &s->period);
		closed = true;
	}
	s->period = next;
	s->may_be_unknown |= next.unknown;
	return closed;
}

bool
slots_turn(struct slots *s, int64_t now, uint8_t day, uint64_t seq)
{
	bool closed = turn_period(s, period_start(now, day), seq);

	for (int kind = 0; kind < SLOT_KINDS; kind++)
		closed |= turn_slot(s, kind, slot_start(kind, now), seq);
	s->begun = true;
	return closed;
}

void
slots_add(struct slots *s, const struct record *delta)
{
	for (int kind = 0; kind < SLOT_KINDS; kind++)
		record_to_slot(delta, s->open[kind].v);
	record_add(&s->period.sum, delta);
}

static int64_t
find_unknown(struct slots *s)
{
	for (int kind = 0; kind < SLOT_KINDS; kind++) {
		const struct slot *list = slots_closed(s, kind);

		if (s->open[kind].unknown)
			return s->open[kind].start;
		for (size_t i = 0; i < s->n_closed[kind]; i++)
			if (list[i].unknown)
				return list[i].start;
	}
	for (size_t i = 0; i < s->n_periods; i++)
		if (s->periods[i].unknown)
			return s->periods[i].start;
	return s->period.unknown ? s->period.start : -1;
}

int64_t
slots_unknown(struct slots *s)
{
	int64_t start = s->may_be_unknown ? find_unknown(s) : -1;

	s->may_be_unknown = start != -1;
	return start;
}

struct period *
slots_unknown_period(struct slots *s, int64_t start)
{
	if (s->period.unknown && s->period.start == start)
		return &s->period;
	for (size_t i = 0; i < s->n_periods; i++)
		if (s->periods[i].unknown && s->periods[i].start == start)
			return &s->periods[i];
	return NULL;
}

static bool
know_slot(struct slot *slot, int64_t start, const uint64_t held[SLOT_FIELDS])
{
	if (!slot->unknown || slot->start != start)
		return false;
	for (int i = 0; i < SLOT_FIELDS; i++)
		slot->v[i] += held[i];
	slot->unknown = false;
	return true;
}

static bool
know_period(struct period *period, int64_t start, const struct record *held)
{
	if (!period->unknown || period->start != start)
		return false;
	record_add(&period->sum, held);
	period->unknown = false;
	return true;
}

bool
slots_known(struct slots *s, int64_t at, const uint64_t held[SLOT_KINDS][SLOT_FIELDS], int64_t period,
    const struct record *held_period, uint64_t seq)
{
	bool changed = false;

	for (int kind = 0; kind < SLOT_KINDS; kind++) {
		struct slot *list = slots_closed(s, kind);
		int64_t start = slot_start(kind, at);

		know_slot(&s->open[kind], start, held[kind]);
		for (size_t i = 0; i < s->n_closed[kind]; i++)
			if (know_slot(&list[i], start, held[kind])) {
				list[i].seq = seq;
				changed = true;
			}
	}
	know_period(&s->period, period, held_period);
	for (size_t i = 0; i < s->n_periods; i++)
		if (know_period(&s->periods[i], period, held_period)) {
			s->periods[i].seq = seq;
			changed = true;
		}
	return changed;
}

void
slots_take(struct slots *s, const uint64_t held[SLOT_KINDS][SLOT_FIELDS], const struct record *held_period)
{
	for (int kind = 0; kind < SLOT_KINDS; kind++) {
		memcpy(s->open[kind].v, held[kind], sizeof(s->open[kind].v));
		s->open[kind].unknown = false;
		s->gone[kind] = INT64_MAX;
	}
	s->period.sum = *held_period;
	s->period.unknown = false;
	s->gone_period = INT64_MAX;
}

void
slots_go_back(struct slots *s, uint64_t seq)
{
	size_t n;

	for (int kind = 0; kind < SLOT_KINDS; kind++) {
		struct slot *list = slots_closed(s, kind);

		n = 0;
		for (size_t i = 0; i < s->n_closed[kind]; i++)
			if (list[i].seq <= seq)
				list[n++] = list[i];
		s->n_closed[kind] = n;
		memset(s->open[kind].v, 0, sizeof(s->open[kind].v));
	}
	n = 0;
	for (size_t i = 0; i < s->n_periods; i++)
		if (s->periods[i].seq <= seq)
			s->periods[n++] = s->periods[i];
	s->n_periods = n;
	s->period.sum = (struct record){0};
}
