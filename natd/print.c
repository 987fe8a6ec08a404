/* Facts as the words of ip(8), sysctl(8) and nft(8); see plan.h. */
#include "natd/plan.h"
#include "natd/diff.h"
#include "natd/ruleset.h"

#include <linux/rtnetlink.h>

static const char *
family_name(uint8_t family)
{
	return family == FAMILY_ARP ? "arp" : "inet";
}

static const char *
ip_option(uint8_t family)
{
	return family == 6 ? "-6 " : "";
}

static void
print_tap(const struct fact *fact, const char *verb, FILE *out)
{
	struct tap_value value;

	memcpy(&value, fact->value, sizeof(value));
	if (*verb == 'd') {
		fprintf(out, "ip link del %s\n", fact->name);
		return;
	}
	fprintf(out, "ip tuntap add dev %s mode tap vnet_hdr user %u\n", fact->name, value.uid);
	fprintf(out, "ip link set %s alias %s up\n", fact->name, value.alias);
}

static void
print_route(const struct fact *fact, const char *verb, FILE *out)
{
	struct route_key key;
	struct route_value value;
	char text[NET_TEXT];

	memcpy(&key, fact->key, sizeof(key));
	memcpy(&value, fact->value, sizeof(value));
	fprintf(out, "ip %sroute %s %s%s dev %s proto %d table %u\n", ip_option(fact->family), verb,
	    value.type == RTN_LOCAL ? "local " : "", net_print(&key.to, text), value.device, LODGE_PROTO,
	    key.table);
}

static void
print_policy(const struct fact *fact, const char *verb, FILE *out)
{
	struct policy_value value;
	uint32_t preference;

	memcpy(&preference, fact->key, sizeof(preference));
	memcpy(&value, fact->value, sizeof(value));
	fprintf(out, "ip %srule %s pref %u %s%s%sfwmark 0x%x/0x%x lookup %u protocol %d\n",
	    ip_option(fact->family), verb, preference, *value.device ? "iif " : "", value.device,
	    *value.device ? " " : "", value.mark, value.mask, value.table, LODGE_PROTO);
}

/* One part of a concatenation by the name of its type; returns its bytes in the key. */
static size_t
print_part(struct span type, const uint8_t *b, FILE *out)
{
	char text[IP_TEXT];
	struct ip ip = {.family = 4};
	struct mac mac;

	if (span_is(type, "ifname")) {
		fprintf(out, "\"%.16s\"", (const char *)b);
		return 16;
	}
	if (span_is(type, "ether_addr")) {
		memcpy(mac.b, b, 6);
		fputs(mac_print(&mac, text), out);
		return 8;
	}
	if (span_is(type, "inet_proto")) {
		fputs(*b == 6 ? "tcp" : "udp", out);
		return 4;
	}
	if (span_is(type, "inet_service")) {
		fprintf(out, "%u", b[0] << 8 | b[1]);
		return 4;
	}
	ip.family = span_is(type, "ipv6_addr") ? 6 : 4;
	memcpy(ip.b, b, ip_len(&ip));
	fputs(ip_print(&ip, text), out);
	return ip_len(&ip);
}

static void
print_parts(struct span types, const uint8_t *b, FILE *out)
{
	for (;;) {
		size_t n = span_find(types, ' ');

		b += print_part(span_first(types, n), b, out);
		if (n + 3 > types.len)
			return;
		types = span_from(types, n + 3); /* " . " */
		fputs(" . ", out);
	}
}

static void
print_element(const struct fact *fact, const char *verb, FILE *out)
{
	const struct ruleset_set *set = ruleset_set(fact->family, fact->name);
	struct span key, data;
	const uint8_t *b = fact->key;
	const char *colon;

	fprintf(out, "nft %s element %s lodge %s { ", *verb == 'd' ? "delete" : "add",
	    family_name(fact->family), fact->name);
	if (!set) {
		fputs("… }\n", out);
		return;
	}
	colon = strstr(set->type, " : ");
	key = colon ? span_of(set->type, (size_t)(colon - set->type)) : span_str(set->type);
	if (fact->key_len == 4 && span_is(key, "inet_service"))
		fprintf(out, "%u-%u", b[0] << 8 | b[1], b[2] << 8 | b[3]);
	else
		print_parts(key, b, out);
	if (colon && *verb != 'd') {
		data = span_str(colon + 3);
		fputs(" : ", out);
		print_parts(data, fact->value, out);
	}
	fputs(" }\n", out);
}

