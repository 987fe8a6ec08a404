/* What Redis holds, as the pages show it; see data.h. */
#include "web/data.h"
#include "base/log.h"
#include "base/sys.h"
#include "conf/zone.h"
#include "web/store.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum {
	FRESH_S = 2, /* a reading is not older than this, or … */
	SHARE = 20, /* … than so many times what it took */
	AGAIN_S = 1, /* after Redis did not answer; doubled each time up to … */
	AGAIN_MAX_S = 15,
	ANSWERS_S = 10, /* whoever answered so lately is there */
	YOUNG_S = 30, /* what is known and not older is as good as what would come */
};

#define STUCK_S 0.5 /* nothing heard for so long is trouble */

struct data {
	const struct conf *conf;
	unsigned of; /* which conf, counted: what was read by another counts for nothing */
	zone_of *zone;
	struct reader *reader;
	double again_s, pause_s;
	char why[WORK_WHY], stuck[WORK_WHY]; /* "": it answers */
	struct store store;
	bool totals_asked;
	int64_t read_at; /* what was given last */
	struct data_counts counts;
	void (*changed)(void *);
	void *changed_arg;
	data_totals *totals;
	void *totals_arg;
};

static bool
is_fresh(const struct age *age)
{
	double keep = age->cost_s * SHARE > FRESH_S ? age->cost_s * SHARE : FRESH_S;

	return age->read_s > 0 && sys_seconds() - age->read_s < keep;
}

/* --- Redis ---------------------------------------------------------------------------------------------------------- */

static void
failed(struct data *d, const struct job *j)
{
	double now = sys_seconds();

	d->counts.failed++;
	if (!d->pause_s)
		log_warn("the ledger: %s", j->why);
	snprintf(d->why, sizeof(d->why), "%s", j->why);
	if (now < d->again_s)
		return; /* of several that went together the first counts */
	d->pause_s = d->pause_s ? d->pause_s * 2 : AGAIN_S;
	d->pause_s = d->pause_s < AGAIN_MAX_S ? d->pause_s : AGAIN_MAX_S;
	d->again_s = now + d->pause_s;
}

static void
answered(struct data *d)
{
	if (d->pause_s)
		log_info("the ledger answers again");
	d->pause_s = d->again_s = 0;
	d->why[0] = '\0';
}

const char *
data_why(struct data *d)
{
	double quiet = reader_quiet(d->reader);

	if (d->why[0])
		return d->why;
	if (quiet < STUCK_S)
		return NULL;
	snprintf(d->stuck, sizeof(d->stuck), "redis has said nothing for %.1f seconds", quiet);
	return d->stuck;
}

bool
data_answers(struct data *d)
{
	const struct age *who = &d->store.who;

	return !data_why(d) && who->read_s > 0 && sys_seconds() - who->read_s < ANSWERS_S;
}

const struct data_counts *
data_counts(const struct data *d)
{
	return &d->counts;
}

/* --- to the reader ---------------------------------------------------------------------------------------------------- */

/* Whether it went. */
static bool
give(struct data *d, struct job *j)
{
	if (!j || sys_seconds() < d->again_s) {
		job_free(j);
		return false;
	}
	j->of = d->of;
	j->conf = (struct conf *)d->conf;
	j->zone = d->zone;
	j->zone_name = d->conf->time_zone;
	d->counts.reads += j->work != WORK_WHO && j->work != WORK_TOTALS;
	reader_give(d->reader, j);
	return true;
}

static bool
give_guest(struct data *d, const struct entry *e)
{
	struct job *j = job_new(WORK_GUEST);

	if (!j)
		return false;
	memcpy(j->name, e->shown.bill.guest, sizeof(j->name));
	j->with = e->p95_of == slot_start(SLOT_5M, (int64_t)time(NULL)) ? WITH_NOTHING : WITH_PERCENTILE;
	return give(d, j);
}

static bool
give_usage(struct data *d, const struct report *r)
{
	struct job *j = job_new(WORK_USAGE);

	if (!j)
		return false;
	memcpy(j->name, r->name, sizeof(j->name));
	j->by = r->by;
	return give(d, j);
}

/* What is known of something: how old it is, whether it is being read, and whether it ever was. */
struct state {
	struct age *age;
	bool *asked;
	int64_t known_at;
	struct entry *entry;
	struct report *report;
};

static struct state
state_of(struct data *d, const struct need *need)
{
	struct entry *e;
	struct report *r;

	switch (need->work) {
	case WORK_WHO:
		return (struct state){&d->store.who, &d->store.who_asked, 0, NULL, NULL};
	case WORK_ALL:
		return (struct state){&d->store.list_age, &d->store.all_asked, d->store.list_at, NULL, NULL};
	case WORK_GUEST:
		e = roster_add(&d->store.roster, need->guest);
		return e ? (struct state){&e->age, &e->asked, e->known ? e->shown.read_at : 0, e, NULL}
			 : (struct state){0};
	default:
		r = reports_want(d->store.reports, need->guest, need->by);
		return (struct state){&r->age, &r->asked, r->read_at, NULL, r};
	}
}

/* Two limits: how long one waits, and how long Redis may be silent meanwhile. */
static bool
is_worth(struct data *d, const struct state *s, double waited_s)
{
	double quick = 0.03, most = 3, quiet = 1, age = (double)((int64_t)time(NULL) - s->known_at);
	bool young = s->known_at && age < YOUNG_S;

	if (d->why[0] || young) {
		most = 2 * s->age->cost_s > quick && !d->why[0] ? 2 * s->age->cost_s : quick;
		quiet = quick;
	} else if (s->known_at) {
		quiet = 0.25;
	}
	return waited_s < most && reader_quiet(d->reader) < quiet;
}

