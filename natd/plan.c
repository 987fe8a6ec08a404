/* The file → wanted facts; see plan.h. */
#include "natd/plan.h"
#include "natd/ruleset.h"

#include <stdio.h>
#include <stdlib.h>
#include <linux/in.h>
#include <linux/rtnetlink.h>

enum { KEY_ROOM = FACT_KEY };

/* A concatenation: each part padded to four bytes, as the kernel's registers hold it. */
struct bytes {
	uint8_t b[KEY_ROOM];
	size_t n;
};

static void
put(struct bytes *to, const void *bytes, size_t n)
{
	memcpy(to->b + to->n, bytes, n);
	to->n += (n + 3) & ~(size_t)3;
}

static void
put_name(struct bytes *to, const char *device)
{
	char name[16] = {0};

	memcpy(name, device, strnlen(device, sizeof(name) - 1));
	put(to, name, sizeof(name));
}

static void
put_port(struct bytes *to, uint16_t port)
{
	uint8_t b[2] = {(uint8_t)(port >> 8), (uint8_t)port};

	put(to, b, 2);
}

static void
put_ip(struct bytes *to, const struct ip *ip)
{
	put(to, ip->b, ip_len(ip));
}

static void
add_element(
    struct facts *out, uint8_t family, const char *set, const struct bytes *key, const struct bytes *value)
{
	struct fact fact = fact_of(FACT_ELEMENT, family, set);

	fact_key(&fact, key->b, key->n);
	if (value)
		fact_value(&fact, value->b, value->n);
	facts_add(out, &fact);
}

static void
add_range(struct facts *out, const char *set, uint16_t lo, uint16_t hi, const struct ip *to)
{
	struct bytes key = {{(uint8_t)(lo >> 8), (uint8_t)lo, (uint8_t)(hi >> 8), (uint8_t)hi}, 4};
	struct bytes value = {0};

	if (to)
		put_ip(&value, to);
	add_element(out, FAMILY_INET, set, &key, to ? &value : NULL);
}

static void
add_sysctl(struct facts *out, const char *format, const char *device, const char *text)
{
	char path[FACT_NAME];
	struct fact fact;

	snprintf(path, sizeof(path), format, device);
	fact = fact_of(FACT_SYSCTL, 0, path);
	fact_value(&fact, text, strlen(text));
	facts_add(out, &fact);
}

static void
add_address(struct facts *out, const char *device, const struct ip *ip)
{
	struct fact fact = fact_of(FACT_ADDRESS, ip->family, device);
	struct net net = {*ip, (uint8_t)(8 * ip_len(ip))};

	fact_key(&fact, &net, sizeof(net));
	facts_add(out, &fact);
}

static void
add_route(struct facts *out, const struct net *to, uint32_t table, uint32_t type, const char *device)
{
	struct fact fact = fact_of(FACT_ROUTE, to->ip.family, "");
	struct route_key key = {.to = *to, .table = table};
	struct route_value value = {.type = type};

	memcpy(value.device, device, strnlen(device, sizeof(value.device) - 1));
	fact_key(&fact, &key, sizeof(key));
	fact_value(&fact, &value, sizeof(value));
	facts_add(out, &fact);
}

static void
add_policy(struct facts *out, uint8_t family, uint32_t preference, uint32_t table, const char *device)
{
	struct fact fact = fact_of(FACT_POLICY, family, "");
	struct policy_value value = {.table = table, .mark = LODGE_MARK, .mask = LODGE_MARK_MASK};

	memcpy(value.device, device, strnlen(device, sizeof(value.device) - 1));
	fact_key(&fact, &preference, sizeof(preference));
	fact_value(&fact, &value, sizeof(value));
	facts_add(out, &fact);
}

/*
 * Packets for a transparent socket are delivered here whatever their address. The first rule keeps the
 * reverse path check, which asks with the mark and from lo, out of that table.
 */
static void
plan_return_path(struct facts *out, uint8_t family)
{
	struct net all = {.ip = {.family = family}};

	add_route(out, &all, LODGE_TABLE, RTN_LOCAL, "lo");
	add_policy(out, family, LODGE_PREF, RT_TABLE_MAIN, "lo");
	add_policy(out, family, LODGE_PREF + 1, LODGE_TABLE, "");
}

