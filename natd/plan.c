/* The file → wanted facts; see plan.h. */
#include "natd/plan.h"
#include "natd/element.h"
#include "natd/feature.h"
#include "natd/planned.h"
#include "natd/ruleset.h"

#include <stdio.h>
#include <stdlib.h>
#include <linux/in.h>
#include <linux/rtnetlink.h>

void
planned_sysctl(struct facts *out, const char *format, const char *device, const char *text)
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
	planned_sysctl(out, "net/ipv4/conf/%s/proxy_arp", guest->tap, "1");
	planned_sysctl(
	    out, "net/ipv4/neigh/%s/proxy_delay", guest->tap, "0"); /* else up to 0.8 s before an answer */
	add_address(out, guest->tap, &us);
	add_route(out, &route, RT_TABLE_MAIN, RTN_UNICAST, guest->tap);
	if (host->ipv6)
		planned_sysctl(out, "net/ipv6/conf/%s/disable_ipv6", guest->tap, six ? "0" : "1");
	if (!six)
		return;
	us = net_nth(&conf->network6, 1);
	planned_sysctl(out, "net/ipv6/conf/%s/accept_ra", guest->tap, "0");
	planned_sysctl(
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

	element_put_name(&key, guest->tap);
	element_put(&key, guest->mac.b, sizeof(guest->mac.b));
	element_put_ip(&key, ip);
	element_add(out, FAMILY_ARP, "arp4", &key, NULL);
}

static void
add_source(struct facts *out, const char *set, const struct guest *guest, const struct ip *ip)
{
	struct bytes key = {0};

	element_put_name(&key, guest->tap);
	element_put_ip(&key, ip);
	element_add(out, FAMILY_INET, set, &key, NULL);
}

static void
plan_identity(struct facts *out, const struct guest *guest)
{
	struct bytes tap = {0}, self = {0}, mac = {0};
	struct ip none = {.family = 4};

	element_put_name(&tap, guest->tap);
	element_add(out, FAMILY_INET, "taps", &tap, NULL);
	element_add(out, FAMILY_ARP, "taps", &tap, NULL);
	element_put_name(&self, guest->tap);
	element_put_name(&self, guest->tap);
	element_add(out, FAMILY_INET, "self", &self, NULL);
	element_put_name(&mac, guest->tap);
	element_put(&mac, guest->mac.b, sizeof(guest->mac.b));
	element_add(out, FAMILY_INET, "mac", &mac, NULL);
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

	element_put(&key, &protocol, 1);
	element_put_port(&key, port);
	element_put_ip(&value, to);
	element_put_port(&value, to_port);
	element_add(out, FAMILY_INET, map, &key, &value);
}

static void
plan_forward(struct facts *out, const struct forward *forward, uint8_t protocol, const struct ip *to)
{
	bool six = to->family == 6;

	if (forward->to == forward->lo) {
		element_add_range(out, ruleset_ports(six, protocol == IPPROTO_UDP, forward->lo), forward->lo,
		    forward->hi, to);
		return;
	}
	for (uint32_t port = forward->lo; port <= forward->hi; port++)
		add_remap(out, six ? "one6" : "one4", protocol, (uint16_t)port, to,
		    (uint16_t)(port - forward->lo + forward->to));
}

static void
add_rest(struct facts *out, const char *device, const struct ip *to)
{
	struct bytes key = {0}, value = {0};

	element_put_name(&key, device);
	element_put_ip(&value, to);
	element_add(out, FAMILY_INET, to->family == 6 ? "rest6" : "rest4", &key, &value);
}

/* What is left over, from outside and from guests; the host's own finds no socket there, or is refused. */
static void
plan_rest(struct facts *out, const struct conf *conf, const struct plan_host *host, const struct ip *to)
{
	struct ip gate = net_nth(to->family == 6 ? &conf->network6 : &conf->network, 1);
	struct bytes key = {0};

	element_put_ip(&key, &gate);
	element_add(out, FAMILY_INET, to->family == 6 ? "gates6" : "gates4", &key, NULL);
	add_rest(out, host->wan, to);
	for (size_t i = 0; i < conf->n_guests; i++)
		add_rest(out, conf->guests[i].tap, to);
}

static void
plan_ports(struct facts *out, const struct conf *conf, const struct plan_host *host,
    const struct guest *guest, const struct ip *to)
{
	for (size_t i = 0; i < guest->n_forwards; i++) {
		if (guest->forwards[i].proto & PROTO_TCP)
			plan_forward(out, &guest->forwards[i], IPPROTO_TCP, to);
		if (guest->forwards[i].proto & PROTO_UDP)
			plan_forward(out, &guest->forwards[i], IPPROTO_UDP, to);
	}
	if (guest->rest)
		plan_rest(out, conf, host, to);
}

static void
plan_host(struct facts *out, const struct conf *conf, const struct plan_host *host)
{
	struct bytes wan = {0};

	element_put_name(&wan, host->wan);
	if (*host->wan)
		element_add(out, FAMILY_INET, "wan", &wan, NULL);
	planned_doors(out, conf->proxy.http, conf->proxy.n_http, IPPROTO_TCP);
	planned_doors(out, conf->proxy.tls, conf->proxy.n_tls, IPPROTO_TCP);
	planned_doors(out, conf->proxy.quic, conf->proxy.n_quic, IPPROTO_UDP);
	planned_reserved(out, conf);
	planned_sysctl(out, "net/ipv4/%s", "ip_forward", "1");
	planned_early_demux(out, conf);
	plan_return_path(out, 4);
	if (!host->ipv6 || !conf->network6.ip.family)
		return;
	/* Who forwards ignores router advertisements, unless told 2; the default route may hang on them. */
	if (host->wan_accept_ra > 0)
		planned_sysctl(out, "net/ipv6/conf/%s/accept_ra", host->wan, "2");
	planned_sysctl(out, "net/ipv6/conf/%s/forwarding", "all", "1");
	plan_return_path(out, 6);
	if (conf->masquerade6 && *host->wan)
		element_add(out, FAMILY_INET, "masq6", &wan, NULL);
}

/* What the kernel lacks is not wanted of it. */
static void
leave_out(struct facts *facts, uint32_t missing)
{
	size_t n = 0;

	for (size_t i = 0; i < facts->n; i++)
		if (feature_has_fact(&facts->list[i], missing))
			facts->list[n++] = facts->list[i];
	facts->n = n;
}

int
plan_facts(const struct conf *conf, const struct plan_host *host, struct facts *out)
{
	bool six = host->ipv6 && conf->network6.ip.family;

	*out = (struct facts){0};
	ruleset_facts(out, conf->guard ? TABLE_GUARDED : TABLE_PLAIN, host->missing);
	plan_host(out, conf, host);
	for (size_t i = 0; i < conf->n_guests; i++) {
		const struct guest *guest = &conf->guests[i];

		plan_tap(out, conf, host, guest);
		plan_identity(out, guest);
		planned_curb(out, guest, host->curbs);
		planned_listening(out, guest, host->listening);
		planned_guest_allows(out, conf, guest);
		plan_ports(out, conf, host, guest, &guest->address);
		if (six && ip_is_set(&guest->address6))
			plan_ports(out, conf, host, guest, &guest->address6);
	}
	if (six)
		planned_neighbours(out, conf, host);
	leave_out(out, host->missing);
	if (out->failed) {
		facts_free(out);
		return -1;
	}
	facts_sort(out);
	return 0;
}
