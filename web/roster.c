/* The guests there are numbers of; see roster.h. */
#include "web/roster.h"
#include "web/reading.h"

#include <stdio.h>
#include <stdlib.h>

static size_t
place_of(const struct roster *r, const char *name)
{
	size_t lo = 0, hi = r->n;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;

		if (strcmp(r->list[mid]->shown.bill.guest, name) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

struct entry *
roster_find(const struct roster *r, const char *name)
{
	size_t at = place_of(r, name);

	return at < r->n && strcmp(r->list[at]->shown.bill.guest, name) == 0 ? r->list[at] : NULL;
}

struct entry *
roster_add(struct roster *r, const char *name)
{
	size_t at = place_of(r, name);
	struct entry *e = roster_find(r, name);

	if (e || r->n == ROSTER_MAX)
		return e;
	e = calloc(1, sizeof(*e));
	if (!e)
		return NULL;
	snprintf(e->shown.bill.guest, sizeof(e->shown.bill.guest), "%s", name);
	memmove(&r->list[at + 1], &r->list[at], (r->n - at) * sizeof(struct entry *));
	r->list[at] = e;
	r->n++;
	return e;
}

void
roster_free(struct roster *r)
{
	for (size_t i = 0; i < r->n; i++) {
		shown_free(&r->list[i]->shown);
		free(r->list[i]);
	}
	r->n = 0;
}
