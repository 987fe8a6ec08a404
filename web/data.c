/* What Redis holds, as the pages show it; see data.h. */
#include "web/data.h"
#include "base/log.h"
#include "base/sys.h"
#include "conf/zone.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum {
	HOUR_S = 3600,
	DAY_S = 86400,
	FIVE_S = 300,
	HOURS = 24,
	DAYS = 31,
	MONTHS_S = 367 * DAY_S,
	FRESH_S = 2, /* a reading is not older than this, or … */
	SHARE = 20, /* … than so many times what it took */
	AGAIN_S = 1, /* after Redis did not answer; doubled each time up to … */
	AGAIN_MAX_S = 15,
};

struct entry {
	struct shown shown;
	double read_s, cost_s; /* with its rows; 0: to be read again */
	bool known; /* they were read once */
	int64_t p95_of; /* the slot of 5 minutes whose percentile is known */
	bool listed; /* shown in the list of all */
};

struct data {
	const struct conf *conf;
	struct ledger *ledger;
	struct entry **entries; /* by name */
	size_t n, room;
	const struct shown **list;
	size_t n_list;
	double list_s, list_cost_s; /* of all */
	int64_t read_at; /* what was given last */
	int64_t list_at;
	double again_s, pause_s;
	double known_s; /* when Redis was asked who there is */
	char why[256]; /* "": it answers */
	bool utc;
	struct data_counts counts;
};

/* --- Redis ------------------------------------------------------------------------------------------------ */

void
data_fail(struct data *d)
{
	const char *said = d->ledger ? ledger_why(d->ledger) : d->why;

	d->counts.failed++;
	if (!d->pause_s)
		log_warn("the ledger: %s", *said ? said : "out of memory");
	if (d->ledger)
		snprintf(d->why, sizeof(d->why), "%s", *said ? said : "out of memory");
	ledger_close(d->ledger);
	d->ledger = NULL;
	d->pause_s = d->pause_s ? d->pause_s * 2 : AGAIN_S;
	d->pause_s = d->pause_s < AGAIN_MAX_S ? d->pause_s : AGAIN_MAX_S;
	d->again_s = sys_seconds() + d->pause_s;
}

struct ledger *
data_ledger(struct data *d)
{
	if (d->ledger)
		return d->ledger;
	if (sys_seconds() < d->again_s)
		return NULL;
	d->ledger = ledger_open(d->conf, d->why, sizeof(d->why));
	if (!d->ledger)
		data_fail(d);
	return d->ledger;
}

/* Something was read as a whole. */
void
data_answered(struct data *d)
{
	if (d->pause_s)
		log_info("the ledger answers again");
	d->pause_s = 0;
	d->why[0] = '\0';
}

const char *
data_why(const struct data *d)
{
	return d->why[0] ? d->why : NULL;
}

const struct data_counts *
data_counts(const struct data *d)
{
	return &d->counts;
}

static bool
is_fresh(double read_s, double cost_s, double now)
{
	double keep = cost_s * SHARE > FRESH_S ? cost_s * SHARE : FRESH_S;

	return read_s > 0 && now - read_s < keep;
}

/* --- who there is ----------------------------------------------------------------------------------------- */

