/* A rule in nft's words → the kernel's expressions; see rule.h. */
#include "natd/rule.h"
#include "natd/ruleset.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libnftnl/expr.h>
#include <libnftnl/udata.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_tables.h>
#include <net/if_arp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

enum load { LOAD_META, LOAD_PAYLOAD, LOAD_CT, LOAD_FIB, LOAD_SOCKET };

/* What must hold before a field means what its name says. */
enum depend { NEED_NOTHING, NEED_ETHER, NEED_IP4, NEED_IP6, NEED_TCP, NEED_UDP, NEED_ICMP, NEED_ICMP6 };

static const struct field {
	const char *words;
	enum load load;
	uint32_t key; /* meta's or ct's key, payload's base */
	uint32_t offset, len;
	enum depend depend;
} fields[] = {
    {"iifname", LOAD_META, NFT_META_IIFNAME, 0, 16, NEED_NOTHING},
    {"oifname", LOAD_META, NFT_META_OIFNAME, 0, 16, NEED_NOTHING},
    {"meta nfproto", LOAD_META, NFT_META_NFPROTO, 0, 1, NEED_NOTHING},
    {"meta l4proto", LOAD_META, NFT_META_L4PROTO, 0, 1, NEED_NOTHING},
    {"ether saddr", LOAD_PAYLOAD, NFT_PAYLOAD_LL_HEADER, 6, 6, NEED_ETHER},
    {"ip saddr", LOAD_PAYLOAD, NFT_PAYLOAD_NETWORK_HEADER, 12, 4, NEED_IP4},
    {"ip daddr", LOAD_PAYLOAD, NFT_PAYLOAD_NETWORK_HEADER, 16, 4, NEED_IP4},
    {"ip6 saddr", LOAD_PAYLOAD, NFT_PAYLOAD_NETWORK_HEADER, 8, 16, NEED_IP6},
    {"ip6 daddr", LOAD_PAYLOAD, NFT_PAYLOAD_NETWORK_HEADER, 24, 16, NEED_IP6},
    {"tcp dport", LOAD_PAYLOAD, NFT_PAYLOAD_TRANSPORT_HEADER, 2, 2, NEED_TCP},
    {"udp dport", LOAD_PAYLOAD, NFT_PAYLOAD_TRANSPORT_HEADER, 2, 2, NEED_UDP},
    {"th dport", LOAD_PAYLOAD, NFT_PAYLOAD_TRANSPORT_HEADER, 2, 2, NEED_NOTHING},
    {"icmp type", LOAD_PAYLOAD, NFT_PAYLOAD_TRANSPORT_HEADER, 0, 1, NEED_ICMP},
    {"icmpv6 type", LOAD_PAYLOAD, NFT_PAYLOAD_TRANSPORT_HEADER, 0, 1, NEED_ICMP6},
    {"arp saddr ether", LOAD_PAYLOAD, NFT_PAYLOAD_NETWORK_HEADER, 8, 6, NEED_NOTHING},
    {"arp saddr ip", LOAD_PAYLOAD, NFT_PAYLOAD_NETWORK_HEADER, 14, 4, NEED_NOTHING},
    {"ct state", LOAD_CT, NFT_CT_STATE, 0, 4, NEED_NOTHING},
    {"ct status", LOAD_CT, NFT_CT_STATUS, 0, 4, NEED_NOTHING},
    {"fib daddr type", LOAD_FIB, 0, 0, 4, NEED_NOTHING},
    {"socket transparent", LOAD_SOCKET, NFT_SOCKET_TRANSPARENT, 0, 1, NEED_NOTHING},
};

static const struct word {
	const char *word;
	uint32_t value;
} words[] = {
    {"ipv4", NFPROTO_IPV4},
    {"ipv6", NFPROTO_IPV6},
    {"local", 2 /* RTN_LOCAL */},
    {"dnat", IPS_DST_NAT},
    {"established", NF_CT_STATE_BIT(IP_CT_ESTABLISHED)},
    {"related", NF_CT_STATE_BIT(IP_CT_RELATED)},
    {"invalid", NF_CT_STATE_INVALID_BIT},
    {"echo-request", 0}, /* by protocol, see value_of */
    {"nd-router-solicit", 133},
    {"nd-router-advert", 134},
    {"nd-neighbor-solicit", 135},
    {"nd-neighbor-advert", 136},
    {"nd-redirect", 137},
};

