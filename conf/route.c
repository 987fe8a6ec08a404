/* Name → guest; see route.h. */
#include "conf/route.h"

#include <stdlib.h>

/*
 * Open addressing, at most half full. A rule is hashed from its last byte to its first, so that one walk over a
 * name from its end gives the hashes of all its suffixes.
 */
struct routes {
	struct route_guest *guests;
	size_t n_guests;
	struct route *rules;
	size_t n_rules;
	uint32_t *slots; /* index of a rule, plus one */
	size_t mask;
	char *names; /* all names, NUL-terminated, one after the other */
	struct route fallback;
};

static uint64_t
hash_byte(uint64_t h, char c)
{
	return (h ^ (uint8_t)c) * 0x100000001b3u;
}

static const uint64_t hash_empty = 0xcbf29ce484222325u;

static size_t
slot_of(const struct routes *r, uint64_t hash, enum domain_kind kind)
{
	hash = hash_byte(hash, (char)kind);
	return (size_t)(hash ^ hash >> 29) & r->mask;
}

static const struct route *
find_rule(const struct routes *r, uint64_t hash, struct span name, enum domain_kind kind)
{
	for (size_t i = slot_of(r, hash, kind); r->slots[i]; i = (i + 1) & r->mask) {
		const struct route *rule = &r->rules[r->slots[i] - 1];

		if (rule->kind == kind && span_is(name, rule->name))
			return rule;
	}
	return NULL;
}

static void
add_rule(struct routes *r, const struct domain *domain, const struct route_guest *guest, char **names)
{
	size_t len = strlen(domain->name), i;
	uint64_t hash = hash_empty;

	for (i = len; i > 0; i--)
		hash = hash_byte(hash, domain->name[i - 1]);
	if (find_rule(r, hash, span_of(domain->name, len), domain->kind))
		return;
	memcpy(*names, domain->name, len + 1);
	r->rules[r->n_rules++] = (struct route){guest, *names, domain->kind, domain->place};
	*names += len + 1;
	for (i = slot_of(r, hash, domain->kind); r->slots[i]; i = (i + 1) & r->mask)
		;
	r->slots[i] = (uint32_t)r->n_rules;
}

static struct route_guest
guest_of(const struct conf *conf, size_t number)
{
	const struct guest *g = &conf->guests[number];
	struct route_guest out = {
	    .number = (uint16_t)number,
	    .address = g->address,
	    .address6 = g->address6,
	    .to_http = g->to_http,
	    .to_tls = g->to_tls,
	    .to_quic = g->to_quic,
	    .client_address =
		g->client_address == CLIENT_DEFAULT ? conf->proxy.client_address : g->client_address,
	    .redirect_https = g->redirect_https,
	};

	memcpy(out.name, g->name, sizeof(out.name));
	return out;
}

static struct routes *
routes_alloc(const struct conf *conf)
{
	struct routes *r = calloc(1, sizeof(*r));
	size_t rules = 0, bytes = 0, slots = 8;

	for (size_t i = 0; i < conf->n_guests; i++) {
		rules += conf->guests[i].n_domains;
		for (size_t k = 0; k < conf->guests[i].n_domains; k++)
			bytes += strlen(conf->guests[i].domains[k].name) + 1;
	}
	while (slots < rules * 2)
		slots *= 2;
	if (!r)
		return NULL;
	r->guests = calloc(conf->n_guests + 1, sizeof(*r->guests));
	r->rules = calloc(rules + 1, sizeof(*r->rules));
	r->slots = calloc(slots, sizeof(*r->slots));
	r->names = malloc(bytes + 1);
	r->mask = slots - 1;
	if (r->guests && r->rules && r->slots && r->names)
		return r;
	routes_free(r);
	return NULL;
}

struct routes *
routes_plan(const struct conf *conf)
{
	struct routes *r = routes_alloc(conf);
	char *names = r ? r->names : NULL;

	for (size_t i = 0; r && i < conf->n_guests; i++) {
		const struct guest *g = &conf->guests[i];

		r->guests[i] = guest_of(conf, i);
		r->n_guests++;
		for (size_t k = 0; k < g->n_domains; k++)
			add_rule(r, &g->domains[k], &r->guests[i], &names);
		if (conf->proxy.fallback == g)
			r->fallback =
			    (struct route){&r->guests[i], "", DOMAIN_EXACT, conf->proxy.fallback_place};
	}
	return r;
}

void
routes_free(struct routes *r)
{
	if (!r)
		return;
	free(r->guests);
	free(r->rules);
	free(r->slots);
	free(r->names);
	free(r);
}

const struct route *
routes_default(const struct routes *r)
{
	return r->fallback.guest ? &r->fallback : NULL;
}

const struct route *
routes_find(const struct routes *r, struct span name)
{
	const struct route *best = NULL, *rule;
	uint64_t hash = hash_empty;

	/* From the last label on: what is found later is longer. */
	for (size_t i = name.len; i > 0; i--) {
		struct span suffix = span_from(name, i - 1);

		hash = hash_byte(hash, suffix.ptr[0]);
		if (i > 1 && name.ptr[i - 2] != '.')
			continue;
		rule = find_rule(r, hash, suffix, DOMAIN_SUFFIX);
		best = rule ? rule : best;
		rule = i > 1 ? find_rule(r, hash, suffix, DOMAIN_BELOW) : NULL;
		best = rule ? rule : best;
	}
	rule = find_rule(r, hash, name, DOMAIN_EXACT);
	best = rule ? rule : best;
	return best ? best : routes_default(r);
}

size_t
routes_names(const struct routes *r)
{
	return r->n_rules;
}

const struct route *
routes_rules(const struct routes *r)
{
	return r->rules;
}

size_t
routes_guests(const struct routes *r, const struct route_guest **out)
{
	*out = r->guests;
	return r->n_guests;
}
