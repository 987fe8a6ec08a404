/* Operations on the elements of one set → nft messages; see nftbatch.h. */
#include "natd/interval.h"
#include "natd/nftbatch.h"
#include "natd/ruleset.h"

#include <arpa/inet.h>
#include <libnftnl/set.h>
#include <linux/netfilter/nf_tables.h>
#include <stdlib.h>
#include <string.h>

static void
add_elem(struct nftnl_set *set, const void *key, uint32_t key_len, const void *data, uint32_t data_len,
    uint32_t flags)
{
	struct nftnl_set_elem *elem = nftnl_set_elem_alloc();

	if (!elem)
		abort();
	nftnl_set_elem_set(elem, NFTNL_SET_ELEM_KEY, key, key_len);
	if (data_len)
		nftnl_set_elem_set(elem, NFTNL_SET_ELEM_DATA, data, data_len);
	if (flags)
		nftnl_set_elem_set_u32(elem, NFTNL_SET_ELEM_FLAGS, flags);
	nftnl_set_elem_add(set, elem);
}

static void
put_reference(struct nftnl_set *set, const struct fact *fact)
{
	struct nftnl_set_elem *elem = nftnl_set_elem_alloc();
	char name[FACT_VALUE + 1] = {0};

	if (!elem)
		abort();
	memcpy(name, fact->value, fact->value_len);
	nftnl_set_elem_set(elem, NFTNL_SET_ELEM_KEY, fact->key, fact->key_len);
	nftnl_set_elem_set_str(elem, NFTNL_SET_ELEM_OBJREF, name);
	nftnl_set_elem_add(set, elem);
}

static void
put_element(struct nftnl_set *set, const struct fact *fact, bool interval)
{
	struct half halves[2];
	size_t n = interval ? interval_split(fact, halves) : 0;

	if (!interval)
		add_elem(set, fact->key, fact->key_len, fact->value, fact->value_len, 0);
	for (size_t i = 0; i < n; i++) {
		uint16_t port = htons(halves[i].port);

		add_elem(set, &port, sizeof(port), halves[i].data, halves[i].data_len,
		    halves[i].end ? NFT_SET_ELEM_INTERVAL_END : 0);
	}
}

static void
send_elements(struct batch *batch, struct nftnl_set *set, const struct fact *fact, bool add)
{
	struct nftnl_set_elems_iter *iter = nftnl_set_elems_iter_create(set);
	int more = 1;

	if (!iter) {
		batch->failed = true;
		return;
	}
	while (more > 0) {
		more = nftnl_set_elems_nlmsg_build_payload_iter(
		    nft_request(batch->nft, add ? NFT_MSG_NEWSETELEM : NFT_MSG_DELSETELEM,
			nft_family(fact->family), add ? NLM_F_CREATE : 0),
		    iter);
		batch_put(batch);
		batch_note(batch, "elements of %s", fact->name);
	}
	if (more < 0)
		batch->failed = true;
	nftnl_set_elems_iter_destroy(iter);
}

static const struct fact *
side(const struct op *op, bool add)
{
	return add ? op->want : op->have;
}

size_t
make_elements(struct batch *batch, const struct ops *ops, size_t i, bool add)
{
	const struct fact *first = side(&ops->list[i], add);
	const struct ruleset_set *shape = ruleset_set(first->family, first->name);
	struct nftnl_set *set = nftnl_set_alloc();

	if (!set || !shape) {
		batch->failed = true;
		return ops->n;
	}
	nftnl_set_set_str(set, NFTNL_SET_TABLE, "lodge");
	nftnl_set_set_str(set, NFTNL_SET_NAME, first->name);
	for (; i < ops->n; i++) {
		const struct fact *fact = side(&ops->list[i], add);

		if (!fact)
			continue;
		if (fact->kind != FACT_ELEMENT || fact->family != first->family ||
		    strcmp(fact->name, first->name) != 0)
			break;
		if (shape->value.flags & NFT_SET_OBJECT)
			put_reference(set, fact);
		else
			put_element(set, fact, shape->value.flags & NFT_SET_INTERVAL);
	}
	send_elements(batch, set, first, add);
	nftnl_set_free(set);
	return i;
}
