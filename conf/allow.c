/* Whom a guest may call beside what is open to all: `allow: [host, bob, "bob:5432/tcp"]`. */
#include "base/near.h"
#include "conf/parse.h"

#include <stdlib.h>

static const char word_host[] = "host";

/* WHO, WHO:PORTS or WHO:PORTS/PROTO. NULL: good. */
static const char *
allow_parse(struct span text, struct allow *out)
{
	size_t colon = span_find(text, ':'), slash;
	struct span who = span_first(text, colon), ports;
	const char *why;

	*out = (struct allow){.proto = PROTO_BOTH};
	if (who.len == 0 || name_guest(who))
		return "names nobody; write host, or a guest, with :PORTS behind it if not all";
	memcpy(out->who, who.ptr, who.len);
	out->host = span_is(who, word_host);
	if (colon == text.len)
		return NULL;
	ports = span_from(text, colon + 1);
	slash = span_find(ports, '/');
	why = scalar_ports(span_first(ports, slash), &out->lo, &out->hi);
	if (why)
		return why;
	if (slash < ports.len) {
		struct span proto = span_from(ports, slash + 1);

		out->proto = span_is(proto, "tcp") ? PROTO_TCP : span_is(proto, "udp") ? PROTO_UDP : 0;
	}
	if (!out->proto)
		return "ends in no protocol; write /tcp or /udp, or nothing for both";
	if (out->hi - out->lo >= CONF_ALLOW_PORTS)
		return "is wider than 1024 ports; leave the ports out to allow all";
	return NULL;
}

static void
allow_add(struct parse *p, const struct key *key, yaml_node_t *node, void *into)
{
	struct guest *g = into;
	struct allow allow, *slot;
	struct span text;
	const char *why;

	if (!node_text(p, key->name, node, &text))
		return;
	why = allow_parse(text, &allow);
	if (!why && g->n_allows == CONF_ALLOWS_MAX)
		why = "is one too many; 64 are the most";
	if (why) {
		take_wrong(p, key, node, why);
		return;
	}
	allow.place = node_place(p, node);
	slot = value_append(p->report, &g->allows, &g->n_allows, sizeof(*slot));
	if (slot)
		*slot = allow;
}

void
take_allow(struct parse *p, const struct key *key, yaml_node_t *node, void *into)
{
	node_list(p, key, node, into, allow_add);
}

static void
check_one(struct parse *p, const struct guest *g, const struct allow *allow)
{
	const char *near;

	if (allow->host)
		return;
	if (strcmp(allow->who, g->name) == 0) {
		error_add(p->report, allow->place, "allow: guest %s is %s itself", g->name, g->name);
		error_hint(p->report, "what a guest says to itself never leaves it; take this out");
		return;
	}
	if (conf_guest(p->conf, allow->who))
		return;
	near = guest_near(p->conf, allow->who);
	error_add(p->report, allow->place, "allow: no guest is called \"%s\"%s%s%s", allow->who,
	    near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
}

void
check_allow(struct parse *p)
{
	for (size_t i = 0; i < p->conf->n_guests; i++)
		for (size_t j = 0; j < p->conf->guests[i].n_allows; j++)
			check_one(p, &p->conf->guests[i], &p->conf->guests[i].allows[j]);
}

void
allow_print(const struct guest *g, FILE *out)
{
	static const char *const after[] = {[PROTO_TCP] = "/tcp", [PROTO_UDP] = "/udp", [PROTO_BOTH] = ""};

	if (g->n_allows == 0)
		return;
	fputs("    allow: [", out);
	for (size_t i = 0; i < g->n_allows; i++) {
		const struct allow *a = &g->allows[i];

		fprintf(out, "%s\"%s", i ? ", " : "", a->who);
		if (a->lo)
			fprintf(out, ":%u", a->lo);
		if (a->hi != a->lo)
			fprintf(out, "-%u", a->hi);
		fprintf(out, "%s\"", after[a->proto]);
	}
	fputs("]\n", out);
}
