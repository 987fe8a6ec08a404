/* The kernel's nft tables → facts; see nft.h. */
#include "natd/nft.h"
#include "natd/nftsock.h"
#include "natd/rule.h"
#include "natd/ruleset.h"
#include "natd/talk.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libnftnl/chain.h>
#include <libnftnl/gen.h>
#include <libnftnl/object.h>
#include <libnftnl/rule.h>
#include <libnftnl/set.h>
#include <libnftnl/table.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <stdio.h>
#include <stdlib.h>

enum { DUMP_TRIES = 20 };

struct nft *
nft_open(void)
{
	struct nft *nft = calloc(1, sizeof(*nft));
	int size = 8 << 20;

	if (!nft)
		return NULL;
	nft->socket = mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC);
	if (!nft->socket)
		goto fail;
	if (mnl_socket_bind(nft->socket, 0, MNL_SOCKET_AUTOPID) == -1)
		goto fail;
	/* A refused batch answers message by message. Without the right to force it the default has to do. */
	if (setsockopt(mnl_socket_get_fd(nft->socket), SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) ==
		-1 &&
	    errno != EPERM)
		goto fail;
	return nft;
fail:
	nft_close(nft);
	return NULL;
}

void
nft_close(struct nft *nft)
{
	int saved = errno;

	if (nft && nft->socket)
		mnl_socket_close(nft->socket);
	free(nft);
	errno = saved;
}

bool
nft_reading(const struct nft *nft)
{
	return nft->reading;
}

const char *
nft_why(const struct nft *nft)
{
	return nft->why;
}

uint16_t
nft_family(uint8_t family)
{
	return family == FAMILY_ARP ? NFPROTO_ARP : NFPROTO_INET;
}

uint8_t
nft_family_fact(uint32_t family)
{
	return family == NFPROTO_ARP ? FAMILY_ARP : family == NFPROTO_INET ? FAMILY_INET : 0;
}

struct nlmsghdr *
nft_request(struct nft *nft, uint16_t type, uint16_t family, uint16_t flags)
{
	return nftnl_nlmsg_build_hdr(nft->buffer, type, family, flags, ++nft->seq);
}

int
nft_ask(struct nft *nft, mnl_cb_t callback, void *arg)
{
	return talk(nft->socket, nft->buffer, sizeof(nft->buffer), callback, arg);
}

static bool
is_ours(const char *table, uint32_t family)
{
	return table && strcmp(table, "lodge") == 0 && nft_family_fact(family);
}

static int
on_generation(const struct nlmsghdr *message, void *arg)
{
	struct nftnl_gen *gen = nftnl_gen_alloc();
	uint32_t *generation = arg;

	if (gen && nftnl_gen_nlmsg_parse(message, gen) == 0)
		*generation = nftnl_gen_get_u32(gen, NFTNL_GEN_ID);
	nftnl_gen_free(gen);
	return MNL_CB_STOP;
}

int
nft_generation(struct nft *nft, uint32_t *generation)
{
	nft_request(nft, NFT_MSG_GETGEN, NFPROTO_UNSPEC, 0);
	return nft_ask(nft, on_generation, generation) == -1 ? -1 : 0;
}

static int
on_table(const struct nlmsghdr *message, void *arg)
{
	struct nftnl_table *table = nftnl_table_alloc();
	struct nft_state *state = arg;
	uint32_t family;

	if (table && nftnl_table_nlmsg_parse(message, table) == 0) {
		family = nftnl_table_get_u32(table, NFTNL_TABLE_FAMILY);
		if (is_ours(nftnl_table_get_str(table, NFTNL_TABLE_NAME), family)) {
			struct fact fact = fact_of(FACT_TABLE, nft_family_fact(family), "lodge");
			uint32_t flags = nftnl_table_get_u32(table, NFTNL_TABLE_FLAGS);

			fact_value(&fact, &flags, sizeof(flags));
			facts_add(&state->facts, &fact);
		}
	}
	nftnl_table_free(table);
	return MNL_CB_OK;
}

static const char *
family_name(uint32_t family)
{
	return family == NFPROTO_INET ? "inet" : family == NFPROTO_IPV4 ? "ip" : "ip6";
}

