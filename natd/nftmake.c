/* One fact → one nft message, or one a rule; see nftbatch.h. */
#include "natd/feature.h"
#include "natd/nftbatch.h"
#include "natd/rule.h"
#include "natd/ruleset.h"

#include <libnftnl/chain.h>
#include <libnftnl/object.h>
#include <libnftnl/rule.h>
#include <libnftnl/set.h>
#include <libnftnl/table.h>
#include <libnftnl/udata.h>
#include <linux/netfilter/nf_tables.h>
#include <stdio.h>
#include <string.h>

void
make_table(struct batch *batch, const struct fact *fact, bool add)
{
	struct nftnl_table *table = nftnl_table_alloc();
	uint16_t family = nft_family(fact->family);
	uint32_t flags;

	if (!table) {
		batch->failed = true;
		return;
	}
	nftnl_table_set_u32(table, NFTNL_TABLE_FAMILY, family);
	nftnl_table_set_str(table, NFTNL_TABLE_NAME, fact->name);
	memcpy(&flags, fact->value, sizeof(flags));
	if (add && flags)
		nftnl_table_set_u32(table, NFTNL_TABLE_FLAGS, flags);
	nftnl_table_nlmsg_build_payload(nft_request(batch->nft, add ? NFT_MSG_NEWTABLE : NFT_MSG_DELTABLE,
					    family, add ? NLM_F_CREATE : 0),
	    table);
	batch_put(batch);
	batch_note(batch, "table %s", fact->name);
	nftnl_table_free(table);
}

static struct nftnl_obj *
object_begin(struct batch *batch, const struct fact *fact, uint32_t type)
{
	struct nftnl_obj *object = nftnl_obj_alloc();

	if (!object) {
		batch->failed = true;
		return NULL;
	}
	nftnl_obj_set_str(object, NFTNL_OBJ_TABLE, "lodge");
	nftnl_obj_set_str(object, NFTNL_OBJ_NAME, fact->name);
	nftnl_obj_set_u32(object, NFTNL_OBJ_TYPE, type);
	return object;
}

static void
object_end(struct batch *batch, struct nftnl_obj *object, const struct fact *fact, const char *what, bool add)
{
	nftnl_obj_nlmsg_build_payload(nft_request(batch->nft, add ? NFT_MSG_NEWOBJ : NFT_MSG_DELOBJ,
					  nft_family(fact->family), add ? NLM_F_CREATE : 0),
	    object);
	batch_put(batch);
	batch_note(batch, "%s %s", what, fact->name);
	nftnl_obj_free(object);
}

void
make_counter(struct batch *batch, const struct fact *fact, bool add)
{
	struct nftnl_obj *object = object_begin(batch, fact, NFT_OBJECT_COUNTER);

	if (!object)
		return;
	if (add) {
		nftnl_obj_set_u64(object, NFTNL_OBJ_CTR_PKTS, 0);
		nftnl_obj_set_u64(object, NFTNL_OBJ_CTR_BYTES, 0);
	}
	object_end(batch, object, fact, "counter", add);
}

void
make_limit(struct batch *batch, const struct fact *fact, bool add)
{
	struct nftnl_obj *object = object_begin(batch, fact, NFT_OBJECT_LIMIT);
	struct limit_value value;

	if (!object)
		return;
	memcpy(&value, fact->value, sizeof(value));
	if (add) {
		nftnl_obj_set_u64(object, NFTNL_OBJ_LIMIT_RATE, value.bytes_s);
		nftnl_obj_set_u64(object, NFTNL_OBJ_LIMIT_UNIT, 1);
		nftnl_obj_set_u32(object, NFTNL_OBJ_LIMIT_BURST, value.burst);
		nftnl_obj_set_u32(object, NFTNL_OBJ_LIMIT_TYPE, NFT_LIMIT_PKT_BYTES);
		nftnl_obj_set_u32(object, NFTNL_OBJ_LIMIT_FLAGS, NFT_LIMIT_F_INV);
	}
	object_end(batch, object, fact, "limit", add);
}

/* For those who list the table: a device's name is in host order. The kernel only keeps the note. */
static void
set_byteorder(struct nftnl_set *set, uint32_t key_len)
{
	enum { HOST_ORDER = 1, BIG_ENDIAN_ORDER = 2 };
	struct nftnl_udata_buf *data = nftnl_udata_buf_alloc(NFT_USERDATA_MAXLEN);

	if (!data)
		return;
	nftnl_udata_put_u32(
	    data, NFTNL_UDATA_SET_KEYBYTEORDER, key_len == 16 ? HOST_ORDER : BIG_ENDIAN_ORDER);
	nftnl_set_set_data(set, NFTNL_SET_USERDATA, nftnl_udata_buf_data(data), nftnl_udata_buf_len(data));
	nftnl_udata_buf_free(data);
}

