/* Messages of the kernel's nft tables → facts; see nftnote.h. */
#include "natd/nftnote.h"
#include "natd/nftforeign.h"
#include "natd/nftsock.h"
#include "natd/rule.h"

#include <libnftnl/chain.h>
#include <libnftnl/object.h>
#include <libnftnl/rule.h>
#include <libnftnl/set.h>
#include <libnftnl/table.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <stdio.h>
#include <string.h>

int
note_table(const struct nlmsghdr *message, void *arg)
{
	struct nftnl_table *table = nftnl_table_alloc();
	struct nft_state *state = arg;
	uint32_t family;

	if (table && nftnl_table_nlmsg_parse(message, table) == 0) {
		family = nftnl_table_get_u32(table, NFTNL_TABLE_FAMILY);
		if (nft_is_ours(nftnl_table_get_str(table, NFTNL_TABLE_NAME), family)) {
			struct fact fact = fact_of(FACT_TABLE, nft_family_fact(family), "lodge");
			uint32_t flags = nftnl_table_get_u32(table, NFTNL_TABLE_FLAGS);

			fact_value(&fact, &flags, sizeof(flags));
			facts_add(&state->facts, &fact);
		}
	}
	nftnl_table_free(table);
	return MNL_CB_OK;
}

static void
keep_chain(struct nft_state *state, struct nftnl_chain *chain, uint8_t family)
{
	const char *name = nftnl_chain_get_str(chain, NFTNL_CHAIN_NAME);
	struct fact fact = fact_of(FACT_CHAIN, family, name), rules = fact_of(FACT_RULES, family, name);
	struct chain_value value = {0};
	struct rules_value none = {0};
	const char *type;

	if (nftnl_chain_is_set(chain, NFTNL_CHAIN_HOOKNUM)) {
		value.base = 1;
		value.hook = nftnl_chain_get_u32(chain, NFTNL_CHAIN_HOOKNUM);
		value.priority = nftnl_chain_get_s32(chain, NFTNL_CHAIN_PRIO);
		value.policy = nftnl_chain_get_u32(chain, NFTNL_CHAIN_POLICY);
		type = nftnl_chain_get_str(chain, NFTNL_CHAIN_TYPE);
		memcpy(value.type, type, strnlen(type, sizeof(value.type) - 1));
	}
	fact_value(&fact, &value, sizeof(value));
	facts_add(&state->facts, &fact);
	fact_value(&rules, &none, sizeof(none));
	facts_add(&state->facts, &rules);
}

int
note_chain(const struct nlmsghdr *message, void *arg)
{
	struct nftnl_chain *chain = nftnl_chain_alloc();
	struct nft_state *state = arg;
	uint32_t family;

	if (chain && nftnl_chain_nlmsg_parse(message, chain) == 0) {
		family = nftnl_chain_get_u32(chain, NFTNL_CHAIN_FAMILY);
		if (nft_is_ours(nftnl_chain_get_str(chain, NFTNL_CHAIN_TABLE), family))
			keep_chain(state, chain, nft_family_fact(family));
		else
			foreign_note_chain(&state->foreign, chain);
	}
	nftnl_chain_free(chain);
	return MNL_CB_OK;
}

int
note_set(const struct nlmsghdr *message, void *arg)
{
	struct nftnl_set *set = nftnl_set_alloc();
	struct nft_state *state = arg;
	uint32_t family;

	if (set && nftnl_set_nlmsg_parse(message, set) == 0) {
		family = nftnl_set_get_u32(set, NFTNL_SET_FAMILY);
		if (nft_is_ours(nftnl_set_get_str(set, NFTNL_SET_TABLE), family)) {
			struct fact fact = fact_of(
			    FACT_SET, nft_family_fact(family), nftnl_set_get_str(set, NFTNL_SET_NAME));
			struct set_value value = {
			    .key_type = nftnl_set_get_u32(set, NFTNL_SET_KEY_TYPE),
			    .key_len = nftnl_set_get_u32(set, NFTNL_SET_KEY_LEN),
			    .data_type = nftnl_set_get_u32(set, NFTNL_SET_DATA_TYPE),
			    .data_len = nftnl_set_get_u32(set, NFTNL_SET_DATA_LEN),
			    .flags = nftnl_set_get_u32(set, NFTNL_SET_FLAGS),
			};

			if (value.flags & NFT_SET_OBJECT)
				value.data_type = nftnl_set_get_u32(set, NFTNL_SET_OBJ_TYPE);
			fact_value(&fact, &value, sizeof(value));
			facts_add(&state->facts, &fact);
		}
	}
	nftnl_set_free(set);
	return MNL_CB_OK;
}

