/* A name that a person asks about; see asked.h. */
#include "cli/asked.h"
#include "base/near.h"

#include <stdio.h>
#include <stdlib.h>

static bool
is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static struct span
host_of(struct span text)
{
	size_t end = 0;

	while (text.len > 0 && is_space(text.ptr[0]))
		text = span_from(text, 1);
	while (text.len > 0 && is_space(text.ptr[text.len - 1]))
		text = span_first(text, text.len - 1);
	for (size_t i = 0; i + 1 < text.len; i++) {
		if (memcmp(text.ptr + i, "//", 2) == 0 && (i == 0 || text.ptr[i - 1] == ':')) {
			text = span_from(text, i + 2);
			break;
		}
	}
	while (end < text.len && !strchr("/?#", text.ptr[end]))
		end++;
	text = span_first(text, end);
	for (size_t at = span_find(text, '@'); at < text.len; at = span_find(text, '@'))
		text = span_from(text, at + 1);
	return text;
}

const char *
asked_fault(struct span text, char *out)
{
	struct span host = host_of(text);
	struct addr addr;

	if (ip_parse(host, &addr.ip) == -1 && addr_parse(host, &addr) == -1)
		return name_fault(host, out);
	out[0] = '\0';
	return "it is an address, and only names are routed";
}

static bool
is_above(const char *domain, const char *name)
{
	size_t n = strlen(domain), m = strlen(name);

	return m > n && name[m - n - 1] == '.' && strcmp(name + m - n, domain) == 0;
}

/* Somebody has what is around it. */
static void
around(const char *name, const struct guest *guest, const struct domain *domain, struct advice *out)
{
	bool below = domain->kind == DOMAIN_BELOW && strcmp(domain->name, name) == 0;
	bool above = domain->kind == DOMAIN_EXACT && is_above(domain->name, name);

	if (!below && !above)
		return;
	if (out->kind != ADVICE_NONE && strlen(out->domain->name) >= strlen(domain->name))
		return;
	*out = (struct advice){below ? ADVICE_ONLY_BELOW : ADVICE_ONLY_ABOVE, guest, domain, ""};
}

struct known {
	struct entry {
		const struct guest *guest;
		const struct domain *domain;
	} * entries;
	const char **words; /* their names */
	size_t n;
};

static size_t
labels(const char *name)
{
	size_t n = 1;

	for (; *name; name++)
		n += *name == '.';
	return n;
}

/* All domains but those of one kind; with so many labels, or any (0). */
static void
list_but(const struct conf *conf, enum domain_kind kind, size_t n_labels, struct known *k)
{
	k->n = 0;
	for (size_t i = 0; i < conf->n_guests; i++) {
		const struct guest *g = &conf->guests[i];

		for (size_t d = 0; d < g->n_domains; d++) {
			if (g->domains[d].kind == kind ||
			    (n_labels && labels(g->domains[d].name) != n_labels))
				continue;
			k->entries[k->n] = (struct entry){g, &g->domains[d]};
			k->words[k->n++] = g->domains[d].name;
		}
	}
}

/* Is the end of the name a mistyped one of these? */
static bool
near_end(const char *name, const char *end, const struct known *k, struct advice *out)
{
	const char *near = near_word(span_str(end), k->words, k->n);
	size_t i = 0;

	if (!near)
		return false;
	while (k->words[i] != near)
		i++;
	*out = (struct advice){ADVICE_NEAR, k->entries[i].guest, k->entries[i].domain, ""};
	snprintf(out->name, sizeof(out->name), "%.*s%s", (int)(end - name), name, near);
	return true;
}

/* The whole name, else what is left of it without its first label, two, …; never the last label alone. */
static void
mistyped(const struct conf *conf, const char *name, struct known *k, struct advice *out)
{
	list_but(conf, DOMAIN_BELOW, 0, k);
	if (near_end(name, name, k, out))
		return;
	for (const char *dot = strchr(name, '.'); dot && strchr(dot + 1, '.'); dot = strchr(dot + 1, '.')) {
		list_but(conf, DOMAIN_EXACT, labels(dot + 1), k);
		if (near_end(name, dot + 1, k, out))
			return;
	}
}

int
advice_find(const struct conf *conf, const char *name, struct advice *out)
{
	struct known k = {0};
	size_t n = 0;
	bool room;

	*out = (struct advice){0};
	for (size_t i = 0; i < conf->n_guests; i++) {
		for (size_t d = 0; d < conf->guests[i].n_domains; d++)
			around(name, &conf->guests[i], &conf->guests[i].domains[d], out);
		n += conf->guests[i].n_domains;
	}
	if (out->kind != ADVICE_NONE)
		return 0;
	k.entries = calloc(n + 1, sizeof(*k.entries));
	k.words = calloc(n + 1, sizeof(*k.words));
	room = k.entries && k.words;
	if (room)
		mistyped(conf, name, &k, out);
	free(k.entries);
	free(k.words);
	return room ? 0 : -1;
}
