/* Facts of the tables as nft's own text; see print.h. */
#include "natd/print.h"
#include "natd/feature.h"
#include "natd/ruleset.h"

#include <linux/netfilter/nf_tables.h>

static const char *
family_name(uint8_t family)
{
	return family == FAMILY_ARP ? "arp" : "inet";
}

static const char *
verb_name(bool add)
{
	return add ? "add" : "delete";
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
		fprintf(out, "%u", (unsigned)(b[0] << 8 | b[1]));
		return 4;
	}
	if (span_is(type, "limit")) {
		fprintf(out, "\"%.*s\"", FACT_VALUE, (const char *)b);
		return 0;
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
print_element(const struct fact *fact, bool add, FILE *out)
{
	const struct ruleset_set *set = ruleset_set(fact->family, fact->name);
	const uint8_t *b = fact->key;
	const char *colon;
	struct span key;

	fprintf(out, "%s element %s lodge %s { ", verb_name(add), family_name(fact->family), fact->name);
	if (!set) {
		fputs("… }\n", out);
		return;
	}
	colon = strstr(set->type, " : ");
	key = colon ? span_of(set->type, (size_t)(colon - set->type)) : span_str(set->type);
	if (fact->key_len == 4 && span_is(key, "inet_service"))
		fprintf(out, "%u-%u", (unsigned)(b[0] << 8 | b[1]), (unsigned)(b[2] << 8 | b[3]));
	else
		print_parts(key, b, out);
	if (colon && add) {
		fputs(" : ", out);
		print_parts(span_str(colon + 3), fact->value, out);
	}
	fputs(" }\n", out);
}

static void
print_set(const struct fact *fact, bool add, FILE *out)
{
	const struct ruleset_set *set = ruleset_set(fact->family, fact->name);
	struct set_value value;

	memcpy(&value, fact->value, sizeof(value));
	fprintf(out, "%s %s %s lodge %s", verb_name(add),
	    value.flags & (NFT_SET_MAP | NFT_SET_OBJECT) ? "map" : "set", family_name(fact->family),
	    fact->name);
	if (set && add)
		fprintf(out, " { type %s; %s%s}", set->type,
		    value.flags & NFT_SET_INTERVAL ? "flags interval; " : "",
		    value.flags & NFT_SET_EVAL ? "flags dynamic; " : "");
	fputs("\n", out);
}

static void
print_limit(const struct fact *fact, bool add, FILE *out)
{
	struct limit_value value;

	memcpy(&value, fact->value, sizeof(value));
	fprintf(out, "%s limit %s lodge %s", verb_name(add), family_name(fact->family), fact->name);
	if (add)
		fprintf(out, " { rate over %llu bytes/second burst %u bytes; }",
		    (unsigned long long)value.bytes_s, value.burst);
	fputs("\n", out);
}

static void
print_chain(const struct fact *fact, bool add, FILE *out)
{
	static const char *const hooks[] = {"prerouting", "input", "forward", "output", "postrouting"};
	struct chain_value value;
	const char *hook;

	memcpy(&value, fact->value, sizeof(value));
	hook = fact->family == FAMILY_ARP ? (value.hook ? "output" : "input") : hooks[value.hook % 5];
	fprintf(out, "%s chain %s lodge %s", verb_name(add), family_name(fact->family), fact->name);
	if (value.base && add)
		fprintf(out, " { type %.16s hook %s priority %d; policy accept; }", value.type, hook,
		    value.priority);
	fputs("\n", out);
}

/* The comment is what the rule is known by when it is read again. */
static void
print_rules(const struct fact *fact, bool add, FILE *out)
{
	const struct ruleset_chain *chain = ruleset_chain(fact->family, fact->name);
	const char *family = family_name(fact->family);
	uint32_t without = ruleset_without(fact);

	if (!add) {
		fprintf(out, "flush chain %s lodge %s\n", family, fact->name);
		return;
	}
	for (const char *const *rule = chain ? chain->rules : NULL; rule && *rule; rule++)
		if (feature_has_rule(*rule, without))
			fprintf(out, "add rule %s lodge %s %s comment \"%016llx\"\n", family, fact->name,
			    *rule, (unsigned long long)rule_digest(*rule));
}

void
nft_print(const struct fact *fact, bool add, FILE *out)
{
	switch ((enum fact_kind)fact->kind) {
	case FACT_TABLE:
		if (add && fact->value[0] == TABLE_GUARDED)
			fputs("# guard: only lodge-natd can make it its own\n", out);
		fprintf(out, "%s table %s lodge\n", verb_name(add), family_name(fact->family));
		break;
	case FACT_COUNTER:
		fprintf(
		    out, "%s counter %s lodge %s\n", verb_name(add), family_name(fact->family), fact->name);
		break;
	case FACT_LIMIT:
		print_limit(fact, add, out);
		break;
	case FACT_SET:
		print_set(fact, add, out);
		break;
	case FACT_CHAIN:
		print_chain(fact, add, out);
		break;
	case FACT_ELEMENT:
		print_element(fact, add, out);
		break;
	case FACT_RULES:
		print_rules(fact, add, out);
		break;
	default:
		break;
	}
}
