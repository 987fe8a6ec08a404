/* Operations as a script; see print.h. */
#include "natd/print.h"

#include <linux/rtnetlink.h>

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
print_tap_change(const struct fact *have, const struct fact *want, FILE *out)
{
	struct tap_value old, new;

	memcpy(&old, have->value, sizeof(old));
	memcpy(&new, want->value, sizeof(new));
	if (old.uid != new.uid)
		fprintf(out, "# %s: its owner becomes uid %u; lodge-natd does that, ip cannot\n", want->name,
		    new.uid);
	if (old.up != new.up || strcmp(old.alias, new.alias) != 0)
		fprintf(out, "ip link set %s alias %s up\n", want->name, new.alias);
}

static void
print_address(const struct fact *fact, const char *verb, FILE *out)
{
	char text[NET_TEXT];
	struct net net;

	memcpy(&net, fact->key, sizeof(net));
	fprintf(out, "ip %saddress %s %s dev %s%s\n", ip_option(fact->family), verb, net_print(&net, text),
	    fact->name, fact->family == 6 && *verb == 'a' ? " nodad" : "");
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

static void
print_neighbour(const struct fact *fact, const char *verb, FILE *out)
{
	char text[IP_TEXT];
	struct ip ip;

	memcpy(&ip, fact->key, sizeof(ip));
	fprintf(out, "ip -6 neigh %s proxy %s dev %s", verb, ip_print(&ip, text), fact->name);
	if (*verb == 'a')
		fprintf(out, " proto %d", LODGE_PROTO);
	fputc('\n', out);
}

static void
print_link(const struct fact *fact, const char *verb, FILE *out)
{
	switch ((enum fact_kind)fact->kind) {
	case FACT_TAP:
		print_tap(fact, verb, out);
		break;
	case FACT_SYSCTL:
		if (*verb != 'd')
			fprintf(out, "sysctl -w %s=%.*s\n", fact->name, fact->value_len,
			    (const char *)fact->value);
		break;
	case FACT_ADDRESS:
		print_address(fact, verb, out);
		break;
	case FACT_ROUTE:
		print_route(fact, verb, out);
		break;
	case FACT_POLICY:
		print_policy(fact, verb, out);
		break;
	case FACT_NEIGHBOUR:
		print_neighbour(fact, verb, out);
		break;
	default:
		break;
	}
}

/* What is there in another form is changed in place, but for a policy rule: those have no such word. */
static void
make_link(const struct fact *have, const struct fact *want, FILE *out)
{
	if (have && want->kind == FACT_TAP) {
		print_tap_change(have, want, out);
		return;
	}
	if (have && want->kind == FACT_POLICY)
		print_link(have, "del", out);
	print_link(want, have && want->kind == FACT_ROUTE ? "replace" : "add", out);
}

static void
undo_links(const struct ops *ops, FILE *out)
{
	for (size_t i = ops->n; i-- > 0;)
		if (!ops->list[i].want && !fact_is_nft(ops->list[i].have))
			print_link(ops->list[i].have, "del", out);
}

static void
make_links(const struct ops *ops, FILE *out)
{
	for (int late = 0; late < 2; late++)
		for (size_t i = 0; i < ops->n; i++) {
			const struct op *op = &ops->list[i];

			if (op->want && !fact_is_nft(op->want) && fact_is_late(op->want) == late)
				make_link(op->have, op->want, out);
		}
}

/* As in the transaction of natd: a table that goes takes all that is in it along. */
static void
print_tables(const struct ops *ops, FILE *out)
{
	unsigned gone = 0;

	for (size_t i = 0; i < ops->n; i++)
		if (ops->list[i].have && ops->list[i].have->kind == FACT_TABLE &&
		    !fact_is_adoption(ops->list[i].have, ops->list[i].want))
			gone |= 1u << (ops->list[i].have->family & 31);
	for (int kind = FACT_RULES; kind >= FACT_TABLE; kind--)
		for (size_t i = 0; i < ops->n; i++) {
			const struct fact *have = ops->list[i].have;

			if (have && have->kind == kind && !fact_is_adoption(have, ops->list[i].want) &&
			    (kind == FACT_TABLE || !(gone >> (have->family & 31) & 1)))
				nft_print(have, false, out);
		}
	for (size_t i = 0; i < ops->n; i++)
		if (ops->list[i].want && fact_is_nft(ops->list[i].want))
			nft_print(ops->list[i].want, true, out);
}

static bool
any_nft(const struct ops *ops)
{
	for (size_t i = 0; i < ops->n; i++)
		if (fact_is_nft(ops->list[i].have ? ops->list[i].have : ops->list[i].want))
			return true;
	return false;
}

void
print_ops(const struct ops *ops, FILE *out)
{
	undo_links(ops, out);
	if (any_nft(ops)) {
		fputs("nft -f - <<'END'\n", out);
		print_tables(ops, out);
		fputs("END\n", out);
	}
	make_links(ops, out);
}
