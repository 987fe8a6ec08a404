/* The elements of one set or map → facts; see nftsock.h. */
#include "natd/interval.h"
#include "natd/nftsock.h"
#include "natd/ruleset.h"

#include <libnftnl/set.h>
#include <linux/netfilter/nf_tables.h>
#include <stdlib.h>

struct elements {
	struct facts *facts;
	uint8_t family;
	const char *set;
	struct half *halves;
	size_t n, room;
};

static void
note_half(struct elements *elements, struct nftnl_set_elem *elem)
{
	struct half half = {0};
	const uint8_t *key, *data;
	uint32_t len;

	if (elements->n == elements->room) {
		size_t room = elements->room ? elements->room * 2 : 256;
		struct half *list = reallocarray(elements->halves, room, sizeof(*list));

		if (!list) {
			elements->facts->failed = true;
			return;
		}
		elements->halves = list;
		elements->room = room;
	}
	key = nftnl_set_elem_get(elem, NFTNL_SET_ELEM_KEY, &len);
	if (!key || len != 2)
		return;
	half.port = (uint16_t)(key[0] << 8 | key[1]);
	half.end = nftnl_set_elem_is_set(elem, NFTNL_SET_ELEM_FLAGS) &&
		   (nftnl_set_elem_get_u32(elem, NFTNL_SET_ELEM_FLAGS) & NFT_SET_ELEM_INTERVAL_END);
	data = nftnl_set_elem_is_set(elem, NFTNL_SET_ELEM_DATA)
		   ? nftnl_set_elem_get(elem, NFTNL_SET_ELEM_DATA, &len)
		   : NULL;
	if (data && len <= sizeof(half.data)) {
		memcpy(half.data, data, len);
		half.data_len = (uint8_t)len;
	}
	elements->halves[elements->n++] = half;
}

static void
note_element(struct elements *elements, struct nftnl_set_elem *elem)
{
	struct fact fact = fact_of(FACT_ELEMENT, elements->family, elements->set);
	const void *bytes;
	uint32_t len;

	bytes = nftnl_set_elem_get(elem, NFTNL_SET_ELEM_KEY, &len);
	if (!bytes)
		return;
	fact_key(&fact, bytes, len);
	if (nftnl_set_elem_is_set(elem, NFTNL_SET_ELEM_DATA)) {
		bytes = nftnl_set_elem_get(elem, NFTNL_SET_ELEM_DATA, &len);
		fact_value(&fact, bytes, len);
	} else if (nftnl_set_elem_is_set(elem, NFTNL_SET_ELEM_OBJREF)) {
		const char *object = nftnl_set_elem_get_str(elem, NFTNL_SET_ELEM_OBJREF);

		fact_value(&fact, object, strlen(object));
	}
	facts_add(elements->facts, &fact);
}

static int
on_elements(const struct nlmsghdr *message, void *arg)
{
	struct elements *elements = arg;
	const struct ruleset_set *shape = ruleset_set(elements->family, elements->set);
	struct nftnl_set *set = nftnl_set_alloc();
	struct nftnl_set_elems_iter *iter;
	struct nftnl_set_elem *elem;

	if (set && nftnl_set_elems_nlmsg_parse(message, set) == 0) {
		iter = nftnl_set_elems_iter_create(set);
		while (iter && (elem = nftnl_set_elems_iter_next(iter))) {
			if (shape->value.flags & NFT_SET_INTERVAL)
				note_half(elements, elem);
			else
				note_element(elements, elem);
		}
		if (iter)
			nftnl_set_elems_iter_destroy(iter);
	}
	nftnl_set_free(set);
	return MNL_CB_OK;
}

int
nft_read_elements(struct nft *nft, struct facts *facts, uint8_t family, const char *name)
{
	struct elements elements = {.facts = facts, .family = family, .set = name};
	struct nftnl_set *set;
	int error;

	set = nftnl_set_alloc();
	if (!set)
		return -1;
	nftnl_set_set_str(set, NFTNL_SET_TABLE, "lodge");
	nftnl_set_set_str(set, NFTNL_SET_NAME, name);
	nftnl_set_elems_nlmsg_build_payload(
	    nft_request(nft, NFT_MSG_GETSETELEM, nft_family(family), NLM_F_DUMP), set);
	nftnl_set_free(set);
	error = nft_ask(nft, on_elements, &elements);
	if (error != -1)
		interval_join(elements.halves, elements.n, family, name, facts);
	free(elements.halves);
	return error;
}
