/* Other tools' chains at hook forward, and the rules of their tables; see nftforeign.h. */
#include "natd/nftforeign.h"
#include "natd/nftsock.h"

#include <errno.h>
#include <libnftnl/chain.h>
#include <libnftnl/expr.h>
#include <libnftnl/rule.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_tables.h>
#include <stdio.h>
#include <string.h>

static const char *
family_name(uint32_t family)
{
	return family == NFPROTO_INET ? "inet" : family == NFPROTO_IPV4 ? "ip" : "ip6";
}

static uint16_t
family_number(const char *name)
{
	return strcmp(name, "inet") == 0 ? NFPROTO_INET
	       : strcmp(name, "ip") == 0 ? NFPROTO_IPV4
					 : NFPROTO_IPV6;
}

static void
put_chain(struct foreign_chain *at, uint32_t family, const char *table, const char *chain)
{
	snprintf(at->family, sizeof(at->family), "%s", family_name(family));
	snprintf(at->table, sizeof(at->table), "%s", table);
	snprintf(at->chain, sizeof(at->chain), "%s", chain);
}

void
foreign_note_chain(struct foreign *foreign, struct nftnl_chain *chain)
{
	uint32_t family = nftnl_chain_get_u32(chain, NFTNL_CHAIN_FAMILY);
	struct foreign_base base = {0};

	if (!nftnl_chain_is_set(chain, NFTNL_CHAIN_HOOKNUM) ||
	    nftnl_chain_get_u32(chain, NFTNL_CHAIN_HOOKNUM) != NF_INET_FORWARD)
		return;
	if (family != NFPROTO_INET && family != NFPROTO_IPV4 && family != NFPROTO_IPV6)
		return;
	put_chain(&base.at, family, nftnl_chain_get_str(chain, NFTNL_CHAIN_TABLE),
	    nftnl_chain_get_str(chain, NFTNL_CHAIN_NAME));
	base.drops = nftnl_chain_get_u32(chain, NFTNL_CHAIN_POLICY) == NF_DROP;
	foreign_add_base(foreign, &base);
}

/* What the expressions of a rule came to so far. */
struct taking {
	struct foreign_rule *rule;
	enum { ASKS_NOTHING, ASKS_IN, ASKS_OUT, ASKS_STATUS, ASKS_TRANSLATED } asks;
	bool decided, unknown;
};

static bool
take_meta(struct taking *taking, const struct nftnl_expr *expr)
{
	uint32_t key = nftnl_expr_get_u32(expr, NFTNL_EXPR_META_KEY);

	taking->asks = key == NFT_META_IIFNAME ? ASKS_IN : ASKS_OUT;
	return nftnl_expr_is_set(expr, NFTNL_EXPR_META_DREG) &&
	       (key == NFT_META_IIFNAME || key == NFT_META_OIFNAME);
}

static bool
take_ct(struct taking *taking, const struct nftnl_expr *expr)
{
	taking->asks = ASKS_STATUS;
	return nftnl_expr_is_set(expr, NFTNL_EXPR_CT_DREG) &&
	       nftnl_expr_get_u32(expr, NFTNL_EXPR_CT_KEY) == NFT_CT_STATUS;
}

static bool
take_bitwise(struct taking *taking, const struct nftnl_expr *expr)
{
	uint32_t len = 0, mask = 0;
	const void *data = nftnl_expr_get(expr, NFTNL_EXPR_BITWISE_MASK, &len);

	if (taking->asks != ASKS_STATUS || !data || len != sizeof(mask))
		return false;
	memcpy(&mask, data, sizeof(mask));
	taking->asks = ASKS_TRANSLATED;
	return mask == IPS_DST_NAT;
}

/* A name that is compared whole has its NUL among the bytes. */
static bool
take_name(char out[17], const char *data, uint32_t len)
{
	if (*out || len > 16)
		return false;
	memcpy(out, data, len);
	if (len < 16 && memchr(data, '\0', len) == NULL)
		out[len] = '*';
	return true;
}

static bool
take_cmp(struct taking *taking, const struct nftnl_expr *expr)
{
	uint32_t len = 0, op = nftnl_expr_get_u32(expr, NFTNL_EXPR_CMP_OP), asks = taking->asks;
	const void *data = nftnl_expr_get(expr, NFTNL_EXPR_CMP_DATA, &len);

	taking->asks = ASKS_NOTHING;
	if (asks == ASKS_TRANSLATED && op == NFT_CMP_NEQ) {
		taking->rule->translated = true;
		return true;
	}
	if (op != NFT_CMP_EQ || !data)
		return false;
	return (asks == ASKS_IN && take_name(taking->rule->in, data, len)) ||
	       (asks == ASKS_OUT && take_name(taking->rule->out, data, len));
}

