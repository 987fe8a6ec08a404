/* A rule in nft's words → the kernel's expressions; see rule.h. */
#include "natd/rule.h"
#include "natd/field.h"
#include "natd/ruleset.h"

#include <errno.h>
#include <libnftnl/udata.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <stdio.h>
#include <stdlib.h>

static void
add_match(struct maker *maker)
{
	const struct field *field;
	struct nftnl_expr *e;
	char set[FACT_NAME];
	bool negated;

	if (field_load(maker, &field) == -1) {
		maker->bad = true;
		return;
	}
	if (field_take(maker, "!")) {
		field_compare_none(maker, field);
		return;
	}
	negated = field_take(maker, "!=");
	if (*maker->at != '@') {
		maker->bad |= negated;
		field_compare(maker, field);
		return;
	}
	field_take_word(maker, set, sizeof(set));
	e = field_expr(maker, "lookup");
	nftnl_expr_set_u32(e, NFTNL_EXPR_LOOKUP_SREG, NFT_REG32_00);
	nftnl_expr_set_str(e, NFTNL_EXPR_LOOKUP_SET, set);
	if (negated)
		nftnl_expr_set_u32(e, NFTNL_EXPR_LOOKUP_FLAGS, NFT_LOOKUP_F_INV);
}

static void
add_verdict(struct maker *maker, uint32_t verdict, const char *chain)
{
	struct nftnl_expr *e = field_expr(maker, "immediate");

	nftnl_expr_set_u32(e, NFTNL_EXPR_IMM_DREG, NFT_REG_VERDICT);
	nftnl_expr_set_u32(e, NFTNL_EXPR_IMM_VERDICT, verdict);
	if (chain)
		nftnl_expr_set_str(e, NFTNL_EXPR_IMM_CHAIN, chain);
}

/* FIELDS map @M: the fields are loaded, which are the key; the map's name into map, or what is wrong is noted. */
static bool
take_mapped(struct maker *maker, char *map, size_t room)
{
	const struct field *field;

	if (field_load(maker, &field) == -1 || !field_take(maker, "map")) {
		maker->bad = true;
		return false;
	}
	field_take_word(maker, map, room);
	return true;
}

/* dnat ip to FIELDS map @M: the map's data is the address, and after it, where remapped, the port. */
static void
add_dnat(struct maker *maker, bool six)
{
	uint32_t family = six ? NFPROTO_IPV6 : NFPROTO_IPV4;
	const struct ruleset_set *shape;
	struct nftnl_expr *e;
	char map[FACT_NAME];

	if (!take_mapped(maker, map, sizeof(map)))
		return;
	e = field_expr(maker, "lookup");
	nftnl_expr_set_u32(e, NFTNL_EXPR_LOOKUP_SREG, NFT_REG32_00);
	nftnl_expr_set_u32(e, NFTNL_EXPR_LOOKUP_DREG, NFT_REG32_00);
	nftnl_expr_set_str(e, NFTNL_EXPR_LOOKUP_SET, map);
	e = field_expr(maker, "nat");
	nftnl_expr_set_u32(e, NFTNL_EXPR_NAT_TYPE, NFT_NAT_DNAT);
	nftnl_expr_set_u32(e, NFTNL_EXPR_NAT_FAMILY, family);
	nftnl_expr_set_u32(e, NFTNL_EXPR_NAT_REG_ADDR_MIN, NFT_REG32_00);
	shape = ruleset_set(FAMILY_INET, map);
	if (shape && shape->value.data_len > (six ? 16 : 4))
		nftnl_expr_set_u32(e, NFTNL_EXPR_NAT_REG_PROTO_MIN, field_register(six ? 16 : 4));
}

static void
add_counter(struct maker *maker)
{
	struct nftnl_expr *e = field_expr(maker, "objref");
	char name[FACT_NAME];

	field_take_word(maker, name, sizeof(name));
	nftnl_expr_set_u32(e, NFTNL_EXPR_OBJREF_IMM_TYPE, NFT_OBJECT_COUNTER);
	nftnl_expr_set_str(e, NFTNL_EXPR_OBJREF_IMM_NAME, name);
}

/* The number of "ct count over N" → the expression. */
static struct nftnl_expr *
take_count(struct maker *maker, struct nftnl_expr *count)
{
	char number[16];

	field_take_word(maker, number, sizeof(number));
	nftnl_expr_set_u32(count, NFTNL_EXPR_CONNLIMIT_COUNT, (uint32_t)strtoul(number, NULL, 10));
	nftnl_expr_set_u32(count, NFTNL_EXPR_CONNLIMIT_FLAGS, NFT_CONNLIMIT_F_INV);
	return count;
}

/* add @SET { FIELD ct count over N } */
static void
add_limit(struct maker *maker)
{
	struct nftnl_expr *e, *count = field_expr(NULL, "connlimit");
	const struct field *field;
	char set[FACT_NAME];

	field_take_word(maker, set, sizeof(set));
	if (!field_take(maker, "{") || field_load(maker, &field) == -1 || !field_take(maker, "ct count over"))
		maker->bad = true;
	take_count(maker, count);
	if (!field_take(maker, "}"))
		maker->bad = true;
	e = field_expr(maker, "dynset");
	nftnl_expr_set_u32(e, NFTNL_EXPR_DYNSET_SREG_KEY, NFT_REG32_00);
	nftnl_expr_set_u32(e, NFTNL_EXPR_DYNSET_OP, NFT_DYNSET_OP_ADD);
	nftnl_expr_set_str(e, NFTNL_EXPR_DYNSET_SET_NAME, set);
	nftnl_expr_add_expr(e, NFTNL_EXPR_DYNSET_EXPR, count);
}

