/* Guests that share a base: what makes it what it is has to be the same for all of them. */
#include "conf/parse.h"

#include <stdlib.h>

/* By its base, then as they come in the file. */
static int
base_cmp(const void *a, const void *b)
{
	const struct guest *g = *(const struct guest *const *)a, *h = *(const struct guest *const *)b;
	int order = strcmp(g->disk.base, h->disk.base);

	return order ? order : place_cmp(&g->disk.base_place, &h->disk.base_place);
}

/* What makes a base what it is; NULL: they agree. */
static const char *
bases_differ(const struct disk *a, const struct disk *b)
{
	if (a->size_bytes != b->size_bytes)
		return "size";
	if (a->fs != b->fs)
		return "fs";
	return strcmp(a->from ? a->from : "", b->from ? b->from : "") != 0 ? "from" : NULL;
}

void
check_bases(struct parse *p)
{
	const struct conf *c = p->conf;
	const struct guest **list = calloc(c->n_guests + 1, sizeof(*list));
	size_t n = 0;

	for (size_t i = 0; list && i < c->n_guests; i++)
		if (c->guests[i].disk.base)
			list[n++] = &c->guests[i];
	if (n > 1)
		qsort(list, n, sizeof(*list), base_cmp);
	for (size_t i = 1, first = 0; i < n; i++) {
		const struct guest *g = list[i], *h = list[first];
		const char *what;

		if (strcmp(g->disk.base, h->disk.base) != 0) {
			first = i;
			continue;
		}
		what = bases_differ(&g->disk, &h->disk);
		if (!what)
			continue;
		error_add(p->report, g->disk.base_place,
		    "guests %s and %s share the base %s, and their disks have not the same %s", h->name,
		    g->name, g->disk.base, what);
		error_note(p->report, h->disk.base_place, "%s has it here", h->name);
		error_hint(p->report, "give %s another base", g->name);
	}
	if (!list)
		p->report->no_memory = true;
	free(list);
}