static void
keep_limit(struct nft_state *state, struct nftnl_obj *object, uint8_t family)
{
	struct fact fact = fact_of(FACT_LIMIT, family, nftnl_obj_get_str(object, NFTNL_OBJ_NAME));
	bool over = nftnl_obj_get_u32(object, NFTNL_OBJ_LIMIT_FLAGS) & NFT_LIMIT_F_INV;
	bool bytes = nftnl_obj_get_u32(object, NFTNL_OBJ_LIMIT_TYPE) == NFT_LIMIT_PKT_BYTES;
	struct limit_value value = {0};

	/* One of another kind is none that we want. */
	if (over && bytes && nftnl_obj_get_u64(object, NFTNL_OBJ_LIMIT_UNIT) == 1) {
		value.bytes_s = nftnl_obj_get_u64(object, NFTNL_OBJ_LIMIT_RATE);
		value.burst = nftnl_obj_get_u32(object, NFTNL_OBJ_LIMIT_BURST);
	}
	fact_value(&fact, &value, sizeof(value));
	facts_add(&state->facts, &fact);
}

static void
keep_object(struct nft_state *state, struct nftnl_obj *object, uint8_t family)
{
	struct fact counter = fact_of(FACT_COUNTER, family, nftnl_obj_get_str(object, NFTNL_OBJ_NAME));
	uint32_t type = nftnl_obj_get_u32(object, NFTNL_OBJ_TYPE);

	if (type == NFT_OBJECT_COUNTER)
		facts_add(&state->facts, &counter);
	else if (type == NFT_OBJECT_LIMIT)
		keep_limit(state, object, family);
}

int
note_object(const struct nlmsghdr *message, void *arg)
{
	struct nftnl_obj *object = nftnl_obj_alloc();
	struct nft_state *state = arg;
	uint32_t family;

	if (object && nftnl_obj_nlmsg_parse(message, object) == 0) {
		family = nftnl_obj_get_u32(object, NFTNL_OBJ_FAMILY);
		if (nft_is_ours(nftnl_obj_get_str(object, NFTNL_OBJ_TABLE), family))
			keep_object(state, object, nft_family_fact(family));
	}
	nftnl_obj_free(object);
	return MNL_CB_OK;
}

static struct fact *
find_rules(struct facts *facts, uint8_t family, const char *chain)
{
	for (size_t i = 0; i < facts->n; i++)
		if (facts->list[i].kind == FACT_RULES && facts->list[i].family == family &&
		    strcmp(facts->list[i].name, chain) == 0)
			return &facts->list[i];
	return NULL;
}

int
note_rule(const struct nlmsghdr *message, void *arg)
{
	struct nftnl_rule *rule = nftnl_rule_alloc();
	struct nft_state *state = arg;
	struct rules_value value;
	struct fact *fact;
	uint32_t family;

	if (rule && nftnl_rule_nlmsg_parse(message, rule) == 0) {
		family = nftnl_rule_get_u32(rule, NFTNL_RULE_FAMILY);
		if (nft_is_ours(nftnl_rule_get_str(rule, NFTNL_RULE_TABLE), family)) {
			fact = find_rules(&state->facts, nft_family_fact(family),
			    nftnl_rule_get_str(rule, NFTNL_RULE_CHAIN));
			if (fact) {
				memcpy(&value, fact->value, sizeof(value));
				value.digest = rules_fold(value.digest, rule_read_digest(rule));
				value.n++;
				fact_value(fact, &value, sizeof(value));
			}
		}
	}
	nftnl_rule_free(rule);
	return MNL_CB_OK;
}