static bool
take_verdict(struct taking *taking, const struct nftnl_expr *expr)
{
	const char *target = nftnl_expr_get_str(expr, NFTNL_EXPR_IMM_CHAIN);

	if (!nftnl_expr_is_set(expr, NFTNL_EXPR_IMM_VERDICT))
		return false;
	switch ((int)nftnl_expr_get_u32(expr, NFTNL_EXPR_IMM_VERDICT)) {
	case NF_ACCEPT:
		taking->rule->verdict = FOREIGN_ACCEPT;
		break;
	case NF_DROP:
		taking->rule->verdict = FOREIGN_DROP;
		break;
	case NFT_RETURN:
		taking->rule->verdict = FOREIGN_RETURN;
		break;
	case NFT_JUMP:
		taking->rule->verdict = FOREIGN_JUMP;
		break;
	case NFT_GOTO:
		taking->rule->verdict = FOREIGN_GOTO;
		break;
	default:
		return false;
	}
	if (target)
		snprintf(taking->rule->target, sizeof(taking->rule->target), "%s", target);
	taking->decided = true;
	return true;
}

/* iptables-nft's own: a target that ends the packet, or a match that is only a remark. */
static bool
take_xt(struct taking *taking, const struct nftnl_expr *expr, bool target)
{
	const char *name = nftnl_expr_get_str(expr, target ? NFTNL_EXPR_TG_NAME : NFTNL_EXPR_MT_NAME);

	if (!name || (!target && strcmp(name, "comment") != 0))
		return false;
	if (!target || strcmp(name, "LOG") == 0 || strcmp(name, "NFLOG") == 0)
		return true;
	taking->rule->verdict = FOREIGN_DROP;
	taking->decided = strcmp(name, "REJECT") == 0;
	return taking->decided;
}

static int
on_expr(struct nftnl_expr *expr, void *arg)
{
	const char *name = nftnl_expr_get_str(expr, NFTNL_EXPR_NAME);
	struct taking *taking = arg;
	bool known = true;

	if (strcmp(name, "meta") == 0)
		known = take_meta(taking, expr);
	else if (strcmp(name, "ct") == 0)
		known = take_ct(taking, expr);
	else if (strcmp(name, "bitwise") == 0)
		known = take_bitwise(taking, expr);
	else if (strcmp(name, "cmp") == 0)
		known = take_cmp(taking, expr);
	else if (strcmp(name, "immediate") == 0)
		known = take_verdict(taking, expr);
	else if (strcmp(name, "target") == 0 || strcmp(name, "match") == 0)
		known = take_xt(taking, expr, name[0] == 't');
	else if (strcmp(name, "reject") == 0)
		taking->rule->verdict = FOREIGN_DROP, taking->decided = true;
	else
		known = strcmp(name, "counter") == 0 || strcmp(name, "log") == 0;
	taking->unknown |= !known;
	return 0;
}

static int
on_rule(const struct nlmsghdr *message, void *arg)
{
	struct nftnl_rule *rule = nftnl_rule_alloc();
	struct foreign_rule taken = {0};
	struct taking taking = {.rule = &taken};

	if (rule && nftnl_rule_nlmsg_parse(message, rule) == 0) {
		put_chain(&taken.at, nftnl_rule_get_u32(rule, NFTNL_RULE_FAMILY),
		    nftnl_rule_get_str(rule, NFTNL_RULE_TABLE), nftnl_rule_get_str(rule, NFTNL_RULE_CHAIN));
		nftnl_expr_foreach(rule, on_expr, &taking);
		if (taking.decided && !taking.unknown && taking.asks == ASKS_NOTHING)
			foreign_add_rule(arg, &taken);
	}
	nftnl_rule_free(rule);
	return MNL_CB_OK;
}

static bool
is_read(const struct foreign *foreign, size_t i)
{
	const struct foreign_chain *at = &foreign->bases[i].at;

	for (size_t j = 0; j < i; j++)
		if (strcmp(foreign->bases[j].at.table, at->table) == 0 &&
		    strcmp(foreign->bases[j].at.family, at->family) == 0)
			return true;
	return false;
}

int
foreign_read(struct nft *nft, struct foreign *foreign)
{
	for (size_t i = 0; i < foreign->n_bases; i++) {
		const struct foreign_chain *at = &foreign->bases[i].at;
		struct nlmsghdr *request;

		if (is_read(foreign, i))
			continue;
		request = nft_request(nft, NFT_MSG_GETRULE, family_number(at->family), NLM_F_DUMP);
		mnl_attr_put_strz(request, NFTA_RULE_TABLE, at->table);
		if (nft_ask(nft, on_rule, foreign) == -1)
			return -1;
	}
	return 0;
}