/* limit name FIELD map @MAP: the map's data names the limit; what has none does not match. */
static void
add_named_limit(struct maker *maker)
{
	struct nftnl_expr *e;
	char map[FACT_NAME];

	if (!take_mapped(maker, map, sizeof(map)))
		return;
	e = field_expr(maker, "objref");
	nftnl_expr_set_u32(e, NFTNL_EXPR_OBJREF_SET_SREG, NFT_REG32_00);
	nftnl_expr_set_str(e, NFTNL_EXPR_OBJREF_SET_NAME, map);
}

static void
add_mark(struct maker *maker)
{
	struct nftnl_expr *e = field_expr(maker, "immediate");
	char number[16];
	uint32_t mark;

	field_take_word(maker, number, sizeof(number));
	mark = (uint32_t)strtoul(number, NULL, 0);
	nftnl_expr_set_u32(e, NFTNL_EXPR_IMM_DREG, NFT_REG_1);
	nftnl_expr_set(e, NFTNL_EXPR_IMM_DATA, &mark, sizeof(mark));
	e = field_expr(maker, "meta");
	nftnl_expr_set_u32(e, NFTNL_EXPR_META_KEY, NFT_META_MARK);
	nftnl_expr_set_u32(e, NFTNL_EXPR_META_SREG, NFT_REG_1);
}

static void
add_clause(struct maker *maker)
{
	char chain[FACT_NAME];

	if (field_take(maker, "accept")) {
		add_verdict(maker, NF_ACCEPT, NULL);
	} else if (field_take(maker, "drop")) {
		add_verdict(maker, NF_DROP, NULL);
	} else if (field_take(maker, "return")) {
		add_verdict(maker, (uint32_t)NFT_RETURN, NULL);
	} else if (field_take(maker, "jump")) {
		field_take_word(maker, chain, sizeof(chain));
		add_verdict(maker, (uint32_t)NFT_JUMP, chain);
	} else if (field_take(maker, "counter name")) {
		add_counter(maker);
	} else if (field_take(maker, "limit name")) {
		add_named_limit(maker);
	} else if (field_take(maker, "ct count over")) {
		take_count(maker, field_expr(maker, "connlimit"));
	} else if (field_take(maker, "masquerade")) {
		field_expr(maker, "masq");
	} else if (field_take(maker, "dnat ip to")) {
		add_dnat(maker, false);
	} else if (field_take(maker, "dnat ip6 to")) {
		add_dnat(maker, true);
	} else if (field_take(maker, "meta mark set")) {
		add_mark(maker);
	} else if (field_take(maker, "add")) {
		add_limit(maker);
	} else {
		add_match(maker);
	}
}

static void
set_comment(struct nftnl_rule *rule, uint64_t digest)
{
	struct nftnl_udata_buf *data = nftnl_udata_buf_alloc(NFT_USERDATA_MAXLEN);
	char text[32];

	if (!data)
		abort();
	snprintf(text, sizeof(text), "%016llx", (unsigned long long)digest);
	nftnl_udata_put_strz(data, NFTNL_UDATA_RULE_COMMENT, text);
	nftnl_rule_set_data(rule, NFTNL_RULE_USERDATA, nftnl_udata_buf_data(data), nftnl_udata_buf_len(data));
	nftnl_udata_buf_free(data);
}

struct nftnl_rule *
rule_make(uint8_t family, const char *chain, const char *text)
{
	struct maker maker = {.rule = nftnl_rule_alloc(), .at = text};

	if (!maker.rule)
		return NULL;
	nftnl_rule_set_u32(maker.rule, NFTNL_RULE_FAMILY, family);
	nftnl_rule_set_str(maker.rule, NFTNL_RULE_TABLE, "lodge");
	nftnl_rule_set_str(maker.rule, NFTNL_RULE_CHAIN, chain);
	while (*maker.at && !maker.bad)
		add_clause(&maker);
	if (maker.bad) {
		nftnl_rule_free(maker.rule);
		errno = EINVAL;
		return NULL;
	}
	set_comment(maker.rule, rule_digest(text));
	return maker.rule;
}

static int
find_comment(const struct nftnl_udata *attr, void *arg)
{
	if (nftnl_udata_type(attr) == NFTNL_UDATA_RULE_COMMENT && nftnl_udata_len(attr) == 17)
		memcpy(arg, nftnl_udata_get(attr), 16);
	return 0;
}

uint64_t
rule_read_digest(const struct nftnl_rule *rule)
{
	char text[17] = {0};
	const void *data;
	uint32_t len;

	data = nftnl_rule_get_data(rule, NFTNL_RULE_USERDATA, &len);
	if (!data || nftnl_udata_parse(data, len, find_comment, text) < 0)
		return 0;
	return strtoull(text, NULL, 16);
}