struct maker {
	struct nftnl_rule *rule;
	const char *at; /* what is left of the text */
	unsigned depends; /* bits of enum depend already checked */
	bool bad;
};

static uint32_t
reg(size_t bytes)
{
	return NFT_REG32_00 + (uint32_t)(bytes / 4);
}

static struct nftnl_expr *
expr(struct maker *maker, const char *name)
{
	struct nftnl_expr *e = nftnl_expr_alloc(name);

	if (!e)
		abort(); /* an expression's name is known or memory ran out: both at start-up */
	if (maker)
		nftnl_rule_add_expr(maker->rule, e);
	return e;
}

/* Skips the words and the space after them, when they stand next. */
static bool
take(struct maker *maker, const char *text)
{
	size_t n = strlen(text);

	if (strncmp(maker->at, text, n) != 0 || (maker->at[n] != ' ' && maker->at[n] != '\0'))
		return false;
	maker->at += n;
	maker->at += strspn(maker->at, " ");
	return true;
}

/* The next word, without the "@" of a set. */
static void
take_word(struct maker *maker, char *out, size_t room)
{
	size_t n;

	maker->at += *maker->at == '@';
	n = strcspn(maker->at, " ");
	if (n == 0 || n >= room) {
		maker->bad = true;
		n = 0;
	}
	memcpy(out, maker->at, n);
	out[n] = '\0';
	maker->at += n;
	maker->at += strspn(maker->at, " ");
}

static void
add_compare(struct maker *maker, uint32_t r, uint32_t op, const void *data, uint32_t len)
{
	struct nftnl_expr *e = expr(maker, "cmp");

	nftnl_expr_set_u32(e, NFTNL_EXPR_CMP_SREG, r);
	nftnl_expr_set_u32(e, NFTNL_EXPR_CMP_OP, op);
	nftnl_expr_set(e, NFTNL_EXPR_CMP_DATA, data, len);
}

static void
add_mask(struct maker *maker, uint32_t r, const void *mask, uint32_t len)
{
	static const uint8_t zero[16];
	struct nftnl_expr *e = expr(maker, "bitwise");

	nftnl_expr_set_u32(e, NFTNL_EXPR_BITWISE_SREG, r);
	nftnl_expr_set_u32(e, NFTNL_EXPR_BITWISE_DREG, r);
	nftnl_expr_set_u32(e, NFTNL_EXPR_BITWISE_LEN, len);
	nftnl_expr_set(e, NFTNL_EXPR_BITWISE_MASK, mask, len);
	nftnl_expr_set(e, NFTNL_EXPR_BITWISE_XOR, zero, len);
}

static void
add_meta(struct maker *maker, uint32_t key, uint32_t r)
{
	struct nftnl_expr *e = expr(maker, "meta");

	nftnl_expr_set_u32(e, NFTNL_EXPR_META_KEY, key);
	nftnl_expr_set_u32(e, NFTNL_EXPR_META_DREG, r);
}

static void
add_depend(struct maker *maker, enum depend depend)
{
	static const struct {
		uint32_t key;
		uint8_t value;
	} needs[] = {
	    [NEED_IP4] = {NFT_META_NFPROTO, NFPROTO_IPV4},
	    [NEED_IP6] = {NFT_META_NFPROTO, NFPROTO_IPV6},
	    [NEED_TCP] = {NFT_META_L4PROTO, IPPROTO_TCP},
	    [NEED_UDP] = {NFT_META_L4PROTO, IPPROTO_UDP},
	    [NEED_ICMP] = {NFT_META_L4PROTO, IPPROTO_ICMP},
	    [NEED_ICMP6] = {NFT_META_L4PROTO, IPPROTO_ICMPV6},
	};
	uint16_t ether = ARPHRD_ETHER;

	if (depend == NEED_NOTHING || (maker->depends >> depend & 1))
		return;
	maker->depends |= 1u << depend;
	if (depend == NEED_ETHER) {
		add_meta(maker, NFT_META_IIFTYPE, NFT_REG_1);
		add_compare(maker, NFT_REG_1, NFT_CMP_EQ, &ether, sizeof(ether));
		return;
	}
	add_meta(maker, needs[depend].key, NFT_REG_1);
	add_compare(maker, NFT_REG_1, NFT_CMP_EQ, &needs[depend].value, 1);
}

