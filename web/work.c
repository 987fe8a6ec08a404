/* What is read of the ledger; see work.h. */
#include "web/work.h"
#include "web/reading.h"

#include <stdlib.h>
#include <time.h>

struct doing {
	struct ledger *ledger;
	struct job *job;
	struct reading reading;
	bool (*between)(void *);
	void *arg;
};

struct job *
job_new(enum work work)
{
	struct job *j = calloc(1, sizeof(*j));

	if (j)
		j->work = work;
	return j;
}

void
job_free(struct job *j)
{
	if (!j)
		return;
	names_free(&j->names);
	names_free(&j->left_out);
	for (size_t i = 0; i < j->n; i++)
		shown_free(&j->list[i]);
	free(j->list);
	usage_free(&j->usage);
	free(j);
}

/* --- one guest --------------------------------------------------------------------------------------------------- */

static int
read_guest(struct doing *d)
{
	struct job *j = d->job;

	j->list = calloc(1, sizeof(*j->list));
	if (!j->list)
		return -1;
	j->n = 1;
	snprintf(j->list->bill.guest, sizeof(j->list->bill.guest), "%s", j->name);
	j->list->read_at = j->now;
	return reading_bill(&d->reading, j->with, j->list) == -1 ? -1 : reading_rows(&d->reading, j->list);
}

static int
read_totals(struct doing *d)
{
	for (size_t i = 0; i < d->job->n; i++) {
		struct shown *g = &d->job->list[i];
		int found = ledger_total(d->ledger, g->bill.guest, &g->total);

		if (found == -1 && !ledger_spoilt(d->ledger))
			return -1;
		g->read_at = found == 1 ? d->job->now : 0;
	}
	return 0;
}

/* --- all of them --------------------------------------------------------------------------------------------------- */

static int
by_name(const void *a, const void *b)
{
	return strcmp(((const struct shown *)a)->bill.guest, ((const struct shown *)b)->bill.guest);
}

static void
add(struct job *j, const char *name)
{
	snprintf(j->list[j->n].bill.guest, sizeof(j->list->bill.guest), "%s", name);
	j->n++;
}

/* Those of the file, and who was counted and is not in it; by name. */
static int
list_all(struct doing *d)
{
	const struct conf *conf = d->job->conf;
	struct job *j = d->job;

	if (ledger_guests(d->ledger, &j->names) == -1)
		return -1;
	j->list = calloc(conf->n_guests + j->names.n + 1, sizeof(*j->list));
	if (!j->list)
		return -1;
	for (size_t i = 0; i < conf->n_guests; i++)
		add(j, conf->guests[i].name);
	for (size_t i = 0; i < j->names.n; i++)
		if (!conf_guest(conf, j->names.list[i]))
			add(j, j->names.list[i]);
	qsort(j->list, j->n, sizeof(*j->list), by_name);
	return 0;
}

/* One whose keys are spoilt costs the others nothing. -1: it is more than that. */
static int
pass_over(struct doing *d, struct shown *g)
{
	if (!ledger_spoilt(d->ledger))
		return -1;
	g->read_at = 0;
	snprintf(g->spoilt, sizeof(g->spoilt), "%s", ledger_why(d->ledger));
	return 0;
}

static int
read_all(struct doing *d)
{
	struct job *j = d->job;

	if (list_all(d) == -1)
		return -1;
	for (size_t i = 0; i < j->n; i++) {
		struct shown *g = &j->list[i];

		if (!d->between(d->arg))
			return -1;
		g->read_at = d->reading.now = (int64_t)time(NULL);
		if ((reading_bill(&d->reading, WITH_PROJECTION, g) == -1 ||
			reading_rate(&d->reading, g) == -1) &&
		    pass_over(d, g) == -1)
			return -1;
	}
	return 0;
}

/* As usage_read has them, but that others are let in between, and that spoilt keys cost the others nothing. */
static int
read_bills(struct doing *d)
{
	struct job *j = d->job;
	struct usage *u = &j->usage;

	if (list_all(d) == -1)
		return -1;
	u->bills = calloc(j->n + 1, sizeof(*u->bills));
	j->left_out.list = calloc(j->n + 1, sizeof(*j->left_out.list));
	if (!u->bills || !j->left_out.list)
		return -1;
	for (size_t i = 0; i < j->n; i++) {
		struct shown *g = &j->list[i];
		struct bill *b = &u->bills[u->n];

		if (!d->between(d->arg))
			return -1;
		if (usage_bill(
			d->ledger, j->conf, g->bill.guest, j->now, WITH_PROJECTION | WITH_PERCENTILE, b) == 0)
			u->n += !b->gone || b->found;
		else if (pass_over(d, g) == 0)
			memcpy(j->left_out.list[j->left_out.n++], g->bill.guest, sizeof(g->bill.guest));
		else
			return -1;
	}
	j->done = USAGE_READ;
	return 0;
}

static int
read_usage(struct doing *d)
{
	struct job *j = d->job;
	const struct asked asked = {.name = j->name, .by = j->by, .month = -1, .from = -1, .to = -1};

	j->usage = (struct usage){.now = j->now, .zone = j->zone, .zone_name = j->zone_name};
	if (!j->name[0])
		return read_bills(d);
	j->done = usage_read(d->ledger, j->conf, &asked, &j->usage);
	return j->done == USAGE_FAILED ? -1 : 0;
}

int
work_do(struct ledger *l, struct job *j, bool (*between)(void *), void *arg)
{
	struct doing d = {l, j, {j->conf, l, j->zone, j->now}, between, arg};

	switch (j->work) {
	case WORK_WHO:
		return ledger_guests(l, &j->names);
	case WORK_GUEST:
		return read_guest(&d);
	case WORK_ALL:
		return read_all(&d);
	case WORK_TOTALS:
		return read_totals(&d);
	case WORK_USAGE:
		return read_usage(&d);
	default:
		return 0;
	}
}