static void
plan_tap(struct facts *out, const struct conf *conf, const struct plan_host *host, const struct guest *guest)
{
	struct fact tap = fact_of(FACT_TAP, 0, guest->tap);
	struct tap_value value = {.uid = guest->uid, .up = 1};
	struct ip us = net_nth(&conf->network, 1);
	struct net route = {guest->address, 32};
	bool six = host->ipv6 && conf->network6.ip.family;

	snprintf(value.alias, sizeof(value.alias), LODGE_ALIAS "%s", guest->name);
	fact_value(&tap, &value, sizeof(value));
	facts_add(out, &tap);
	add_sysctl(out, "net/ipv4/conf/%s/proxy_arp", guest->tap, "1");
	add_sysctl(
	    out, "net/ipv4/neigh/%s/proxy_delay", guest->tap, "0"); /* else up to 0.8 s before an answer */
	add_address(out, guest->tap, &us);
	add_route(out, &route, RT_TABLE_MAIN, RTN_UNICAST, guest->tap);
	if (host->ipv6)
		add_sysctl(out, "net/ipv6/conf/%s/disable_ipv6", guest->tap, six ? "0" : "1");
	if (!six)
		return;
	us = net_nth(&conf->network6, 1);
	add_sysctl(out, "net/ipv6/conf/%s/accept_ra", guest->tap, "0");
	add_sysctl(
	    out, "net/ipv6/conf/%s/accept_dad", guest->tap, "0"); /* else deaf for a second after each boot */
	add_address(out, guest->tap, &us);
	if (!ip_is_set(&guest->address6))
		return;
	route = (struct net){guest->address6, 128};
	add_route(out, &route, RT_TABLE_MAIN, RTN_UNICAST, guest->tap);
}

static void
add_arp(struct facts *out, const struct guest *guest, const struct ip *ip)
{
	struct bytes key = {0};

	put_name(&key, guest->tap);
	put(&key, guest->mac.b, sizeof(guest->mac.b));
	put_ip(&key, ip);
	add_element(out, FAMILY_ARP, "arp4", &key, NULL);
}

static void
add_source(struct facts *out, const char *set, const struct guest *guest, const struct ip *ip)
{
	struct bytes key = {0};

	put_name(&key, guest->tap);
	put_ip(&key, ip);
	add_element(out, FAMILY_INET, set, &key, NULL);
}

static void
plan_identity(struct facts *out, const struct guest *guest)
{
	struct bytes tap = {0}, self = {0}, mac = {0};
	struct ip none = {.family = 4};

	put_name(&tap, guest->tap);
	add_element(out, FAMILY_INET, "taps", &tap, NULL);
	add_element(out, FAMILY_ARP, "taps", &tap, NULL);
	put_name(&self, guest->tap);
	put_name(&self, guest->tap);
	add_element(out, FAMILY_INET, "self", &self, NULL);
	put_name(&mac, guest->tap);
	put(&mac, guest->mac.b, sizeof(guest->mac.b));
	add_element(out, FAMILY_INET, "mac", &mac, NULL);
	add_source(out, "src4", guest, &guest->address);
	if (ip_is_set(&guest->address6))
		add_source(out, "src6", guest, &guest->address6);
	add_arp(out, guest, &guest->address);
	add_arp(out, guest, &none); /* a probe before an address is taken into use, RFC 5227 2.1.1 */
}

static void
add_remap(struct facts *out, const char *map, uint8_t protocol, uint16_t port, const struct ip *to,
    uint16_t to_port)
{
	struct bytes key = {0}, value = {0};

	put(&key, &protocol, 1);
	put_port(&key, port);
	put_ip(&value, to);
	put_port(&value, to_port);
	add_element(out, FAMILY_INET, map, &key, &value);
}

static void
plan_forward(struct facts *out, const struct forward *forward, uint8_t protocol, const struct ip *to)
{
	static const char *const ranges[2][2] = {{"tcp4", "udp4"}, {"tcp6", "udp6"}};
	int six = to->family == 6;

	if (forward->to == forward->lo) {
		add_range(out, ranges[six][protocol == IPPROTO_UDP], forward->lo, forward->hi, to);
		return;
	}
	for (uint32_t port = forward->lo; port <= forward->hi; port++)
		add_remap(out, six ? "one6" : "one4", protocol, (uint16_t)port, to,
		    (uint16_t)(port - forward->lo + forward->to));
}

static void
plan_ports(struct facts *out, const struct plan_host *host, const struct guest *guest, const struct ip *to)
{
	struct bytes wan = {0}, value = {0};

	for (size_t i = 0; i < guest->n_forwards; i++) {
		if (guest->forwards[i].proto & PROTO_TCP)
			plan_forward(out, &guest->forwards[i], IPPROTO_TCP, to);
		if (guest->forwards[i].proto & PROTO_UDP)
			plan_forward(out, &guest->forwards[i], IPPROTO_UDP, to);
	}
	if (!guest->rest)
		return;
	put_name(&wan, host->wan);
	put_ip(&value, to);
	add_element(out, FAMILY_INET, to->family == 6 ? "rest6" : "rest4", &wan, &value);
}

static void
plan_doors(struct facts *out, const uint16_t *ports, size_t n, uint8_t protocol)
{
	for (size_t i = 0; i < n; i++) {
		struct bytes key = {0};

		put(&key, &protocol, 1);
		put_port(&key, ports[i]);
		add_element(out, FAMILY_INET, "hostok", &key, NULL);
	}
}

static int
by_port(const void *a, const void *b)
{
	const struct port_range *x = a, *y = b;

	return x->lo != y->lo ? (x->lo < y->lo ? -1 : 1) : 0;
}

static bool
is_loopback(const struct ip *ip)
{
	static const struct ip six = {6, {[15] = 1}};

	return ip->family == 4 ? ip->b[0] == 127 : ip_cmp(ip, &six) == 0;
}