static void
add_load(struct maker *maker, const struct field *field, uint32_t r)
{
	struct nftnl_expr *e;

	switch (field->load) {
	case LOAD_META:
		add_meta(maker, field->key, r);
		break;
	case LOAD_PAYLOAD:
		e = expr(maker, "payload");
		nftnl_expr_set_u32(e, NFTNL_EXPR_PAYLOAD_BASE, field->key);
		nftnl_expr_set_u32(e, NFTNL_EXPR_PAYLOAD_OFFSET, field->offset);
		nftnl_expr_set_u32(e, NFTNL_EXPR_PAYLOAD_LEN, field->len);
		nftnl_expr_set_u32(e, NFTNL_EXPR_PAYLOAD_DREG, r);
		break;
	case LOAD_CT:
		e = expr(maker, "ct");
		nftnl_expr_set_u32(e, NFTNL_EXPR_CT_KEY, field->key);
		nftnl_expr_set_u32(e, NFTNL_EXPR_CT_DREG, r);
		break;
	case LOAD_FIB:
		e = expr(maker, "fib");
		nftnl_expr_set_u32(e, NFTNL_EXPR_FIB_RESULT, NFT_FIB_RESULT_ADDRTYPE);
		nftnl_expr_set_u32(e, NFTNL_EXPR_FIB_FLAGS, NFTA_FIB_F_DADDR);
		nftnl_expr_set_u32(e, NFTNL_EXPR_FIB_DREG, r);
		break;
	case LOAD_SOCKET:
		e = expr(maker, "socket");
		nftnl_expr_set_u32(e, NFTNL_EXPR_SOCKET_KEY, field->key);
		nftnl_expr_set_u32(e, NFTNL_EXPR_SOCKET_DREG, r);
		break;
	}
}

static const struct field *
take_field(struct maker *maker)
{
	for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++)
		if (take(maker, fields[i].words))
			return &fields[i];
	return NULL;
}

enum { PARTS_MAX = 4 };

/* FIELD {" . " FIELD}: checks what they need, then loads them side by side. NULL: no field stands next. */
static const struct field *
take_fields(struct maker *maker)
{
	const struct field *list[PARTS_MAX];
	size_t n = 0, at = 0;

	do {
		if (n == PARTS_MAX || !(list[n] = take_field(maker)))
			return NULL;
		n++;
	} while (take(maker, "."));
	for (size_t i = 0; i < n; i++)
		add_depend(maker, list[i]->depend);
	for (size_t i = 0; i < n; at += (list[i]->len + 3) & ~3u, i++)
		add_load(maker, list[i], reg(at));
	return list[0];
}

static uint32_t
value_of(struct maker *maker, const struct field *field, const char *word, size_t n)
{
	char *end;
	unsigned long number;

	if (n == 12 && strncmp(word, "echo-request", n) == 0)
		return field->depend == NEED_ICMP ? 8 : 128;
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (strlen(words[i].word) == n && strncmp(words[i].word, word, n) == 0)
			return words[i].value;
	number = strtoul(word, &end, 0);
	if (end != word + n || n == 0)
		maker->bad = true;
	return (uint32_t)number;
}

/* ADDRESS or ADDRESS/BITS, as for "ip saddr". */
static void
add_address(struct maker *maker, const struct field *field, char *word)
{
	uint8_t address[16] = {0}, mask[16] = {0};
	char *slash = strchr(word, '/');
	unsigned bits = slash ? (unsigned)strtoul(slash + 1, NULL, 10) : field->len * 8;

	if (slash)
		*slash = '\0';
	if (inet_pton(field->len == 16 ? AF_INET6 : AF_INET, word, address) != 1 || bits > field->len * 8)
		maker->bad = true;
	for (unsigned i = 0; i < bits && i < 128; i++)
		mask[i / 8] |= (uint8_t)(0x80 >> i % 8);
	if (slash)
		add_mask(maker, NFT_REG_1, mask, field->len);
	add_compare(maker, NFT_REG_1, NFT_CMP_EQ, address, field->len);
}

