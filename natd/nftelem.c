/* The elements of one set or map → facts; see nftsock.h. */
#include "natd/nftsock.h"
#include "natd/ruleset.h"

#include <libnftnl/set.h>
#include <linux/netfilter/nf_tables.h>
#include <stdlib.h>

/* One element as the kernel lists it; of an interval only one of its ends. */
struct half {
	uint16_t port;
	bool end;
	uint8_t data[16];
	uint32_t data_len;
};

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
		half.data_len = len;
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

static int
by_port(const void *a, const void *b)
{
	const struct half *x = a, *y = b;

	if (x->port != y->port)
		return x->port < y->port ? -1 : 1;
	return (int)y->end - (int)x->end; /* one interval ends before the next begins */
}

static void
join_halves(struct elements *elements)
{
	if (elements->n == 0)
		return;
	qsort(elements->halves, elements->n, sizeof(*elements->halves), by_port);
	for (size_t i = 0; i < elements->n; i++) {
		const struct half *half = &elements->halves[i];
		const struct half *next = i + 1 < elements->n ? half + 1 : NULL;
		struct fact fact = fact_of(FACT_ELEMENT, elements->family, elements->set);
		uint16_t hi = next ? (uint16_t)(next->port - 1) : 65535;
		uint8_t key[4] = {
		    (uint8_t)(half->port >> 8), (uint8_t)half->port, (uint8_t)(hi >> 8), (uint8_t)hi};

		if (half->end)
			continue;
		fact_key(&fact, key, sizeof(key));
		fact_value(&fact, half->data, half->data_len);
		facts_add(elements->facts, &fact);
	}
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
		join_halves(&elements);
	free(elements.halves);
	return error;
}