/* Intervals of one set may not touch twice: overlapping ones are joined. */
static void
plan_reserved(struct facts *out, const struct conf *conf)
{
	size_t n = conf->n_reserve, last = 0;
	struct port_range *list = calloc(n + 1, sizeof(*list));

	if (!list) {
		out->failed = true;
		return;
	}
	if (n)
		memcpy(list, conf->reserve, n * sizeof(*list));
	if (conf->web.listen.ip.family && !is_loopback(&conf->web.listen.ip))
		list[n++] = (struct port_range){.lo = conf->web.listen.port, .hi = conf->web.listen.port};
	qsort(list, n, sizeof(*list), by_port);
	for (size_t i = 1; i < n; i++) {
		if (list[i].lo > list[last].hi)
			list[++last] = list[i];
		else if (list[i].hi > list[last].hi)
			list[last].hi = list[i].hi;
	}
	for (size_t i = 0; n && i <= last; i++)
		add_range(out, "reserved", list[i].lo, list[i].hi, NULL);
	free(list);
}

static bool
is_door(const uint16_t *ports, size_t n, uint16_t port)
{
	for (size_t i = 0; i < n; i++)
		if (ports[i] == port)
			return true;
	return false;
}

/* Whether a port of the host leads to that one of the guest's; what the proxy has is not left for `rest`. */
static bool
leads_to(const struct proxy_conf *proxy, const struct guest *guest, uint16_t port, uint8_t proto)
{
	for (size_t i = 0; i < guest->n_forwards; i++) {
		const struct forward *f = &guest->forwards[i];

		if ((f->proto & proto) && port >= f->to && port - f->to <= f->hi - f->lo)
			return true;
	}
	if (proto == PROTO_UDP)
		return guest->rest && !is_door(proxy->quic, proxy->n_quic, port);
	return guest->rest && !is_door(proxy->http, proxy->n_http, port) &&
	       !is_door(proxy->tls, proxy->n_tls, port);
}

/*
 * A port of a guest to which the proxy speaks from its clients' addresses, and to which a port of the host leads as
 * well: then a forwarded packet may bear the addresses and ports of a socket of the proxy's, open or in TIME_WAIT,
 * and the kernel's early look for a socket drops it, for what has one is not forwarded.
 */
static void
plan_early_demux(struct facts *out, const struct conf *conf)
{
	const struct proxy_conf *proxy = &conf->proxy;
	bool tcp = false, udp = false;

	for (size_t i = 0; i < conf->n_guests; i++) {
		const struct guest *guest = &conf->guests[i];
		enum client_address how =
		    guest->client_address ? guest->client_address : proxy->client_address;

		if (how != CLIENT_TRANSPARENT)
			continue;
		tcp |= proxy->n_http && leads_to(proxy, guest, guest->to_http, PROTO_TCP);
		tcp |= proxy->n_tls && leads_to(proxy, guest, guest->to_tls, PROTO_TCP);
		udp |= proxy->n_quic && leads_to(proxy, guest, guest->to_quic, PROTO_UDP);
	}
	if (tcp)
		add_sysctl(out, "net/ipv4/%s_early_demux", "tcp", "0"); /* of IPv6, too */
	if (udp)
		add_sysctl(out, "net/ipv4/%s_early_demux", "udp", "0");
}

static void
plan_host(struct facts *out, const struct conf *conf, const struct plan_host *host)
{
	struct bytes wan = {0};

	put_name(&wan, host->wan);
	if (*host->wan)
		add_element(out, FAMILY_INET, "wan", &wan, NULL);
	plan_doors(out, conf->proxy.http, conf->proxy.n_http, IPPROTO_TCP);
	plan_doors(out, conf->proxy.tls, conf->proxy.n_tls, IPPROTO_TCP);
	plan_doors(out, conf->proxy.quic, conf->proxy.n_quic, IPPROTO_UDP);
	plan_reserved(out, conf);
	add_sysctl(out, "net/ipv4/%s", "ip_forward", "1");
	plan_early_demux(out, conf);
	plan_return_path(out, 4);
	if (!host->ipv6 || !conf->network6.ip.family)
		return;
	/* Who forwards ignores router advertisements, unless told 2; the default route may hang on them. */
	if (host->wan_accept_ra > 0)
		add_sysctl(out, "net/ipv6/conf/%s/accept_ra", host->wan, "2");
	add_sysctl(out, "net/ipv6/conf/%s/forwarding", "all", "1");
	plan_return_path(out, 6);
}

int
plan_facts(const struct conf *conf, const struct plan_host *host, struct facts *out)
{
	bool six = host->ipv6 && conf->network6.ip.family;

	*out = (struct facts){0};
	ruleset_facts(out);
	plan_host(out, conf, host);
	for (size_t i = 0; i < conf->n_guests; i++) {
		const struct guest *guest = &conf->guests[i];

		plan_tap(out, conf, host, guest);
		plan_identity(out, guest);
		plan_ports(out, host, guest, &guest->address);
		if (six && ip_is_set(&guest->address6))
			plan_ports(out, host, guest, &guest->address6);
	}
	if (out->failed) {
		facts_free(out);
		return -1;
	}
	facts_sort(out);
	return 0;
}