static size_t
place_of(const struct data *d, const char *name)
{
	size_t lo = 0, hi = d->n;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;

		if (strcmp(d->entries[mid]->shown.bill.guest, name) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static struct entry *
find(const struct data *d, const char *name)
{
	size_t at = place_of(d, name);

	return at < d->n && strcmp(d->entries[at]->shown.bill.guest, name) == 0 ? d->entries[at] : NULL;
}

static struct entry *
find_or_add(struct data *d, const char *name)
{
	size_t at = place_of(d, name);
	struct entry *e = find(d, name);

	if (e || d->n == d->room)
		return e;
	e = calloc(1, sizeof(*e));
	if (!e)
		return NULL;
	snprintf(e->shown.bill.guest, sizeof(e->shown.bill.guest), "%s", name);
	memmove(&d->entries[at + 1], &d->entries[at], (d->n - at) * sizeof(struct entry *));
	d->entries[at] = e;
	d->n++;
	return e;
}

static void
entry_free(struct entry *e)
{
	history_free(&e->shown.hours);
	history_free(&e->shown.days);
	history_free(&e->shown.months);
	free(e);
}

/* What the file says of it. */
static void
take_conf(struct data *d, struct shown *g)
{
	const struct guest *guest = conf_guest(d->conf, g->bill.guest);

	g->domain = NULL;
	g->n_domains = 0;
	if (!guest)
		return;
	snprintf(g->tap, sizeof(g->tap), "%s", guest->tap);
	if (guest->n_domains > 0)
		g->domain = guest->domains[0].name;
	g->n_domains = guest->n_domains;
}

static int
know(struct data *d, struct ledger *l)
{
	struct names counted;

	for (size_t i = 0; i < d->conf->n_guests; i++)
		find_or_add(d, d->conf->guests[i].name);
	if (ledger_guests(l, &counted) == -1)
		return -1;
	d->known_s = sys_seconds();
	for (size_t i = 0; i < counted.n; i++)
		find_or_add(d, counted.list[i]);
	names_free(&counted);
	return 0;
}

void
data_look(struct data *d)
{
	struct ledger *l = data_ledger(d);

	if (l && know(d, l) == -1)
		data_fail(d);
	else if (l)
		data_answered(d);
}

static bool
knows_tap(const struct data *d, char name[CONF_GUEST_NAME_MAX + 1])
{
	for (size_t i = 0; i < d->conf->n_guests; i++) {
		if (strcmp(d->conf->guests[i].tap, name) != 0)
			continue;
		memcpy(name, d->conf->guests[i].name, CONF_GUEST_NAME_MAX + 1);
		return true;
	}
	return false;
}

bool
data_knows(struct data *d, char name[CONF_GUEST_NAME_MAX + 1], bool tap)
{
	struct ledger *l;

	if (tap)
		return knows_tap(d, name);
	if (conf_guest(d->conf, name) || find(d, name))
		return true;
	l = is_fresh(d->known_s, 0, sys_seconds()) ? NULL : data_ledger(d);
	if (l && know(d, l) == -1)
		data_fail(d);
	return find(d, name) != NULL;
}

bool
data_knows_own(struct data *d, const char *own, char name[CONF_GUEST_NAME_MAX + 1], bool tap)
{
	if (tap)
		return knows_tap(d, name);
	return strcmp(name, own) == 0 && data_knows(d, name, false);
}

/* --- reading ----------------------------------------------------------------------------------------------- */

static uint8_t
billing_day(struct data *d, struct ledger *l, const char *name)
{
	const struct guest *guest = conf_guest(d->conf, name);
	struct meta meta;

	if (guest)
		return guest->billing_day;
	return ledger_meta(l, name, &meta) == 1 && meta.day ? meta.day : d->conf->billing.day;
}

/* UTC's days become billing periods, each by its first day. */
static void
days_to_periods(struct history *h, uint8_t day)
{
	size_t n = 0;

	for (size_t i = 0; i < h->n; i++) {
		struct dated row = h->list[i];

		row.start = period_start(row.start, day);
		if (n > 0 && h->list[n - 1].start == row.start) {
			for (int f = 0; f < SLOT_FIELDS; f++)
				h->list[n - 1].v[f] += row.v[f];
			continue;
		}
		h->list[n++] = row;
	}
	h->n = n;
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
read_days(struct data *d, struct ledger *l, struct shown *g, const struct history *days, int64_t now)
{
	int64_t from = day_after(now, -DAYS, d->utc ? zone_utc : zone_offset);
	struct history fresh = {0};

	if (!d->utc) {
		if (ledger_history(l, g->bill.guest, SLOT_HOUR, from, now + 1, &fresh) == -1)
			return -1;
		hours_to_days(&fresh, zone_offset);
	} else {
		fresh.list = calloc(days->n + 1, sizeof(*fresh.list));
		for (size_t i = 0; fresh.list && i < days->n; i++)
			if (days->list[i].start >= from)
				fresh.list[fresh.n++] = days->list[i];
	}
	replace(&g->days, &fresh);
	return 0;
}

/* Of the last whole 5 minutes and what came since. */
static int
read_rate(struct ledger *l, struct shown *g, int64_t now)
{
	int64_t from = slot_start(SLOT_5M, now) - FIVE_S;
	struct history slots;

	if (ledger_history(l, g->bill.guest, SLOT_5M, from, now + 1, &slots) == -1)
		return -1;
	memset(g->rate, 0, sizeof(g->rate));
	for (size_t i = 0; i < slots.n; i++)
		for (int dir = 0; dir < DIRECTIONS; dir++)
			g->rate[dir] += slots.list[i].v[SLOT_TO_GUEST + dir];
	for (int dir = 0; dir < DIRECTIONS; dir++)
		g->rate[dir] = (uint64_t)((double)g->rate[dir] * 8 / (double)(now - from));
	g->rate_known = true;
	history_free(&slots);
	return 0;
}

/* The bill and what all pages show of it. days: UTC's since the pace is taken. */
static int
read_bill(struct data *d, struct ledger *l, struct entry *e, int64_t now, unsigned with)
{
	struct bill fresh, *b = &e->shown.bill;

	if (usage_bill(l, d->conf, b->guest, now, with, &fresh) == -1)
		return -1;
	if (!(with & WITH_PROJECTION)) { /* which comes with the rows */
		fresh.projected_known = b->projected_known && b->from == fresh.from;
		fresh.projected = b->projected;
	}
	if (!(with & WITH_PERCENTILE)) {
		fresh.p95_known = b->p95_known && b->from == fresh.from;
		memcpy(fresh.p95, b->p95, sizeof(fresh.p95));
	}
	*b = fresh;
	take_conf(d, &e->shown);
	return ledger_total(l, b->guest, &e->shown.total) == -1 ? -1 : 0;
}

static int
read_rows(struct data *d, struct ledger *l, struct entry *e, int64_t now)
{
	struct shown *g = &e->shown;
	struct bill *b = &g->bill;
	struct history days, hours;
	int made;

	g->day = billing_day(d, l, b->guest);
	if (ledger_history(l, b->guest, SLOT_DAY, b->from - MONTHS_S, now + 1, &days) == -1)
		return -1;
	b->projected_known =
	    bill_project(b->sum.v[REC_BILLED], days.list, days.n, now, b->until, &b->projected);
	made = read_days(d, l, g, &days, now);
	days_to_periods(&days, g->day);
	replace(&g->months, &days);
	if (made == -1 || ledger_history(l, b->guest, SLOT_HOUR,
			      slot_start(SLOT_HOUR, now) - (HOURS - 1) * HOUR_S, now + 1, &hours) == -1)
		return -1;
	replace(&g->hours, &hours);
	return read_rate(l, g, now);
}

/* Reads it all again, where Redis answers. */
static void
refresh(struct data *d, struct entry *e)
{
	int64_t now = (int64_t)time(NULL), slot = slot_start(SLOT_5M, now);
	double begun = sys_seconds();
	struct ledger *l = data_ledger(d);

	if (!l)
		return;
	d->counts.reads++;
	if (read_bill(d, l, e, now, e->p95_of == slot ? WITH_NOTHING : WITH_PERCENTILE) == -1 ||
	    read_rows(d, l, e, now) == -1) {
		data_fail(d);
		return;
	}
	data_answered(d);
	e->known = true;
	e->shown.read_at = now;
	/* What comes once in five minutes does not count as what a reading costs. */
	e->read_s = sys_seconds();
	e->cost_s = e->p95_of == slot ? e->read_s - begun : 0;
	e->p95_of = slot;
	d->counts.spent_s += e->read_s - begun;
}

const struct shown *
data_guest(struct data *d, const char *name)
{
	struct entry *e = find_or_add(d, name);

	d->read_at = 0;
	if (!e)
		return NULL;
	if (!is_fresh(e->read_s, e->cost_s, sys_seconds()))
		refresh(d, e);
	if (!e->known)
		return NULL;
	d->read_at = e->shown.read_at;
	return &e->shown;
}

static int
read_all(struct data *d, struct ledger *l, int64_t now)
{
	if (know(d, l) == -1)
		return -1;
	for (size_t i = 0; i < d->n; i++) {
		struct entry *e = d->entries[i];

		if (read_bill(d, l, e, now, WITH_PROJECTION) == -1 || read_rate(l, &e->shown, now) == -1)
			return -1;
		e->listed = !e->shown.bill.gone || e->shown.bill.found;
	}
	return 0;
}

static void
refresh_all(struct data *d)
{
	int64_t now = (int64_t)time(NULL);
	double begun = sys_seconds();
	struct ledger *l = data_ledger(d);

	if (!l)
		return;
	d->counts.reads++;
	if (read_all(d, l, now) == -1) {
		data_fail(d);
		return;
	}
	data_answered(d);
	d->list_at = now;
	d->n_list = 0;
	for (size_t i = 0; i < d->n; i++)
		if (d->entries[i]->listed)
			d->list[d->n_list++] = &d->entries[i]->shown;
	d->list_s = sys_seconds();
	d->list_cost_s = d->list_s - begun;
	d->counts.spent_s += d->list_cost_s;
}

size_t
data_all(struct data *d, const struct shown *const **out)
{
	if (!is_fresh(d->list_s, d->list_cost_s, sys_seconds()))
		refresh_all(d);
	*out = d->list;
	d->read_at = d->list_at;
	return d->n_list;
}

bool
data_total(struct data *d, const char *name, struct record *out)
{
	struct ledger *l = data_ledger(d);
	int found = l ? ledger_total(l, name, out) : -1;

	if (l && found == -1)
		data_fail(d);
	else if (l)
		data_answered(d);
	return found == 1;
}

void
data_page(struct data *d, struct page *p)
{
	p->zone = d->utc ? zone_utc : zone_offset;
	p->zone_name = d->conf->time_zone;
	p->wire = d->conf->billing.count == COUNT_WIRE;
	p->read_at = d->read_at;
	p->why = data_why(d);
}

/* --- begin and end ----------------------------------------------------------------------------------------- */

static void
take_zone(struct data *d)
{
	d->utc = strcmp(d->conf->time_zone, "UTC") == 0;
	if (!d->utc)
		zone_enter(d->conf);
}

struct data *
data_open(const struct conf *conf)
{
	struct data *d = calloc(1, sizeof(*d));

	if (!d)
		return NULL;
	d->conf = conf;
	d->room = DATA_GUESTS_MAX;
	d->entries = calloc(d->room, sizeof(*d->entries));
	d->list = calloc(d->room, sizeof(*d->list));
	if (!d->entries || !d->list) {
		data_close(d);
		return NULL;
	}
	take_zone(d);
	return d;
}

void
data_reload(struct data *d, const struct conf *conf)
{
	d->conf = conf;
	ledger_close(d->ledger); /* it speaks of the old one's redis */
	d->ledger = NULL;
	d->again_s = 0;
	d->list_s = 0;
	d->known_s = 0;
	d->n_list = 0;
	take_zone(d);
	for (size_t i = 0; i < d->n; i++) {
		d->entries[i]->read_s = 0;
		d->entries[i]->p95_of = 0;
		take_conf(d, &d->entries[i]->shown);
	}
}

void
data_close(struct data *d)
{
	for (size_t i = 0; i < d->n; i++)
		entry_free(d->entries[i]);
	ledger_close(d->ledger);
	free(d->entries);
	free(d->list);
	free(d);
}
