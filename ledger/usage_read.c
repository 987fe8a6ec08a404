/* Bills and rows out of the ledger; see usage.h. */
#include "ledger/usage.h"

#include <stdlib.h>

enum { DAY_S = 86400, HOURS_SHOWN = 24, MONTHS_SHOWN = 366 };

struct reading_of {
	struct ledger *ledger;
	const struct conf *conf;
	const struct asked *asked;
	unsigned with; /* enum bill_with */
	struct usage *usage;
};

/* --- bills -------------------------------------------------------------------------------------------------- */

/* The period now, or the one that begins in the month asked for; another billing day held then, perhaps. */
static int
find_period(const struct reading_of *r, struct bill *b, uint8_t day)
{
	int64_t month = r->asked->month;
	int found;

	b->from = month == -1 ? period_start(r->usage->now, day) : period_end(month - 1, day);
	b->until = period_end(b->from, day);
	found = ledger_period_at(r->ledger, b->guest, b->from, &b->sum);
	for (uint8_t d = 1; month != -1 && found == 0 && d <= 31; d++) {
		int64_t from = period_end(month - 1, d);

		found = ledger_period_at(r->ledger, b->guest, from, &b->sum);
		if (found == 1) {
			b->from = from;
			b->until = period_end(from, d);
		}
	}
	b->found = found == 1;
	return found == -1 ? -1 : 0;
}

static int
project(const struct reading_of *r, struct bill *b)
{
	int64_t now = r->usage->now;
	struct history days;

	if (ledger_history(r->ledger, b->guest, SLOT_DAY, pace_from(now), now + 1, &days) == -1)
		return -1;
	b->projected_known =
	    bill_project(b->sum.v[REC_BILLED], days.list, days.n, now, b->until, &b->projected);
	history_free(&days);
	return 0;
}

/* Only while all of the period's 5 minutes are kept. */
static int
percentile(const struct reading_of *r, struct bill *b)
{
	int64_t now = r->usage->now, until = b->until < now ? b->until : now;
	struct percentile p;

	if (!b->found || b->from < now - key_slot_expire(SLOT_5M) || until <= b->from)
		return 0;
	if (ledger_percentile(r->ledger, b->guest, b->from, until, &p) == -1)
		return -1;
	b->p95_known = p.samples > 0;
	memcpy(b->p95, r->conf->billing.count == COUNT_WIRE ? p.wire : p.tap, sizeof(b->p95));
	return 0;
}

static int
read_bill(const struct reading_of *r, const char *name, struct bill *b)
{
	const struct guest *guest = conf_guest(r->conf, name);
	struct meta meta;

	*b = (struct bill){.day = r->conf->billing.day, .gone = !guest};
	snprintf(b->guest, sizeof(b->guest), "%s", name);
	if (guest) {
		b->day = guest->billing_day;
		b->quota = guest->quota;
	} else {
		if (ledger_meta(r->ledger, name, &meta) == -1)
			return -1;
		b->day = meta.day ? meta.day : b->day;
		b->quota = (struct quota){meta.quota ? QUOTA_WARN : QUOTA_NONE, .month_bytes = meta.quota};
	}
	if (find_period(r, b, b->day) == -1 || ((r->with & WITH_PROJECTION) && project(r, b) == -1))
		return -1;
	return r->with & WITH_PERCENTILE ? percentile(r, b) : 0;
}

int
usage_bill(struct ledger *ledger, const struct conf *conf, const char *guest, int64_t now, unsigned with,
    struct bill *out)
{
	const struct asked asked = {.name = guest, .month = -1, .from = -1, .to = -1};
	struct usage usage = {.now = now};

	return read_bill(&(struct reading_of){ledger, conf, &asked, with, &usage}, guest, out);
}

static int
by_guest(const void *a, const void *b)
{
	return strcmp(((const struct bill *)a)->guest, ((const struct bill *)b)->guest);
}

/* Those of the file, and those who are not in it and moved something in the period. */
static int
read_all(const struct reading_of *r, const struct names *counted)
{
	const struct conf *conf = r->conf;
	struct usage *u = r->usage;

	u->bills = calloc(conf->n_guests + counted->n + 1, sizeof(*u->bills));
	if (!u->bills)
		return -1;
	for (size_t i = 0; i < conf->n_guests; i++)
		if (read_bill(r, conf->guests[i].name, &u->bills[u->n++]) == -1)
			return -1;
	for (size_t i = 0; i < counted->n; i++) {
		if (conf_guest(conf, counted->list[i]))
			continue;
		if (read_bill(r, counted->list[i], &u->bills[u->n]) == -1)
			return -1;
		u->n += u->bills[u->n].found;
	}
	qsort(u->bills, u->n, sizeof(*u->bills), by_guest);
	return 0;
}

