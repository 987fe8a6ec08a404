/* The kernel's nft tables → facts; see nft.h. */
#include "natd/nft.h"
#include "natd/nftforeign.h"
#include "natd/nftnote.h"
#include "natd/nftsock.h"
#include "natd/ruleset.h"

#include <errno.h>
#include <libnftnl/object.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <string.h>

enum { DUMP_TRIES = 20 };

static int
read_rules(struct nft *nft, struct nft_state *state, uint8_t family)
{
	struct nlmsghdr *request = nft_request(nft, NFT_MSG_GETRULE, nft_family(family), NLM_F_DUMP);

	mnl_attr_put_strz(request, NFTA_RULE_TABLE, "lodge");
	return nft_ask(nft, note_rule, state);
}

static int
read_table(struct nft *nft, struct nft_state *state, uint8_t family)
{
	size_t n = state->facts.n;

	if (read_rules(nft, state, family) == -1)
		return -1;
	for (size_t i = 0; i < n; i++) {
		struct fact set = state->facts.list[i];
		const struct ruleset_set *shape = ruleset_set(family, set.name);

		/* The kernel fills the dynamic ones itself; those we do not know go as a whole. */
		if (set.kind != FACT_SET || set.family != family || !shape ||
		    (shape->value.flags & NFT_SET_EVAL) ||
		    memcmp(&shape->value, set.value, sizeof(shape->value)) != 0)
			continue;
		if (nft_read_elements(nft, &state->facts, family, shape->name) == -1)
			return -1;
	}
	return 0;
}

static int
read_once(struct nft *nft, struct nft_state *state)
{
	static const struct {
		uint16_t type;
		mnl_cb_t callback;
	} dumps[] = {
	    {NFT_MSG_GETTABLE, note_table},
	    {NFT_MSG_GETCHAIN, note_chain},
	    {NFT_MSG_GETSET, note_set},
	    {NFT_MSG_GETOBJ, note_object},
	};
	bool inet = false, arp = false;

	if (nft_generation(nft, &state->generation) == -1)
		return -1;
	for (size_t i = 0; i < sizeof(dumps) / sizeof(*dumps); i++) {
		nft_request(nft, dumps[i].type, NFPROTO_UNSPEC, NLM_F_DUMP);
		if (nft_ask(nft, dumps[i].callback, state) == -1)
			return -1;
	}
	for (size_t i = 0; i < state->facts.n; i++) {
		inet |= state->facts.list[i].kind == FACT_TABLE && state->facts.list[i].family == FAMILY_INET;
		arp |= state->facts.list[i].kind == FACT_TABLE && state->facts.list[i].family == FAMILY_ARP;
	}
	if (inet && read_table(nft, state, FAMILY_INET) == -1)
		return -1;
	if (arp && read_table(nft, state, FAMILY_ARP) == -1)
		return -1;
	return foreign_read(nft, &state->foreign);
}

int
nft_read(struct nft *nft, struct nft_state *state)
{
	nft->why[0] = '\0';
	nft->reading = true;
	for (int i = 0; i < DUMP_TRIES; i++) {
		*state = (struct nft_state){0};
		if (read_once(nft, state) == 0) {
			nft->reading = state->facts.failed;
			if (!state->facts.failed)
				return 0;
			errno = ENOMEM;
		}
		facts_free(&state->facts);
		foreign_free(&state->foreign);
		/* Someone changed the tables while they were listed, or took ours away. */
		if (errno != EINTR && errno != ENOENT && errno != ENOBUFS)
			return -1;
	}
	return -1;
}

static int
on_counter(const struct nlmsghdr *message, void *arg)
{
	struct nftnl_obj *object = nftnl_obj_alloc();
	const char *name;
	json_t *out = arg;
	json_int_t n;

	if (object && nftnl_obj_nlmsg_parse(message, object) == 0 &&
	    nft_is_ours(
		nftnl_obj_get_str(object, NFTNL_OBJ_TABLE), nftnl_obj_get_u32(object, NFTNL_OBJ_FAMILY)) &&
	    nftnl_obj_get_u32(object, NFTNL_OBJ_TYPE) == NFT_OBJECT_COUNTER) {
		bool arp = nftnl_obj_get_u32(object, NFTNL_OBJ_FAMILY) == NFPROTO_ARP;

		name = arp ? "spoofed_arp" : nftnl_obj_get_str(object, NFTNL_OBJ_NAME);
		n = (json_int_t)nftnl_obj_get_u64(object, NFTNL_OBJ_CTR_PKTS);
		json_object_set_new(out, name, json_integer(n));
	}
	nftnl_obj_free(object);
	return MNL_CB_OK;
}

json_t *
nft_counters(struct nft *nft)
{
	for (int i = 0; i < DUMP_TRIES; i++) {
		json_t *out = json_object();

		nft_request(nft, NFT_MSG_GETOBJ, NFPROTO_UNSPEC, NLM_F_DUMP);
		if (out && nft_ask(nft, on_counter, out) != -1)
			return out;
		json_decref(out);
		if (errno != EINTR)
			break;
	}
	return NULL;
}
