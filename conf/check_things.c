/*
 * What only one guest may have: addresses, MACs, taps, images. Each kind is gathered into one list, sorted, and
 * neighbours are compared: no pair is looked at twice.
 */
#include "conf/parse.h"

#include <stdlib.h>

enum { THING_TEXT = 2048 }; /* an image's path is longest: two paths of 1000 bytes */

/* A thing that only one may have: what it is as text, whose, and where it is written. */
struct holding {
	char *text;
	const struct guest *guest;
	struct place place;
	bool derived; /* nobody wrote it: it follows from the name or the address */
};

static int
holding_cmp(const void *a, const void *b)
{
	const struct holding *h = a, *i = b;
	int order = strcmp(h->text, i->text);

	return order ? order : place_cmp(&h->place, &i->place);
}

/* What each kind of thing is to a guest, as text; "": it has none, or one that is wrong already. */
static void
address_of(const struct conf *c, const struct guest *g, char *out)
{
	(void)c;
	if (ip_is_set(&g->address))
		ip_print(&g->address, out);
}

static void
address6_of(const struct conf *c, const struct guest *g, char *out)
{
	(void)c;
	if (ip_is_set(&g->address6))
		ip_print(&g->address6, out);
}

static void
mac_of(const struct conf *c, const struct guest *g, char *out)
{
	static const struct mac unset;

	(void)c;
	if (g->mac_place.line > 0 ? memcmp(&g->mac, &unset, sizeof(unset)) != 0 : ip_is_set(&g->address))
		mac_print(&g->mac, out);
}

static void
tap_of(const struct conf *c, const struct guest *g, char *out)
{
	(void)c;
	if (g->tap_place.line > 0 || ip_is_set(&g->address))
		strcpy(out, g->tap);
}

/* The whole path, whichever way it is written. */
static void
image_of(const struct conf *c, const struct guest *g, char *out)
{
	if (g->disk.image[0] == '/')
		snprintf(out, THING_TEXT, "%s", g->disk.image);
	else
		snprintf(out, THING_TEXT, "%s/%s", c->state, g->disk.image);
}

static const struct thing {
	const char *name, *advice;
	void (*text)(const struct conf *, const struct guest *, char *out);
	size_t place; /* offset of where it is written */
} things[] = {
    {"address", "give one of them another", address_of, offsetof(struct guest, address_place)},
    {"address6", "give one of them another", address6_of, offsetof(struct guest, address6_place)},
    {"MAC", "leave mac: out, and each gets its own", mac_of, offsetof(struct guest, mac_place)},
    {"tap", "leave tap: out, and each gets its own", tap_of, offsetof(struct guest, tap_place)},
    {"disk image", "two kernels on one file system destroy it; name another file", image_of,
	offsetof(struct guest, disk.place)},
};

static size_t
holdings_gather(struct parse *p, const struct thing *kind, struct holding *list)
{
	const struct conf *c = p->conf;
	size_t n = 0;

	for (size_t i = 0; i < c->n_guests; i++) {
		const struct guest *g = &c->guests[i];
		struct place given = *(const struct place *)((const char *)g + kind->place);
		char thing[THING_TEXT] = "", *text;

		kind->text(c, g, thing);
		text = thing[0] ? value_text(p->report, span_str(thing)) : NULL;
		if (text)
			list[n++] = (struct holding){text, g, place_or(given, g->place), given.line == 0};
	}
	return n;
}

/*
 * One mistake for each holding that an earlier place has already.
 * What is derived on both sides follows from another mistake, which is told by itself.
 */
static void
holdings_check(struct parse *p, const struct thing *kind, struct holding *list, size_t n)
{
	const struct holding *first = list;

	if (n > 1)
		qsort(list, n, sizeof(*list), holding_cmp);
	for (struct holding *h = list + 1; h < list + n; h++) {
		if (strcmp(h->text, first->text) != 0) {
			first = h;
			continue;
		}
		if (h->derived && first->derived)
			continue;
		error_add(p->report, h->place, "guests %s and %s have the same %s %s", first->guest->name,
		    h->guest->name, kind->name, h->text);
		error_note(p->report, first->place, "%s has it here", first->guest->name);
		error_hint(p->report, "%s", kind->advice);
	}
}

void
check_things(struct parse *p)
{
	struct holding *list = calloc(p->conf->n_guests + 1, sizeof(*list));

	if (!list) {
		p->report->no_memory = true;
		return;
	}
	for (size_t i = 0; i < COUNT(things); i++) {
		size_t n = holdings_gather(p, &things[i], list);

		holdings_check(p, &things[i], list, n);
		while (n > 0)
			free(list[--n].text);
	}
	free(list);
}