static void
add_value(struct maker *maker, const struct field *field)
{
	char word[64];
	uint32_t bits = 0, zero = 0;
	uint16_t port;
	uint8_t byte;

	take_word(maker, word, sizeof(word));
	if (field->load == LOAD_PAYLOAD && field->key == NFT_PAYLOAD_NETWORK_HEADER) {
		add_address(maker, field, word);
		return;
	}
	for (char *one = word; one; one = strchr(one, ',') ? strchr(one, ',') + 1 : NULL)
		bits |= value_of(maker, field, one, strcspn(one, ","));
	if (field->load == LOAD_CT) {
		add_mask(maker, NFT_REG_1, &bits, sizeof(bits));
		add_compare(maker, NFT_REG_1, NFT_CMP_NEQ, &zero, sizeof(zero));
	} else if (field->len == 2) {
		port = htons((uint16_t)bits);
		add_compare(maker, NFT_REG_1, NFT_CMP_EQ, &port, sizeof(port));
	} else if (field->len == 1) {
		byte = (uint8_t)bits;
		add_compare(maker, NFT_REG_1, NFT_CMP_EQ, &byte, sizeof(byte));
	} else {
		add_compare(maker, NFT_REG_1, NFT_CMP_EQ, &bits, sizeof(bits));
	}
}

static void
add_match(struct maker *maker)
{
	const struct field *field = take_fields(maker);
	bool negated = field && take(maker, "!=");
	struct nftnl_expr *e;
	char set[FACT_NAME];

	if (!field) {
		maker->bad = true;
		return;
	}
	if (*maker->at != '@') {
		maker->bad |= negated;
		add_value(maker, field);
		return;
	}
	take_word(maker, set, sizeof(set));
	e = expr(maker, "lookup");
	nftnl_expr_set_u32(e, NFTNL_EXPR_LOOKUP_SREG, NFT_REG32_00);
	nftnl_expr_set_str(e, NFTNL_EXPR_LOOKUP_SET, set);
	if (negated)
		nftnl_expr_set_u32(e, NFTNL_EXPR_LOOKUP_FLAGS, NFT_LOOKUP_F_INV);
}

static void
add_verdict(struct maker *maker, uint32_t verdict, const char *chain)
{
	struct nftnl_expr *e = expr(maker, "immediate");

	nftnl_expr_set_u32(e, NFTNL_EXPR_IMM_DREG, NFT_REG_VERDICT);
	nftnl_expr_set_u32(e, NFTNL_EXPR_IMM_VERDICT, verdict);
	if (chain)
		nftnl_expr_set_str(e, NFTNL_EXPR_IMM_CHAIN, chain);
}

/* dnat ip to FIELDS map @M: the map's data is the address, and after it, where remapped, the port. */
static void
add_dnat(struct maker *maker, bool six)
{
	enum depend depend = six ? NEED_IP6 : NEED_IP4;
	uint32_t family = six ? NFPROTO_IPV6 : NFPROTO_IPV4;
	const struct ruleset_set *shape;
	struct nftnl_expr *e;
	char map[FACT_NAME];

	add_depend(maker, depend);
	if (!take_fields(maker) || !take(maker, "map")) {
		maker->bad = true;
		return;
	}
	take_word(maker, map, sizeof(map));
	e = expr(maker, "lookup");
	nftnl_expr_set_u32(e, NFTNL_EXPR_LOOKUP_SREG, NFT_REG32_00);
	nftnl_expr_set_u32(e, NFTNL_EXPR_LOOKUP_DREG, NFT_REG32_00);
	nftnl_expr_set_str(e, NFTNL_EXPR_LOOKUP_SET, map);
	e = expr(maker, "nat");
	nftnl_expr_set_u32(e, NFTNL_EXPR_NAT_TYPE, NFT_NAT_DNAT);
	nftnl_expr_set_u32(e, NFTNL_EXPR_NAT_FAMILY, family);
	nftnl_expr_set_u32(e, NFTNL_EXPR_NAT_REG_ADDR_MIN, NFT_REG32_00);
	shape = ruleset_set(FAMILY_INET, map);
	if (shape && shape->value.data_len > (six ? 16 : 4))
		nftnl_expr_set_u32(e, NFTNL_EXPR_NAT_REG_PROTO_MIN, reg(six ? 16 : 4));
}