/* A chain of someone else's that drops forwarded packets by policy: no accept of ours saves them. */
static void
note_foreign(struct nft_state *state, struct nftnl_chain *chain)
{
	uint32_t family = nftnl_chain_get_u32(chain, NFTNL_CHAIN_FAMILY);
	struct nft_foreign *foreign;

	if (!nftnl_chain_is_set(chain, NFTNL_CHAIN_HOOKNUM) ||
	    nftnl_chain_get_u32(chain, NFTNL_CHAIN_HOOKNUM) != NF_INET_FORWARD ||
	    nftnl_chain_get_u32(chain, NFTNL_CHAIN_POLICY) != NF_DROP)
		return;
	if (family != NFPROTO_INET && family != NFPROTO_IPV4 && family != NFPROTO_IPV6)
		return;
	if (state->n_foreign++ >= NFT_FOREIGN_MAX)
		return;
	foreign = &state->foreign[state->n_foreign - 1];
	snprintf(foreign->family, sizeof(foreign->family), "%s", family_name(family));
	snprintf(foreign->table, sizeof(foreign->table), "%s", nftnl_chain_get_str(chain, NFTNL_CHAIN_TABLE));
	snprintf(foreign->chain, sizeof(foreign->chain), "%s", nftnl_chain_get_str(chain, NFTNL_CHAIN_NAME));
}

static void
note_chain(struct nft_state *state, struct nftnl_chain *chain, uint8_t family)
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

static int
on_chain(const struct nlmsghdr *message, void *arg)
{
	struct nftnl_chain *chain = nftnl_chain_alloc();
	struct nft_state *state = arg;
	uint32_t family;

	if (chain && nftnl_chain_nlmsg_parse(message, chain) == 0) {
		family = nftnl_chain_get_u32(chain, NFTNL_CHAIN_FAMILY);
		if (is_ours(nftnl_chain_get_str(chain, NFTNL_CHAIN_TABLE), family))
			note_chain(state, chain, nft_family_fact(family));
		else
			note_foreign(state, chain);
	}
	nftnl_chain_free(chain);
	return MNL_CB_OK;
}

static int
on_set(const struct nlmsghdr *message, void *arg)
{
	struct nftnl_set *set = nftnl_set_alloc();
	struct nft_state *state = arg;
	uint32_t family;

	if (set && nftnl_set_nlmsg_parse(message, set) == 0) {
		family = nftnl_set_get_u32(set, NFTNL_SET_FAMILY);
		if (is_ours(nftnl_set_get_str(set, NFTNL_SET_TABLE), family)) {
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
note_limit(struct nft_state *state, struct nftnl_obj *object, uint8_t family)
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
note_object(struct nft_state *state, struct nftnl_obj *object, uint8_t family)
{
	struct fact counter = fact_of(FACT_COUNTER, family, nftnl_obj_get_str(object, NFTNL_OBJ_NAME));
	uint32_t type = nftnl_obj_get_u32(object, NFTNL_OBJ_TYPE);

	if (type == NFT_OBJECT_COUNTER)
		facts_add(&state->facts, &counter);
	else if (type == NFT_OBJECT_LIMIT)
		note_limit(state, object, family);
}

static int
on_object(const struct nlmsghdr *message, void *arg)
{
	struct nftnl_obj *object = nftnl_obj_alloc();
	struct nft_state *state = arg;
	uint32_t family;

	if (object && nftnl_obj_nlmsg_parse(message, object) == 0) {
		family = nftnl_obj_get_u32(object, NFTNL_OBJ_FAMILY);
		if (is_ours(nftnl_obj_get_str(object, NFTNL_OBJ_TABLE), family))
			note_object(state, object, nft_family_fact(family));
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

static int
on_rule(const struct nlmsghdr *message, void *arg)
{
	struct nftnl_rule *rule = nftnl_rule_alloc();
	struct nft_state *state = arg;
	struct rules_value value;
	struct fact *fact;
	uint32_t family;

	if (rule && nftnl_rule_nlmsg_parse(message, rule) == 0) {
		family = nftnl_rule_get_u32(rule, NFTNL_RULE_FAMILY);
		if (is_ours(nftnl_rule_get_str(rule, NFTNL_RULE_TABLE), family)) {
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

static int
read_rules(struct nft *nft, struct nft_state *state, uint8_t family)
{
	struct nlmsghdr *request = nft_request(nft, NFT_MSG_GETRULE, nft_family(family), NLM_F_DUMP);

	mnl_attr_put_strz(request, NFTA_RULE_TABLE, "lodge");
	return nft_ask(nft, on_rule, state);
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
	    {NFT_MSG_GETTABLE, on_table},
	    {NFT_MSG_GETCHAIN, on_chain},
	    {NFT_MSG_GETSET, on_set},
	    {NFT_MSG_GETOBJ, on_object},
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
	return arp ? read_table(nft, state, FAMILY_ARP) : 0;
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
		/* Someone changed the tables while they were listed, or took ours away. */
		if (errno != EINTR && errno != ENOENT)
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
	    is_ours(
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
