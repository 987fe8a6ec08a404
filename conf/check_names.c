/*
 * Domains: no name may belong to two. Sorted from their last letter back, with the dot before all else, the names
 * below a suffix follow it directly, so one walk with a stack of the suffixes around it meets every conflict.
 */
#include "conf/parse.h"

#include <stdlib.h>

enum { LABELS_MAX = 128 }; /* of a name of 253 bytes */

struct owned {
	const char *name;
	size_t len;
	enum domain_kind kind;
	const struct guest *guest; /* NULL: the usage page's own */
	struct place place;
};

static const char *
owner(const struct owned *o)
{
	return o->guest ? o->guest->name : "web";
}

static int
backwards_cmp(const struct owned *a, const struct owned *b)
{
	size_t least = a->len < b->len ? a->len : b->len;

	for (size_t i = 1; i <= least; i++) {
		int x = (unsigned char)a->name[a->len - i], y = (unsigned char)b->name[b->len - i];

		x = x == '.' ? 0 : x;
		y = y == '.' ? 0 : y;
		if (x != y)
			return x - y;
	}
	return a->len < b->len ? -1 : a->len > b->len;
}

static int
owned_cmp(const void *a, const void *b)
{
	const struct owned *o = a, *p = b;
	int order = backwards_cmp(o, p);

	return order ? order : place_cmp(&o->place, &p->place);
}

static bool
is_below(const struct owned *name, const struct owned *suffix)
{
	return name->len > suffix->len && name->name[name->len - suffix->len - 1] == '.' &&
	       memcmp(name->name + name->len - suffix->len, suffix->name, suffix->len) == 0;
}

static bool
is_same(const struct owned *a, const struct owned *b)
{
	return a->len == b->len && memcmp(a->name, b->name, a->len) == 0;
}

/* Of one name: whether two kinds claim something in common. */
static bool
kinds_meet(const struct owned *a, const struct owned *b)
{
	bool exact = a->kind == DOMAIN_EXACT || b->kind == DOMAIN_EXACT;
	bool below = a->kind == DOMAIN_BELOW || b->kind == DOMAIN_BELOW;

	if (a->guest == b->guest && exact)
		return a->kind == b->kind; /* x and .x of one guest only say it twice */
	return !(exact && below);
}

static void
conflict(struct parse *p, const struct owned *a, const struct owned *b)
{
	const struct owned *late = place_cmp(&a->place, &b->place) > 0 ? a : b, *early = late == a ? b : a;
	bool same = is_same(a, b) && a->kind == b->kind;

	if (a->guest == b->guest)
		error_add(p->report, late->place, "domains: %s%s is given twice",
		    conf_domain_prefix(late->kind), late->name);
	else if (same)
		error_add(p->report, late->place, "domains: %s%s belongs to both %s and %s",
		    conf_domain_prefix(late->kind), late->name, owner(early), owner(late));
	else
		error_add(p->report, late->place, "domains: %s%s of %s and %s%s of %s claim the same names",
		    conf_domain_prefix(late->kind), late->name, owner(late), conf_domain_prefix(early->kind),
		    early->name, owner(early));
	error_note(p->report, early->place, "%s has %s%s here", owner(early), conf_domain_prefix(early->kind),
	    early->name);
	error_hint(p->report,
	    a->guest == b->guest ? "keep one of the two" : "a name goes to one guest; remove one of the two");
}

/* One name is compared with those before it that are the same, else with the nearest suffix around it. */
static void
names_walk(struct parse *p, const struct owned *list, size_t n)
{
	const struct owned *around[LABELS_MAX];
	const struct owned *firsts[3] = {0}; /* of the same name, by kind */
	size_t depth = 0;

	for (size_t i = 0; i < n; i++) {
		const struct owned *met = NULL;

		if (i > 0 && !is_same(&list[i], &list[i - 1]))
			memset(firsts, 0, sizeof(firsts));
		for (size_t kind = 0; kind < 3 && !met; kind++)
			met = firsts[kind] && kinds_meet(firsts[kind], &list[i]) ? firsts[kind] : NULL;
		if (!firsts[list[i].kind])
			firsts[list[i].kind] = &list[i];
		while (depth > 0 && !is_below(&list[i], around[depth - 1]) &&
		       !is_same(&list[i], around[depth - 1]))
			depth--;
		for (size_t j = depth; j > 0 && !met; j--) {
			if (is_below(&list[i], around[j - 1]) && around[j - 1]->guest != list[i].guest)
				met = around[j - 1];
		}
		if (met)
			conflict(p, met, &list[i]);
		if (list[i].kind == DOMAIN_EXACT)
			continue;
		if (depth > 0 && is_same(&list[i], around[depth - 1]))
			continue;
		if (depth < LABELS_MAX)
			around[depth++] = &list[i];
	}
}

void
check_names(struct parse *p)
{
	const struct conf *c = p->conf;
	size_t n = 0, room = 1;
	struct owned *list;

	for (size_t i = 0; i < c->n_guests; i++)
		room += c->guests[i].n_domains;
	list = calloc(room, sizeof(*list));
	if (!list) {
		p->report->no_memory = true;
		return;
	}
	for (size_t i = 0; i < c->n_guests; i++) {
		const struct guest *g = &c->guests[i];

		for (size_t j = 0; j < g->n_domains; j++) {
			const struct domain *d = &g->domains[j];

			list[n++] = (struct owned){d->name, strlen(d->name), d->kind, g, d->place};
		}
	}
	if (c->web.name)
		list[n++] =
		    (struct owned){c->web.name, strlen(c->web.name), DOMAIN_EXACT, NULL, c->web.name_place};
	if (n > 1)
		qsort(list, n, sizeof(*list), owned_cmp);
	names_walk(p, list, n);
	free(list);
}
