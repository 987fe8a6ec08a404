/* What is known of Redis; see store.h. */
#include "web/store.h"
#include "base/log.h"
#include "base/sys.h"
#include "web/reading.h"

#include <stdio.h>
#include <stdlib.h>

static void
age_now(struct age *age, double cost_s)
{
	age->read_s = sys_seconds();
	age->cost_s = cost_s;
}

static void
tell_spoilt(const char *guest, char *was, const char *why)
{
	if (*why && strcmp(was, why) != 0)
		log_warn("%s: %s", *guest ? guest : "all guests", why);
	snprintf(was, SHOWN_WHY, "%.*s", SHOWN_WHY - 1, why);
}

/* Short readings are done in the midst of a long one: the older of two never replaces the newer. */
static bool
is_newer(const struct shown *old, const struct shown *fresh)
{
	return fresh->read_s >= old->read_s;
}

/* The bill and what stands beside it; of the rows nothing. */
static void
take_bill(const struct conf *conf, struct shown *old, const struct shown *fresh, bool with_p95)
{
	struct bill bill = fresh->bill;

	if (!with_p95) {
		bill.p95_known = old->bill.p95_known && old->bill.from == bill.from;
		memcpy(bill.p95, old->bill.p95, sizeof(bill.p95));
	}
	old->bill = bill;
	old->total = fresh->total;
	memcpy(old->rate, fresh->rate, sizeof(old->rate));
	old->rate_known = fresh->rate_known;
	old->read_at = fresh->read_at;
	old->read_s = fresh->read_s;
	reading_conf(conf, old);
}

static void
swap(struct history *a, struct history *b)
{
	struct history c = *a;

	*a = *b;
	*b = c;
}

static void
took_guest(struct store *s, const struct conf *conf, struct job *j)
{
	struct entry *e = roster_find(&s->roster, j->name);

	if (!e)
		return;
	e->asked = false;
	if (!j->good && !j->spoilt)
		return;
	/* What comes once in five minutes does not count as what a reading costs. */
	age_now(&e->age, j->with & WITH_PERCENTILE ? 0 : j->cost_s);
	tell_spoilt(j->name, e->spoilt, j->spoilt ? j->why : "");
	if (!j->good)
		return;
	e->shown.spoilt[0] = '\0';
	take_bill(conf, &e->shown, j->list, j->with & WITH_PERCENTILE);
	e->shown.day = j->list->day;
	swap(&e->shown.hours, &j->list->hours);
	swap(&e->shown.days, &j->list->days);
	swap(&e->shown.months, &j->list->months);
	e->known = true;
	if (j->with & WITH_PERCENTILE)
		e->p95_of = slot_start(SLOT_5M, j->now);
}

static void
took_who(struct store *s, const struct job *j)
{
	s->who_asked = false;
	if (!j->good)
		return;
	age_now(&s->who, 0);
	for (size_t i = 0; i < j->names.n; i++)
		roster_add(&s->roster, j->names.list[i]);
}

static void
took_all(struct store *s, const struct conf *conf, const struct job *j)
{
	s->all_asked = false;
	if (!j->good)
		return;
	s->n_list = 0;
	for (size_t i = 0; i < j->n; i++) {
		const struct shown *fresh = &j->list[i];
		struct entry *e = roster_add(&s->roster, fresh->bill.guest);

		if (!e)
			continue;
		if (is_newer(&e->shown, fresh))
			tell_spoilt(fresh->bill.guest, e->shown.spoilt, fresh->spoilt);
		if (is_newer(&e->shown, fresh) && fresh->read_at)
			take_bill(conf, &e->shown, fresh, false);
		else
			reading_conf(conf, &e->shown);
		e->shown.bill.gone = !conf_guest(conf, fresh->bill.guest);
		if (!e->shown.bill.gone || e->shown.bill.found)
			s->list[s->n_list++] = &e->shown;
	}
	age_now(&s->list_age, j->cost_s);
	s->list_at = j->now;
}

static bool
is_among(const struct names *names, const char *name)
{
	for (size_t i = 0; i < names->n; i++)
		if (strcmp(names->list[i], name) == 0)
			return true;
	return false;
}

/* Each is told of when it begins. */
static void
took_left_out(struct report *r, struct job *j)
{
	struct names old = r->left_out;

	for (size_t i = 0; i < j->n; i++)
		if (j->list[i].spoilt[0] && !is_among(&old, j->list[i].bill.guest))
			log_warn(
			    "%s: left out of the list of all: %s", j->list[i].bill.guest, j->list[i].spoilt);
	r->left_out = j->left_out;
	j->left_out = old;
}

static void
took_usage(struct store *s, struct job *j)
{
	struct report *r = reports_find(s->reports, j->name, j->by);
	struct usage old;

	if (!r)
		return;
	r->asked = false;
	if (!j->good && !j->spoilt)
		return;
	age_now(&r->age, j->cost_s);
	tell_spoilt(j->name, r->spoilt, j->spoilt ? j->why : "");
	if (!j->good)
		return;
	took_left_out(r, j);
	old = r->usage;
	r->usage = j->usage;
	j->usage = old;
	r->done = j->done;
	r->read_at = j->now;
}

void
store_take(struct store *s, const struct conf *conf, struct job *j)
{
	switch (j->work) {
	case WORK_WHO:
		took_who(s, j);
		break;
	case WORK_GUEST:
		took_guest(s, conf, j);
		break;
	case WORK_ALL:
		took_all(s, conf, j);
		break;
	case WORK_USAGE:
		took_usage(s, j);
		break;
	default:
		break;
	}
}

void
store_reload(struct store *s, const struct conf *conf)
{
	s->list_age.read_s = s->who.read_s = 0;
	s->who_asked = s->all_asked = false;
	for (size_t i = 0; i < s->roster.n; i++) {
		struct entry *e = s->roster.list[i];

		e->age.read_s = 0;
		e->asked = false;
		e->p95_of = 0;
		reading_conf(conf, &e->shown);
		e->shown.bill.gone = !conf_guest(conf, e->shown.bill.guest);
	}
	reports_reload(s->reports, conf);
}

int
store_open(struct store *s)
{
	s->reports = calloc(1, sizeof(*s->reports));
	return s->reports ? 0 : -1;
}

void
store_close(struct store *s)
{
	roster_free(&s->roster);
	reports_free(s->reports);
}
