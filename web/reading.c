/* One guest, read from the ledger; see reading.h. */
#include "web/reading.h"
#include "base/sys.h"

#include <stdio.h>
#include <stdlib.h>

enum {
	HOUR_S = 3600,
	DAY_S = 86400,
	FIVE_S = 300,
	HOURS = 24,
	DAYS = 31,
	MONTHS_S = 367 * DAY_S,
};

void
reading_conf(const struct conf *conf, struct shown *g)
{
	const struct guest *guest = conf_guest(conf, g->bill.guest);

	g->domain = NULL;
	g->n_domains = 0;
	if (!guest)
		return;
	snprintf(g->tap, sizeof(g->tap), "%s", guest->tap);
	if (guest->n_domains > 0)
		g->domain = guest->domains[0].name;
	g->n_domains = guest->n_domains;
}

int
reading_bill(const struct reading *r, unsigned with, struct shown *g)
{
	struct bill fresh;

	g->read_s = sys_seconds();
	if (usage_bill(r->ledger, r->conf, g->bill.guest, r->now, with, &fresh) == -1)
		return -1;
	g->bill = fresh;
	return ledger_total(r->ledger, fresh.guest, &g->total) == -1 ? -1 : 0;
}

void
shown_free(struct shown *g)
{
	history_free(&g->hours);
	history_free(&g->days);
	history_free(&g->months);
}

int
reading_rate(const struct reading *r, struct shown *g)
{
	int64_t from = slot_start(SLOT_5M, r->now) - FIVE_S;
	struct history slots;

	if (ledger_history(r->ledger, g->bill.guest, SLOT_5M, from, r->now + 1, &slots) == -1)
		return -1;
	memset(g->rate, 0, sizeof(g->rate));
	for (size_t i = 0; i < slots.n; i++)
		for (int dir = 0; dir < DIRECTIONS; dir++)
			g->rate[dir] += slots.list[i].v[SLOT_TO_GUEST + dir];
	for (int dir = 0; dir < DIRECTIONS; dir++)
		g->rate[dir] = (uint64_t)((double)g->rate[dir] * 8 / (double)(r->now - from));
	g->rate_known = true;
	history_free(&slots);
	return 0;
}

/* --- rows -------------------------------------------------------------------------------------------------------- */

static uint8_t
billing_day(const struct reading *r, const char *name)
{
	const struct guest *guest = conf_guest(r->conf, name);
	struct meta meta;

	if (guest)
		return guest->billing_day;
	return ledger_meta(r->ledger, name, &meta) == 1 && meta.day ? meta.day : r->conf->billing.day;
}

static void
replace(struct history *old, struct history *fresh)
{
	history_free(old);
	*old = *fresh;
	*fresh = (struct history){0};
}

/* Days in the zone: of UTC they are there, of others they are made of hours. days: UTC's. */
static int
read_days(const struct reading *r, struct shown *g, const struct history *days)
{
	int64_t from = day_after(r->now, -DAYS, r->zone);
	struct history fresh = {0};

	if (r->zone != zone_utc) {
		if (ledger_history(r->ledger, g->bill.guest, SLOT_HOUR, from, r->now + 1, &fresh) == -1)
			return -1;
		hours_to_days(&fresh, r->zone);
	} else {
		fresh.list = calloc(days->n + 1, sizeof(*fresh.list));
		for (size_t i = 0; fresh.list && i < days->n; i++)
			if (days->list[i].start >= from)
				fresh.list[fresh.n++] = days->list[i];
	}
	replace(&g->days, &fresh);
	return 0;
}

int
reading_rows(const struct reading *r, struct shown *g)
{
	int64_t hours_from = slot_start(SLOT_HOUR, r->now) - (HOURS - 1) * HOUR_S;
	struct bill *b = &g->bill;
	struct history days, hours;
	int made;

	g->day = billing_day(r, b->guest);
	if (ledger_history(r->ledger, b->guest, SLOT_DAY, b->from - MONTHS_S, r->now + 1, &days) == -1)
		return -1;
	b->projected_known =
	    bill_project(b->sum.v[REC_BILLED], days.list, days.n, r->now, b->until, &b->projected);
	made = read_days(r, g, &days);
	days_to_periods(&days, g->day);
	replace(&g->months, &days);
	if (made == -1 ||
	    ledger_history(r->ledger, b->guest, SLOT_HOUR, hours_from, r->now + 1, &hours) == -1)
		return -1;
	replace(&g->hours, &hours);
	return reading_rate(r, g);
}
