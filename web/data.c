/* What Redis holds, as the pages show it; see data.h. */
#include "web/data.h"
#include "base/log.h"
#include "base/sys.h"
#include "conf/zone.h"
#include "web/reading.h"
#include "web/roster.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum {
	FRESH_S = 2, /* a reading is not older than this, or … */
	SHARE = 20, /* … than so many times what it took */
	AGAIN_S = 1, /* after Redis did not answer; doubled each time up to … */
	AGAIN_MAX_S = 15,
};

struct data {
	const struct conf *conf;
	zone_of *zone;
	struct ledger *ledger;
	double again_s, pause_s;
	char why[256]; /* "": it answers */
	struct roster roster;
	double known_s; /* when Redis was asked who there is */
	const struct shown *list[ROSTER_MAX];
	size_t n_list;
	struct age list_age;
	int64_t list_at;
	int64_t read_at; /* what was given last */
	struct data_counts counts;
};

/* --- Redis ------------------------------------------------------------------------------------------------ */

static void
fail(struct data *d)
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
		fail(d);
	return d->ledger;
}

void
data_told(struct data *d, bool good)
{
	if (!good) {
		fail(d);
		return;
	}
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
is_fresh(const struct age *age, double now)
{
	double keep = age->cost_s * SHARE > FRESH_S ? age->cost_s * SHARE : FRESH_S;

	return age->read_s > 0 && now - age->read_s < keep;
}

/* --- who there is ----------------------------------------------------------------------------------------- */

static int
know(struct data *d, struct ledger *l)
{
	struct names counted;

	for (size_t i = 0; i < d->conf->n_guests; i++)
		roster_add(&d->roster, d->conf->guests[i].name);
	if (ledger_guests(l, &counted) == -1)
		return -1;
	d->known_s = sys_seconds();
	for (size_t i = 0; i < counted.n; i++)
		roster_add(&d->roster, counted.list[i]);
	names_free(&counted);
	return 0;
}

void
data_look(struct data *d)
{
	struct ledger *l = data_ledger(d);

	if (l)
		data_told(d, know(d, l) == 0);
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
	if (tap)
		return knows_tap(d, name);
	if (conf_guest(d->conf, name) || roster_find(&d->roster, name))
		return true;
	if (!is_fresh(&(struct age){.read_s = d->known_s}, sys_seconds()))
		data_look(d);
	return roster_find(&d->roster, name) != NULL;
}

bool
data_knows_own(struct data *d, const char *own, char name[CONF_GUEST_NAME_MAX + 1], bool tap)
{
	if (tap)
		return knows_tap(d, name);
	return strcmp(name, own) == 0 && data_knows(d, name, false);
}

/* --- reading ----------------------------------------------------------------------------------------------- */

/* Reads it all again, where Redis answers. */
static void
refresh(struct data *d, struct entry *e)
{
	double begun = sys_seconds();
	struct reading r = {d->conf, data_ledger(d), d->zone, (int64_t)time(NULL)};
	int64_t slot = slot_start(SLOT_5M, r.now);
	bool good;

	if (!r.ledger)
		return;
	d->counts.reads++;
	good = reading_bill(&r, e->p95_of == slot ? WITH_NOTHING : WITH_PERCENTILE, &e->shown) == 0 &&
	       reading_rows(&r, &e->shown) == 0;
	data_told(d, good);
	if (!good)
		return;
	e->known = true;
	e->shown.read_at = r.now;
	/* What comes once in five minutes does not count as what a reading costs. */
	e->age.read_s = sys_seconds();
	e->age.cost_s = e->p95_of == slot ? e->age.read_s - begun : 0;
	e->p95_of = slot;
	d->counts.spent_s += e->age.read_s - begun;
}

const struct shown *
data_guest(struct data *d, const char *name)
{
	struct entry *e = roster_add(&d->roster, name);

	d->read_at = 0;
	if (!e)
		return NULL;
	if (!is_fresh(&e->age, sys_seconds()))
		refresh(d, e);
	if (!e->known)
		return NULL;
	d->read_at = e->shown.read_at;
	return &e->shown;
}

static int
read_all(struct data *d, const struct reading *r)
{
	if (know(d, r->ledger) == -1)
		return -1;
	for (size_t i = 0; i < d->roster.n; i++) {
		struct shown *g = &d->roster.list[i]->shown;

		if (reading_bill(r, WITH_PROJECTION, g) == -1 || reading_rate(r, g) == -1)
			return -1;
	}
	return 0;
}

static void
refresh_all(struct data *d)
{
	double begun = sys_seconds();
	struct reading r = {d->conf, data_ledger(d), d->zone, (int64_t)time(NULL)};
	bool good;

	if (!r.ledger)
		return;
	d->counts.reads++;
	good = read_all(d, &r) == 0;
	data_told(d, good);
	if (!good)
		return;
	d->list_at = r.now;
	d->n_list = 0;
	for (size_t i = 0; i < d->roster.n; i++) {
		const struct shown *g = &d->roster.list[i]->shown;

		if (!g->bill.gone || g->bill.found)
			d->list[d->n_list++] = g;
	}
	d->list_age.read_s = sys_seconds();
	d->list_age.cost_s = d->list_age.read_s - begun;
	d->counts.spent_s += d->list_age.cost_s;
}

size_t
data_all(struct data *d, const struct shown *const **out)
{
	if (!is_fresh(&d->list_age, sys_seconds()))
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

	if (l)
		data_told(d, found != -1);
	return found == 1;
}

void
data_page(struct data *d, struct page *p)
{
	p->zone = d->zone;
	p->zone_name = d->conf->time_zone;
	p->wire = d->conf->billing.count == COUNT_WIRE;
	p->read_at = d->read_at;
	p->why = data_why(d);
}

/* --- begin and end ----------------------------------------------------------------------------------------- */

static void
take_conf(struct data *d, const struct conf *conf)
{
	d->conf = conf;
	d->zone = strcmp(conf->time_zone, "UTC") == 0 ? zone_utc : zone_offset;
	if (d->zone != zone_utc)
		zone_enter(conf);
}

struct data *
data_open(const struct conf *conf)
{
	struct data *d = calloc(1, sizeof(*d));

	if (d)
		take_conf(d, conf);
	return d;
}

void
data_reload(struct data *d, const struct conf *conf)
{
	ledger_close(d->ledger); /* it speaks of the old one's redis */
	d->ledger = NULL;
	d->again_s = 0;
	d->list_age.read_s = 0;
	d->known_s = 0;
	d->n_list = 0;
	take_conf(d, conf);
	for (size_t i = 0; i < d->roster.n; i++) {
		struct entry *e = d->roster.list[i];

		e->age.read_s = 0;
		e->p95_of = 0;
		reading_conf(conf, &e->shown);
	}
}

void
data_close(struct data *d)
{
	roster_free(&d->roster);
	ledger_close(d->ledger);
	free(d);
}