static void
add_counter(struct maker *maker)
{
	struct nftnl_expr *e = expr(maker, "objref");
	char name[FACT_NAME];

	take_word(maker, name, sizeof(name));
	nftnl_expr_set_u32(e, NFTNL_EXPR_OBJREF_IMM_TYPE, NFT_OBJECT_COUNTER);
	nftnl_expr_set_str(e, NFTNL_EXPR_OBJREF_IMM_NAME, name);
}

/* add @SET { FIELD ct count over N } */
static void
add_limit(struct maker *maker)
{
	struct nftnl_expr *e, *count = expr(NULL, "connlimit");
	char set[FACT_NAME], number[16];

	take_word(maker, set, sizeof(set));
	if (!take(maker, "{") || !take_fields(maker) || !take(maker, "ct count over"))
		maker->bad = true;
	take_word(maker, number, sizeof(number));
	if (!take(maker, "}"))
		maker->bad = true;
	nftnl_expr_set_u32(count, NFTNL_EXPR_CONNLIMIT_COUNT, (uint32_t)strtoul(number, NULL, 10));
	nftnl_expr_set_u32(count, NFTNL_EXPR_CONNLIMIT_FLAGS, NFT_CONNLIMIT_F_INV);
	e = expr(maker, "dynset");
	nftnl_expr_set_u32(e, NFTNL_EXPR_DYNSET_SREG_KEY, NFT_REG32_00);
	nftnl_expr_set_u32(e, NFTNL_EXPR_DYNSET_OP, NFT_DYNSET_OP_ADD);
	nftnl_expr_set_str(e, NFTNL_EXPR_DYNSET_SET_NAME, set);
	nftnl_expr_add_expr(e, NFTNL_EXPR_DYNSET_EXPR, count);
}

static void
add_mark(struct maker *maker)
{
	struct nftnl_expr *e = expr(maker, "immediate");
	char number[16];
	uint32_t mark;

	take_word(maker, number, sizeof(number));
	mark = (uint32_t)strtoul(number, NULL, 0);
	nftnl_expr_set_u32(e, NFTNL_EXPR_IMM_DREG, NFT_REG_1);
	nftnl_expr_set(e, NFTNL_EXPR_IMM_DATA, &mark, sizeof(mark));
	e = expr(maker, "meta");
	nftnl_expr_set_u32(e, NFTNL_EXPR_META_KEY, NFT_META_MARK);
	nftnl_expr_set_u32(e, NFTNL_EXPR_META_SREG, NFT_REG_1);
}

static void
add_clause(struct maker *maker)
{
	char chain[FACT_NAME];

	if (take(maker, "accept")) {
		add_verdict(maker, NF_ACCEPT, NULL);
	} else if (take(maker, "drop")) {
		add_verdict(maker, NF_DROP, NULL);
	} else if (take(maker, "return")) {
		add_verdict(maker, (uint32_t)NFT_RETURN, NULL);
	} else if (take(maker, "jump")) {
		take_word(maker, chain, sizeof(chain));
		add_verdict(maker, (uint32_t)NFT_JUMP, chain);
	} else if (take(maker, "counter name")) {
		add_counter(maker);
	} else if (take(maker, "masquerade")) {
		expr(maker, "masq");
	} else if (take(maker, "dnat ip to")) {
		add_dnat(maker, false);
	} else if (take(maker, "dnat ip6 to")) {
		add_dnat(maker, true);
	} else if (take(maker, "meta mark set")) {
		add_mark(maker);
	} else if (take(maker, "add")) {
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