/* --- one guest's rows ----------------------------------------------------------------------------------------- */

/* What the rows are of, where nobody says: the period, the last 24 hours, the last year. */
static void
choose_rows(const struct reading_of *r)
{
	const struct asked *asked = r->asked;
	struct usage *u = r->usage;
	const struct bill *b = &u->bills[0];

	u->with_bill = asked->by == BY_NOTHING && asked->from == -1 && asked->to == -1;
	u->by = asked->by == BY_NOTHING ? BY_DAY : asked->by;
	u->from = b->from;
	u->until = b->until;
	if (asked->month == -1 && u->by == BY_HOUR)
		u->from = slot_start(SLOT_HOUR, u->now) - (HOURS_SHOWN - 1) * 3600;
	if (asked->month == -1 && u->by == BY_MONTH)
		u->from = slot_start(SLOT_DAY, u->now) - MONTHS_SHOWN * DAY_S;
	if (asked->to != -1)
		u->until = day_after(asked->to < u->now ? asked->to : u->now, 1, u->zone);
	if (asked->from != -1)
		u->from = asked->from;
	else if (asked->to != -1 && u->from > asked->to)
		u->from = period_start(asked->to, b->day);
}

/* Any day may have begun a period, for the billing day may have been another one. */
static int
read_periods(const struct reading_of *r)
{
	struct usage *u = r->usage;
	size_t room = u->until > u->from ? (size_t)((u->until - u->from) / DAY_S + 2) : 1;

	u->rows.list = calloc(room, sizeof(*u->rows.list));
	if (!u->rows.list)
		return -1;
	for (int64_t at = slot_start(SLOT_DAY, u->from); at < u->until && at <= u->now; at += DAY_S) {
		struct dated *row = &u->rows.list[u->rows.n];
		struct record sum;
		int found = at < u->from ? 0 : ledger_period_at(r->ledger, u->bills[0].guest, at, &sum);

		if (found == -1)
			return -1;
		if (found == 0)
			continue;
		*row = (struct dated){.start = at};
		record_to_slot(&sum, row->v);
		u->rows.n++;
	}
	return 0;
}

/* Another zone's days are made of hours, as long as those are kept. */
static int
read_rows(const struct reading_of *r)
{
	struct usage *u = r->usage;
	const char *name = u->bills[0].guest;
	bool own_days = u->zone != zone_utc && u->from >= u->now - key_slot_expire(SLOT_HOUR);

	if (u->by == BY_MONTH)
		return read_periods(r);
	if (u->by == BY_DAY && !own_days) {
		u->zone = zone_utc;
		u->zone_name = "UTC";
		return ledger_history(r->ledger, name, SLOT_DAY, u->from, u->until, &u->rows);
	}
	if (ledger_history(r->ledger, name, SLOT_HOUR, u->from, u->until, &u->rows) == -1)
		return -1;
	if (u->by == BY_DAY)
		hours_to_days(&u->rows, u->zone);
	return 0;
}

static int
read_one(const struct reading_of *r)
{
	struct usage *u = r->usage;

	u->bills = calloc(1, sizeof(*u->bills));
	u->n = 1;
	if (!u->bills || read_bill(r, r->asked->name, &u->bills[0]) == -1)
		return -1;
	choose_rows(r);
	return read_rows(r);
}

/* --- all ---------------------------------------------------------------------------------------------------- */

static bool
is_counted(const struct names *counted, const char *name)
{
	for (size_t i = 0; i < counted->n; i++)
		if (strcmp(counted->list[i], name) == 0)
			return true;
	return false;
}

enum usage_read
usage_read(struct ledger *ledger, const struct conf *conf, const struct asked *asked, struct usage *out)
{
	const struct reading_of r = {ledger, conf, asked, WITH_PROJECTION | WITH_PERCENTILE, out};
	enum usage_read done = USAGE_READ;
	struct names counted;

	if (ledger_guests(ledger, &counted) == -1)
		return USAGE_FAILED;
	if (asked->name && !is_counted(&counted, asked->name) && !conf_guest(conf, asked->name))
		done = USAGE_NO_GUEST;
	else if ((asked->name ? read_one(&r) : read_all(&r, &counted)) == -1)
		done = USAGE_FAILED;
	names_free(&counted);
	return done;
}

void
usage_free(struct usage *u)
{
	history_free(&u->rows);
	free(u->bills);
	u->bills = NULL;
	u->n = 0;
}
