/* What JSON, CSV and text show; see reports.h. */
#include "web/reports.h"
#include "base/sys.h"

#include <stdio.h>
#include <stdlib.h>

struct report *
reports_find(struct reports *all, const char *name, enum by by)
{
	for (size_t i = 0; i < REPORTS_MAX; i++) {
		struct report *r = &all->list[i];

		if (r->used && r->by == by && strcmp(r->name, name) == 0)
			return r;
	}
	return NULL;
}

static void
report_free(struct report *r)
{
	usage_free(&r->usage);
	names_free(&r->left_out);
}

struct report *
reports_want(struct reports *all, const char *name, enum by by)
{
	struct report *r = reports_find(all, name, by);

	if (!r) {
		r = &all->list[0];
		for (size_t i = 1; i < REPORTS_MAX && r->used; i++)
			if (!all->list[i].used || all->list[i].wanted_s < r->wanted_s)
				r = &all->list[i];
		report_free(r);
		*r = (struct report){.used = true, .by = by};
		snprintf(r->name, sizeof(r->name), "%s", name);
	}
	r->wanted_s = sys_seconds();
	return r;
}

void
reports_reload(struct reports *all, const struct conf *conf)
{
	for (size_t i = 0; i < REPORTS_MAX; i++) {
		struct usage *u = &all->list[i].usage;

		all->list[i].age.read_s = 0;
		all->list[i].asked = false;
		u->zone_name = u->zone == zone_utc ? "UTC" : conf->time_zone;
	}
}

void
reports_free(struct reports *all)
{
	for (size_t i = 0; all && i < REPORTS_MAX; i++)
		report_free(&all->list[i]);
	free(all);
}
