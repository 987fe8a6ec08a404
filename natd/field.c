/* The words before a rule's verdict; see field.h. */
#include "natd/field.h"
#include "natd/ruleset.h"

#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_tables.h>
#include <net/if_arp.h>
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
    {"udp sport", LOAD_PAYLOAD, NFT_PAYLOAD_TRANSPORT_HEADER, 0, 2, NEED_UDP},
    {"tcp flags", LOAD_PAYLOAD, NFT_PAYLOAD_TRANSPORT_HEADER, 13, 1, NEED_TCP},
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
    {"syn", 2},
    {"new", NF_CT_STATE_BIT(IP_CT_NEW)},
    {"established", NF_CT_STATE_BIT(IP_CT_ESTABLISHED)},
    {"related", NF_CT_STATE_BIT(IP_CT_RELATED)},
    {"invalid", NF_CT_STATE_INVALID_BIT},
    {"redirect", 5}, /* ICMP's */
    {"echo-request", 0}, /* by protocol, see value_of */
    {"nd-router-solicit", 133},
    {"nd-router-advert", 134},
    {"nd-neighbor-solicit", 135},
    {"nd-neighbor-advert", 136},
    {"nd-redirect", 137},
};

struct nftnl_expr *
field_expr(struct maker *maker, const char *name)
{
	struct nftnl_expr *e = nftnl_expr_alloc(name);

	if (!e)
		abort(); /* an expression's name is known or memory ran out: both at start-up */
	if (maker)
		nftnl_rule_add_expr(maker->rule, e);
	return e;
}

bool
field_take(struct maker *maker, const char *text)
{
	size_t n = strlen(text);

	if (strncmp(maker->at, text, n) != 0 || (maker->at[n] != ' ' && maker->at[n] != '\0'))
		return false;
	maker->at += n;
	maker->at += strspn(maker->at, " ");
	return true;
}

void
field_take_word(struct maker *maker, char *out, size_t room)
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
	struct nftnl_expr *e = field_expr(maker, "cmp");

	nftnl_expr_set_u32(e, NFTNL_EXPR_CMP_SREG, r);
	nftnl_expr_set_u32(e, NFTNL_EXPR_CMP_OP, op);
	nftnl_expr_set(e, NFTNL_EXPR_CMP_DATA, data, len);
}

static void
add_mask(struct maker *maker, uint32_t r, const void *mask, uint32_t len)
{
	static const uint8_t zero[16];
	struct nftnl_expr *e = field_expr(maker, "bitwise");

	nftnl_expr_set_u32(e, NFTNL_EXPR_BITWISE_SREG, r);
	nftnl_expr_set_u32(e, NFTNL_EXPR_BITWISE_DREG, r);
	nftnl_expr_set_u32(e, NFTNL_EXPR_BITWISE_LEN, len);
	nftnl_expr_set(e, NFTNL_EXPR_BITWISE_MASK, mask, len);
	nftnl_expr_set(e, NFTNL_EXPR_BITWISE_XOR, zero, len);
}

static void
add_meta(struct maker *maker, uint32_t key, uint32_t r)
{
	struct nftnl_expr *e = field_expr(maker, "meta");

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
		e = field_expr(maker, "payload");
		nftnl_expr_set_u32(e, NFTNL_EXPR_PAYLOAD_BASE, field->key);
		nftnl_expr_set_u32(e, NFTNL_EXPR_PAYLOAD_OFFSET, field->offset);
		nftnl_expr_set_u32(e, NFTNL_EXPR_PAYLOAD_LEN, field->len);
		nftnl_expr_set_u32(e, NFTNL_EXPR_PAYLOAD_DREG, r);
		break;
	case LOAD_CT:
		e = field_expr(maker, "ct");
		nftnl_expr_set_u32(e, NFTNL_EXPR_CT_KEY, field->key);
		nftnl_expr_set_u32(e, NFTNL_EXPR_CT_DREG, r);
		break;
	case LOAD_FIB:
		e = field_expr(maker, "fib");
		nftnl_expr_set_u32(e, NFTNL_EXPR_FIB_RESULT, NFT_FIB_RESULT_ADDRTYPE);
		nftnl_expr_set_u32(e, NFTNL_EXPR_FIB_FLAGS, NFTA_FIB_F_DADDR);
		nftnl_expr_set_u32(e, NFTNL_EXPR_FIB_DREG, r);
		break;
	case LOAD_SOCKET:
		e = field_expr(maker, "socket");
		nftnl_expr_set_u32(e, NFTNL_EXPR_SOCKET_KEY, field->key);
		nftnl_expr_set_u32(e, NFTNL_EXPR_SOCKET_DREG, r);
		break;
	}
}

static const struct field *
take_field(struct maker *maker)
{
	for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++)
		if (field_take(maker, fields[i].words))
			return &fields[i];
	return NULL;
}

enum { PARTS_MAX = 4 };

int
field_load(struct maker *maker, const struct field **first)
{
	const struct field *list[PARTS_MAX];
	size_t n = 0, at = 0;

	do {
		if (n == PARTS_MAX || !(list[n] = take_field(maker)))
			return -1;
		n++;
	} while (field_take(maker, "."));
	for (size_t i = 0; i < n; i++)
		add_depend(maker, list[i]->depend);
	for (size_t i = 0; i < n; at += (list[i]->len + 3) & ~3u, i++)
		add_load(maker, list[i], field_register(at));
	*first = list[0];
	return 0;
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

void
field_compare(struct maker *maker, const struct field *field)
{
	char word[64];
	uint32_t bits = 0, zero = 0;
	uint16_t port;
	uint8_t byte;

	field_take_word(maker, word, sizeof(word));
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

void
field_compare_none(struct maker *maker, const struct field *field)
{
	char word[64];
	uint8_t bit, zero = 0;

	field_take_word(maker, word, sizeof(word));
	bit = (uint8_t)value_of(maker, field, word, strlen(word));
	maker->bad |= field->len != 1;
	add_mask(maker, NFT_REG_1, &bit, sizeof(bit));
	add_compare(maker, NFT_REG_1, NFT_CMP_EQ, &zero, sizeof(zero));
}