static void
print_set(const struct fact *fact, const char *verb, FILE *out)
{
	const struct ruleset_set *set = ruleset_set(fact->family, fact->name);
	const char *what = set && set->value.data_len ? "map" : "set";

	fprintf(out, "nft %s %s %s lodge %s", *verb == 'd' ? "delete" : "add", what,
	    family_name(fact->family), fact->name);
	if (set && *verb != 'd')
		fprintf(out, " { type %s; %s%s}", set->type, set->value.flags & 4 ? "flags interval; " : "",
		    set->value.flags & 0x20 ? "flags dynamic; " : "");
	fputs("\n", out);
}

static void
print_chain(const struct fact *fact, const char *verb, FILE *out)
{
	static const char *const hooks[] = {"prerouting", "input", "forward", "output", "postrouting"};
	struct chain_value value;
	const char *hook;

	memcpy(&value, fact->value, sizeof(value));
	hook = fact->family == FAMILY_ARP ? (value.hook ? "output" : "input") : hooks[value.hook % 5];
	fprintf(out, "nft %s chain %s lodge %s", *verb == 'd' ? "delete" : "add", family_name(fact->family),
	    fact->name);
	if (value.base && *verb != 'd')
		fprintf(out, " { type %s hook %s priority %d; policy accept; }", value.type, hook,
		    value.priority);
	fputs("\n", out);
}

static void
print_rules(const struct fact *fact, const char *verb, FILE *out)
{
	const struct ruleset_chain *chain = ruleset_chain(fact->family, fact->name);

	if (*verb == 'd' || !chain) {
		fprintf(out, "nft flush chain %s lodge %s\n", family_name(fact->family), fact->name);
		return;
	}
	for (const char *const *rule = chain->rules; *rule; rule++)
		fprintf(out, "nft add rule %s lodge %s %s\n", family_name(fact->family), fact->name, *rule);
}

static void
print_sysctl(const struct fact *fact, FILE *out)
{
	fprintf(out, "sysctl -w %s=%.*s\n", fact->name, fact->value_len, (const char *)fact->value);
}

static void
print_fact(const struct fact *fact, const char *verb, FILE *out)
{
	char text[NET_TEXT];
	struct net net;

	switch ((enum fact_kind)fact->kind) {
	case FACT_TAP:
		print_tap(fact, verb, out);
		break;
	case FACT_SYSCTL:
		print_sysctl(fact, out);
		break;
	case FACT_ADDRESS:
		memcpy(&net, fact->key, sizeof(net));
		fprintf(out, "ip %saddress %s %s dev %s%s\n", ip_option(fact->family), verb,
		    net_print(&net, text), fact->name, fact->family == 6 && *verb == 'a' ? " nodad" : "");
		break;
	case FACT_ROUTE:
		print_route(fact, verb, out);
		break;
	case FACT_POLICY:
		print_policy(fact, verb, out);
		break;
	case FACT_TABLE:
		fprintf(out, "nft %s table %s lodge\n", *verb == 'd' ? "delete" : "add",
		    family_name(fact->family));
		break;
	case FACT_COUNTER:
		fprintf(out, "nft %s counter %s lodge %s\n", *verb == 'd' ? "delete" : "add",
		    family_name(fact->family), fact->name);
		break;
	case FACT_SET:
		print_set(fact, verb, out);
		break;
	case FACT_CHAIN:
		print_chain(fact, verb, out);
		break;
	case FACT_ELEMENT:
		print_element(fact, verb, out);
		break;
	case FACT_RULES:
		print_rules(fact, verb, out);
		break;
	case FACT_KINDS:
		break;
	}
}

void
plan_print(const struct facts *facts, FILE *out)
{
	for (size_t i = 0; i < facts->n; i++)
		print_fact(&facts->list[i], "add", out);
}

void
plan_print_ops(const struct ops *ops, FILE *out)
{
	for (size_t i = ops->n; i-- > 0;)
		if (ops->list[i].have && !ops->list[i].want)
			print_fact(ops->list[i].have, "del", out);
	for (size_t i = 0; i < ops->n; i++) {
		if (ops->list[i].have && ops->list[i].want && ops->list[i].want->kind != FACT_SYSCTL)
			print_fact(ops->list[i].have, "del", out);
		if (ops->list[i].want)
			print_fact(ops->list[i].want, "add", out);
	}
}
