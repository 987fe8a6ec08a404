/* What is open and to whom: the part of the plan that the file's exceptions decide; see planned.h. */
#include "natd/element.h"
#include "natd/planned.h"

#include <linux/in.h>
#include <stdlib.h>

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
void
planned_early_demux(struct facts *out, const struct conf *conf)
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
		planned_sysctl(out, "net/ipv4/%s_early_demux", "tcp", "0"); /* of IPv6, too */
	if (udp)
		planned_sysctl(out, "net/ipv4/%s_early_demux", "udp", "0");
}

/* to: NULL for the host. */
static void
plan_allow(struct facts *out, const struct guest *guest, const struct guest *to, const struct allow *allow)
{
	static const uint8_t protocols[] = {[PROTO_TCP] = IPPROTO_TCP, [PROTO_UDP] = IPPROTO_UDP};
	struct bytes key = {0};

	element_put_name(&key, guest->tap);
	if (to)
		element_put_name(&key, to->tap);
	if (allow->lo == 0) {
		element_add(out, FAMILY_INET, to ? "peers" : "host_all", &key, NULL);
		return;
	}
	for (unsigned proto = PROTO_TCP; proto <= PROTO_UDP; proto++)
		for (uint32_t port = allow->lo; (allow->proto & proto) && port <= allow->hi; port++) {
			struct bytes whole = key;

			element_put(&whole, &protocols[proto], 1);
			element_put_port(&whole, (uint16_t)port);
			element_add(out, FAMILY_INET, to ? "peer_ports" : "host_ports", &whole, NULL);
		}
}

void
planned_guest_allows(struct facts *out, const struct conf *conf, const struct guest *guest)
{
	for (size_t i = 0; i < guest->n_allows; i++) {
		const struct allow *allow = &guest->allows[i];
		const struct guest *to = allow->host ? NULL : conf_guest(conf, allow->who);

		if (to || allow->host)
			plan_allow(out, guest, to, allow);
	}
}

static void
add_port(struct facts *out, const char *set, uint8_t protocol, uint16_t port)
{
	struct bytes key = {0};

	element_put(&key, &protocol, 1);
	element_put_port(&key, port);
	element_add(out, FAMILY_INET, set, &key, NULL);
}

/* The proxy's: a guest may call them, and they stay the host's. */
void
planned_doors(struct facts *out, const uint16_t *ports, size_t n, uint8_t protocol)
{
	for (size_t i = 0; i < n; i++) {
		add_port(out, "hostok", protocol, ports[i]);
		add_port(out, "stay", protocol, ports[i]);
	}
}

/* A program that began to listen on a guest's port keeps what comes for it. */
void
planned_listening(struct facts *out, const struct guest *guest, const struct plan_ports *listening)
{
	for (size_t i = 0; listening && i < guest->n_forwards; i++) {
		const struct forward *f = &guest->forwards[i];

		for (uint32_t port = f->lo; port <= f->hi; port++) {
			uint8_t both = listening->of[port] & f->proto;

			if (both & PROTO_TCP)
				add_port(out, "stay", IPPROTO_TCP, (uint16_t)port);
			if (both & PROTO_UDP)
				add_port(out, "stay", IPPROTO_UDP, (uint16_t)port);
		}
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
void
planned_reserved(struct facts *out, const struct conf *conf)
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
		element_add_range(out, "reserved", list[i].lo, list[i].hi, NULL);
	free(list);
}

bool
plan_allows(const struct facts *want, const char *tap, const char *to, uint8_t protocol, uint16_t port)
{
	struct bytes all = {0}, one;

	element_put_name(&all, tap);
	if (to)
		element_put_name(&all, to);
	one = all;
	element_put(&one, &protocol, 1);
	element_put_port(&one, port);
	return element_is(want, to ? "peers" : "host_all", &all) ||
	       element_is(want, to ? "peer_ports" : "host_ports", &one);
}

bool
plan_is_open(const struct facts *want, uint8_t protocol, uint16_t port)
{
	struct bytes key = {0};

	if (protocol != IPPROTO_TCP && protocol != IPPROTO_UDP)
		return true; /* pings, and their errors */
	element_put(&key, &protocol, 1);
	element_put_port(&key, port);
	return element_is(want, "hostok", &key);
}
