/*
 * What only the whole file can tell, with both places: names, addresses, MACs, taps and images that two guests
 * share, addresses outside the network, memory that the host has not. Domains and ports have files of their own.
 *
 * Each kind of thing is gathered into one list, sorted, and neighbours are compared: no pair is looked at twice.
 */
#include "base/near.h"
#include "conf/parse.h"

#include <inttypes.h>
#include <stdlib.h>

/* A thing that only one may have: its bytes, whose it is, and where it is written. */
struct holding {
	struct span bytes;
	const struct guest *guest;
	struct place place;
	bool derived; /* nobody wrote it: it follows from the name or the address */
};

static struct place
place_or(struct place given, struct place other)
{
	return given.line > 0 ? given : other;
}

static int
holding_cmp(const void *a, const void *b)
{
	const struct holding *h = a, *i = b;
	size_t least = h->bytes.len < i->bytes.len ? h->bytes.len : i->bytes.len;
	int order = least ? memcmp(h->bytes.ptr, i->bytes.ptr, least) : 0;

	if (order != 0)
		return order;
	if (h->bytes.len != i->bytes.len)
		return h->bytes.len < i->bytes.len ? -1 : 1;
	return place_cmp(&h->place, &i->place);
}

/*
 * One mistake for each holding that an earlier place has already. print: the thing as text, into 64 bytes.
 * What is derived on both sides follows from another mistake, which is told by itself.
 */
static void
holdings_check(struct parse *p, struct holding *list, size_t n, const char *what, const char *advice,
    const char *(*print)(const struct guest *, char *))
{
	size_t first = 0;
	char text[64];

	if (n > 1)
		qsort(list, n, sizeof(*list), holding_cmp);
	for (size_t i = 1; i < n; i++) {
		if (!span_eq(list[i].bytes, list[first].bytes)) {
			first = i;
			continue;
		}
		if (list[i].derived && list[first].derived)
			continue;
		error_add(p->report, list[i].place, "guests %s and %s have the same %s %s",
		    list[first].guest->name, list[i].guest->name, what, print(list[i].guest, text));
		error_note(p->report, list[first].place, "%s has it here", list[first].guest->name);
		error_hint(p->report, "%s", advice);
	}
}

static const char *
address_text(const struct guest *g, char *out)
{
	return ip_print(&g->address, out);
}

static const char *
address6_text(const struct guest *g, char *out)
{
	return ip_print(&g->address6, out);
}

static const char *
mac_text(const struct guest *g, char *out)
{
	return mac_print(&g->mac, out);
}

static const char *
tap_text(const struct guest *g, char *out)
{
	(void)out;
	return g->tap;
}

static const char *
image_text(const struct guest *g, char *out)
{
	snprintf(out, 64, "%s", g->disk.image);
	return out;
}

static void
check_addresses(struct parse *p, struct holding *list)
{
	const struct conf *c = p->conf;
	size_t n = 0;

	for (size_t i = 0; i < c->n_guests; i++) {
		const struct guest *g = &c->guests[i];

		if (ip_is_set(&g->address))
			list[n++] = (struct holding){span_of(g->address.b, 4), g, g->address_place, false};
	}
	holdings_check(p, list, n, "address", "give one of them another", address_text);
	n = 0;
	for (size_t i = 0; i < c->n_guests; i++) {
		const struct guest *g = &c->guests[i];

		if (ip_is_set(&g->address6))
			list[n++] = (struct holding){span_of(g->address6.b, 16), g, g->address6_place, false};
	}
	holdings_check(p, list, n, "address6", "give one of them another", address6_text);
}

static void
check_links(struct parse *p, struct holding *list)
{
	static const struct mac unset;
	const struct conf *c = p->conf;
	size_t n = 0;

	for (size_t i = 0; i < c->n_guests; i++) {
		const struct guest *g = &c->guests[i];

		if (g->mac_place.line > 0 ? memcmp(&g->mac, &unset, sizeof(unset)) != 0
					  : ip_is_set(&g->address))
			list[n++] = (struct holding){span_of(g->mac.b, 6), g,
			    place_or(g->mac_place, g->place), g->mac_place.line == 0};
	}
	holdings_check(p, list, n, "MAC", "leave mac: out, and each gets its own", mac_text);
	n = 0;
	for (size_t i = 0; i < c->n_guests; i++) {
		const struct guest *g = &c->guests[i];

		if (g->tap[0] && (ip_is_set(&g->address) || g->tap_place.line > 0))
			list[n++] = (struct holding){
			    span_str(g->tap), g, place_or(g->tap_place, g->place), g->tap_place.line == 0};
	}
	holdings_check(p, list, n, "tap", "leave tap: out, and each gets its own", tap_text);
}

/* Compared as whole paths, below state or not. */
static void
check_images(struct parse *p, struct holding *list)
{
	const struct conf *c = p->conf;
	size_t n = 0;

	for (size_t i = 0; i < c->n_guests; i++) {
		const struct guest *g = &c->guests[i];
		char *path = g->disk.image ? conf_state_path(c, g->disk.image) : NULL;

		if (!path)
			p->report->no_memory = true;
		else
			list[n++] = (struct holding){
			    span_str(path), g, place_or(g->disk.place, g->place), g->disk.place.line == 0};
	}
	holdings_check(p, list, n, "disk image",
	    "two kernels on one file system destroy it; name another file", image_text);
	for (size_t i = 0; i < n; i++)
		free((char *)list[i].bytes.ptr);
}

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

/* Told once: nobody shall rely on what does not happen. */
static void
check_quotas(struct parse *p)
{
	const struct guest *first = NULL;

	for (size_t i = 0; i < p->conf->n_guests; i++) {
		const struct guest *g = &p->conf->guests[i];

		if (g->quota.then != QUOTA_THROTTLE && g->quota.then != QUOTA_CUT)
			continue;
		if (!first || place_cmp(&g->quota.place, &first->quota.place) < 0)
			first = g;
	}
	if (!first)
		return;
	error_warn(p->report, first->quota.place,
	    "quota: this version shows what is used, but throttles and cuts nobody");
	error_hint(p->report, "write then: warn to say the same");
}

static const char *
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
	error_add(p->report, p->fallback_place, "default: no guest is called \"%s\"%s%s%s", p->fallback,
	    near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
	if (!near)
		error_hint(p->report, "write reject, or the name of a guest");
}

void
check_all(struct parse *p)
{
	size_t n = p->conf->n_guests;
	struct holding *list = calloc(n + 1, sizeof(*list));

	if (!list) {
		p->report->no_memory = true;
		return;
	}
	check_guest_names(p);
	check_addresses(p, list);
	check_links(p, list);
	check_images(p, list);
	check_networks(p);
	check_names(p);
	check_ports(p);
	check_memory(p);
	check_quotas(p);
	check_fallback(p);
	free(list);
}