void
make_set(struct batch *batch, const struct fact *fact, bool add)
{
	struct nftnl_set *set = nftnl_set_alloc();
	uint16_t family = nft_family(fact->family);
	struct set_value value;

	if (!set) {
		batch->failed = true;
		return;
	}
	memcpy(&value, fact->value, sizeof(value));
	nftnl_set_set_u32(set, NFTNL_SET_FAMILY, family);
	nftnl_set_set_str(set, NFTNL_SET_TABLE, "lodge");
	nftnl_set_set_str(set, NFTNL_SET_NAME, fact->name);
	if (add) {
		nftnl_set_set_u32(set, NFTNL_SET_ID, batch->nft->seq);
		nftnl_set_set_u32(set, NFTNL_SET_FLAGS, value.flags);
		nftnl_set_set_u32(set, NFTNL_SET_KEY_TYPE, value.key_type);
		nftnl_set_set_u32(set, NFTNL_SET_KEY_LEN, value.key_len);
		set_byteorder(set, value.key_len);
		if (value.flags & NFT_SET_OBJECT)
			nftnl_set_set_u32(set, NFTNL_SET_OBJ_TYPE, value.data_type);
		else if (value.data_len) {
			nftnl_set_set_u32(set, NFTNL_SET_DATA_TYPE, value.data_type);
			nftnl_set_set_u32(set, NFTNL_SET_DATA_LEN, value.data_len);
		}
	}
	nftnl_set_nlmsg_build_payload(
	    nft_request(batch->nft, add ? NFT_MSG_NEWSET : NFT_MSG_DELSET, family, add ? NLM_F_CREATE : 0),
	    set);
	batch_put(batch);
	batch_note(batch, "set %s", fact->name);
	nftnl_set_free(set);
}

void
make_chain(struct batch *batch, const struct fact *fact, bool add)
{
	struct nftnl_chain *chain = nftnl_chain_alloc();
	uint16_t family = nft_family(fact->family);
	struct chain_value value;

	if (!chain) {
		batch->failed = true;
		return;
	}
	memcpy(&value, fact->value, sizeof(value));
	nftnl_chain_set_str(chain, NFTNL_CHAIN_TABLE, "lodge");
	nftnl_chain_set_str(chain, NFTNL_CHAIN_NAME, fact->name);
	if (add && value.base) {
		nftnl_chain_set_u32(chain, NFTNL_CHAIN_HOOKNUM, value.hook);
		nftnl_chain_set_s32(chain, NFTNL_CHAIN_PRIO, value.priority);
		nftnl_chain_set_u32(chain, NFTNL_CHAIN_POLICY, value.policy);
		nftnl_chain_set_str(chain, NFTNL_CHAIN_TYPE, value.type);
	}
	nftnl_chain_nlmsg_build_payload(nft_request(batch->nft, add ? NFT_MSG_NEWCHAIN : NFT_MSG_DELCHAIN,
					    family, add ? NLM_F_CREATE : 0),
	    chain);
	batch_put(batch);
	batch_note(batch, "chain %s", fact->name);
	nftnl_chain_free(chain);
}

static void
flush_rules(struct batch *batch, const struct fact *fact)
{
	struct nlmsghdr *request = nft_request(batch->nft, NFT_MSG_DELRULE, nft_family(fact->family), 0);

	mnl_attr_put_strz(request, NFTA_RULE_TABLE, "lodge");
	mnl_attr_put_strz(request, NFTA_RULE_CHAIN, fact->name);
	batch_put(batch);
	batch_note(batch, "the rules of chain %s", fact->name);
}

void
make_rule(struct batch *batch, uint8_t family, const char *chain, const char *text)
{
	uint16_t number = nft_family(family);
	struct nftnl_rule *rule = rule_make((uint8_t)number, chain, text);

	if (!rule) {
		snprintf(batch->nft->why, sizeof(batch->nft->why), "rule: %s", text);
		batch->failed = true;
		return;
	}
	nftnl_rule_nlmsg_build_payload(
	    nft_request(batch->nft, NFT_MSG_NEWRULE, number, NLM_F_CREATE | NLM_F_APPEND), rule);
	batch_put(batch);
	batch_note(batch, "rule: %s", text);
	nftnl_rule_free(rule);
}

static void
add_rules(struct batch *batch, const struct fact *fact)
{
	const struct ruleset_chain *chain = ruleset_chain(fact->family, fact->name);
	uint32_t without = ruleset_without(fact);

	for (const char *const *text = chain->rules; *text; text++)
		if (feature_has_rule(*text, without))
			make_rule(batch, chain->family, chain->name, *text);
}

void
make_rules(struct batch *batch, const struct fact *fact, bool add)
{
	if (add)
		add_rules(batch, fact);
	else
		flush_rules(batch, fact);
}