bool
data_wait(struct data *d, const struct need *need, double waited_s)
{
	struct state s = state_of(d, need);

	if (!s.age || is_fresh(s.age))
		return false;
	if (!*s.asked)
		*s.asked = s.entry    ? give_guest(d, s.entry)
			   : s.report ? give_usage(d, s.report)
				      : give(d, job_new(need->work));
	return *s.asked && is_worth(d, &s, waited_s);
}

void
data_ask_totals(struct data *d, const char *const *names, size_t n)
{
	struct job *j;

	if (d->totals_asked || !(j = job_new(WORK_TOTALS)))
		return;
	j->list = calloc(n, sizeof(*j->list));
	for (; j->list && j->n < n; j->n++)
		snprintf(j->list[j->n].bill.guest, sizeof(j->list->bill.guest), "%s", names[j->n]);
	d->totals_asked = give(d, j);
}

/* --- from the reader -------------------------------------------------------------------------------------------------- */

/* A guest's keys that are spoilt say nothing of Redis; those that say who there is are all there is. */
static bool
is_answer(const struct job *j)
{
	return j->good || (j->spoilt && j->work != WORK_WHO && j->work != WORK_ALL);
}

static void
on_job(void *arg, struct job *j)
{
	struct data *d = arg;

	if (j->work != WORK_LET_GO && j->of == d->of) {
		d->counts.spent_s += j->good ? j->cost_s : 0;
		if (is_answer(j))
			answered(d);
		else
			failed(d, j);
		store_take(&d->store, d->conf, j);
		if (j->work == WORK_TOTALS)
			d->totals_asked = false;
		if (j->work == WORK_TOTALS && d->totals)
			d->totals(d->totals_arg, j->list, j->good ? j->n : 0);
	}
	job_free(j);
	if (d->changed)
		d->changed(d->changed_arg);
}

/* --- what is known ------------------------------------------------------------------------------------------------------ */

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
data_knows(const struct data *d, char name[CONF_GUEST_NAME_MAX + 1], bool tap)
{
	return tap ? knows_tap(d, name)
		   : conf_guest(d->conf, name) != NULL || roster_find(&d->store.roster, name) != NULL;
}

const struct shown *
data_guest(struct data *d, const char *name, const char **spoilt)
{
	const struct entry *e = roster_find(&d->store.roster, name);

	d->read_at = e && e->known ? e->shown.read_at : 0;
	*spoilt = e ? e->spoilt : "";
	return e && e->known ? &e->shown : NULL;
}

size_t
data_all(struct data *d, const struct shown *const **out)
{
	*out = d->store.list;
	d->read_at = d->store.list_at;
	return d->store.n_list;
}

bool
data_has_part(const struct data *d, unsigned part)
{
	return part == 0 || !d->store.list_at || (size_t)part * HOME_ROWS < d->store.n_list;
}

const struct usage *
data_usage(struct data *d, const char *guest, enum by by, enum usage_read *done, const char **spoilt)
{
	const struct report *r = reports_find(d->store.reports, guest, by);

	d->read_at = r ? r->read_at : 0;
	*spoilt = r ? r->spoilt : "";
	*done = r ? r->done : USAGE_FAILED;
	return r && r->read_at ? &r->usage : NULL;
}

const struct names *
data_left_out(const struct data *d)
{
	const struct report *r = reports_find(d->store.reports, "", BY_NOTHING);

	return r ? &r->left_out : NULL;
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

void
data_on_change(struct data *d, void (*changed)(void *), void *arg)
{
	d->changed = changed;
	d->changed_arg = arg;
}

void
data_watch(struct data *d, data_totals *totals, void *arg)
{
	d->totals = totals;
	d->totals_arg = arg;
}

/* --- begin and end ---------------------------------------------------------------------------------------------------------- */

static void
take_conf(struct data *d, const struct conf *conf)
{
	d->conf = conf;
	d->zone = strcmp(conf->time_zone, "UTC") == 0 ? zone_utc : zone_offset;
	zone_enter(conf); /* also of UTC, and before there is a thread: it finds TZ set, and never set anew */
}

struct data *
data_open(struct ev_loop *loop, const struct conf *conf)
{
	struct data *d = calloc(1, sizeof(*d));

	if (!d)
		return NULL;
	d->reader = reader_open(loop, on_job, d);
	if (!d->reader || store_open(&d->store) == -1)
		return NULL; /* the program ends */
	take_conf(d, conf);
	return d;
}

int
data_start(struct data *d)
{
	return reader_start(d->reader);
}

void
data_reload(struct data *d, const struct conf *conf, struct conf *old)
{
	struct job *j = job_new(WORK_LET_GO);

	if (j) { /* else it stays, which is no more than memory */
		j->of = d->of;
		j->conf = old;
		reader_give(d->reader, j);
	}
	d->of++;
	d->again_s = 0;
	d->totals_asked = false;
	take_conf(d, conf);
	store_reload(&d->store, conf);
}

bool
data_close(struct data *d)
{
	if (!reader_close(d->reader))
		return false;
	store_close(&d->store);
	free(d);
	return true;
}
