/*
 * What only the whole file can tell, with both places: guests' names, addresses outside the network, memory that the
 * host has not. Domains, ports, and what only one may have, are checked in files of their own.
 */
#include "base/near.h"
#include "conf/parse.h"

#include <inttypes.h>
#include <stdlib.h>

enum { UID_NOBODY = 65534, UID_NONE = 65535 }; /* whom strangers share; -1 in sixteen bits */

/* guests are sorted by name, then by place. */
static void
check_guest_names(struct parse *p)
{
	const struct guest *g = p->conf->guests;

	for (size_t i = 1, first = 0; i < p->conf->n_guests; i++) {
		if (strcmp(g[i].name, g[first].name) != 0) {
			first = i;
			continue;
		}
		error_add(p->report, g[i].place, "guest %s is given twice", g[i].name);
		error_note(p->report, g[first].place, "here it was given first; rename or remove one");
	}
}

static bool
is_last(const struct net *net, const struct ip *ip)
{
	return net->ip.family == 4 && net_host(net, ip) == (UINT32_MAX >> net->bits);
}

/* The network's first address is its own, the second (.1) the host's, IPv4's last the broadcast. */
static void
check_inside(
    struct parse *p, const struct guest *g, const struct net *net, const struct ip *ip, struct place at)
{
	char address[IP_TEXT], network[NET_TEXT];
	struct ip own = net_nth(net, 0), host = net_nth(net, 1), first = net_nth(net, 2);
	const char *why = NULL;

	if (!ip_is_set(ip) || !ip_is_set(&net->ip))
		return;
	if (!net_has(net, ip))
		why = "is outside";
	else if (ip_cmp(ip, &own) == 0)
		why = "is the address of";
	else if (ip_cmp(ip, &host) == 0)
		why = "is the host's own address in";
	else if (is_last(net, ip))
		why = "is the broadcast address of";
	if (!why)
		return;
	error_add(p->report, at, "guest %s: %s %s the network %s", g->name, ip_print(ip, address), why,
	    net_print(net, network));
	at = ip->family == 4 ? p->conf->network_place : p->conf->network6_place;
	if (at.line > 0)
		error_note(p->report, at, "the network is set here");
	error_hint(p->report, "the first one for a guest is %s", ip_print(&first, address));
}

static void
check_networks(struct parse *p)
{
	const struct conf *c = p->conf;

	for (size_t i = 0; i < c->n_guests; i++) {
		const struct guest *g = &c->guests[i];

		check_inside(p, g, &c->network, &g->address, g->address_place);
		check_inside(p, g, &c->network6, &g->address6, g->address6_place);
		if (ip_is_set(&g->address6) && c->network6_place.line == 0) {
			error_add(p->report, g->address6_place,
			    "guest %s has an address6, but there is no network6", g->name);
			error_hint(
			    p->report, "write network6: and the IPv6 network of the guests at the top");
		}
		if (g->uid == UID_NOBODY || g->uid == UID_NONE) {
			error_add(p->report, place_or(g->address_place, g->place),
			    "guest %s would run as uid %" PRIu32 ", which is no account of its own", g->name,
			    g->uid);
			error_hint(p->report, "write uids: 100000 or more at the top");
		}
		if (c->wan[0] && strcmp(c->wan, g->tap) == 0)
			error_add(p->report, place_or(g->tap_place, g->place),
			    "guest %s: its tap %s is the wan device", g->name, g->tap);
	}
}

static void
check_memory(struct parse *p)
{
	const struct conf *c = p->conf;
	uint64_t ram = p->host->ram_bytes, room = p->host->guest_room_bytes, sum = 0;
	struct place at = {0};

	for (size_t i = 0; i < c->n_guests; i++) {
		const struct guest *g = &c->guests[i];
		struct place here = place_or(g->memory_place, g->place);

		sum += g->memory_bytes;
		if (at.line == 0 || place_cmp(&here, &at) > 0)
			at = here;
	}
	if (ram > 0 && sum > ram) {
		error_warn(p->report, at,
		    "the guests' memory is %" PRIu64 "M in all, the host has %" PRIu64 "M", sum >> 20,
		    ram >> 20);
		error_hint(
		    p->report, "guests take memory as they use it; when all of it is used, some are killed");
	}
	if (room > 0 && sum > room) {
		error_warn(p->report, at,
		    "the guests' memory is %" PRIu64 "M in all, the file system that holds it %" PRIu64 "M",
		    sum >> 20, room >> 20);
		error_hint(p->report, "it is that of TMPDIR, else /dev/shm; a guest that finds it full dies");
	}
}

const char *
guest_near(const struct conf *c, const char *name)
{
	const char **names = calloc(c->n_guests + 1, sizeof(*names)), *near;

	if (!names)
		return NULL;
	for (size_t i = 0; i < c->n_guests; i++)
		names[i] = c->guests[i].name;
	near = near_word(span_str(name), names, c->n_guests);
	free(names);
	return near;
}

static void
check_fallback(struct parse *p)
{
	const char *near;

	if (!p->fallback)
		return;
	p->conf->proxy.fallback = conf_guest(p->conf, p->fallback);
	if (p->conf->proxy.fallback)
		return;
	near = guest_near(p->conf, p->fallback);
	error_add(p->report, p->conf->proxy.fallback_place, "default: no guest is called \"%s\"%s%s%s",
	    p->fallback, near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
	if (!near)
		error_hint(p->report, "write reject, or the name of a guest");
}

void
check_all(struct parse *p)
{
	check_guest_names(p);
	check_things(p);
	check_bases(p);
	check_networks(p);
	check_names(p);
	check_ports(p);
	check_memory(p);
	check_fallback(p);
	check_allow(p);
}
