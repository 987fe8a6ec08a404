/*
 * Operations → one nft transaction; see nft.h.
 *
 * A batch is begin, messages, end; the kernel does all or nothing. Its begin carries the generation that was
 * read, so a change by anyone in between makes it fail with ERESTART instead of being overwritten.
 */
#include "natd/nft.h"
#include "natd/interval.h"
#include "natd/nftsock.h"
#include "natd/rule.h"
#include "natd/ruleset.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libnftnl/batch.h>
#include <libnftnl/chain.h>
#include <libnftnl/object.h>
#include <libnftnl/rule.h>
#include <libnftnl/set.h>
#include <libnftnl/table.h>
#include <libnftnl/udata.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdio.h>
#include <stdlib.h>

/* What a message was about, to tell when the kernel refuses it. */
struct about {
	uint32_t seq;
	char text[96];
};

struct batch {
	struct nft *nft;
	char *bytes;
	size_t n, room;
	struct about *about;
	size_t n_about, room_about;
	bool failed;
	unsigned gone; /* families whose table goes: nothing in it needs a message of its own */
};

static void
append(struct batch *batch, const struct nlmsghdr *message)
{
	size_t n = NLMSG_ALIGN(message->nlmsg_len);

	if (batch->n + n > batch->room) {
		size_t room = (batch->n + n) * 2;
		char *bytes = realloc(batch->bytes, room);

		if (!bytes) {
			batch->failed = true;
			return;
		}
		batch->bytes = bytes;
		batch->room = room;
	}
	memcpy(batch->bytes + batch->n, message, message->nlmsg_len);
	memset(batch->bytes + batch->n + message->nlmsg_len, 0, n - message->nlmsg_len);
	batch->n += n;
}

static void __attribute__((format(printf, 2, 3))) note(struct batch *batch, const char *format, ...)
{
	struct about *about;
	va_list args;

	if (batch->n_about == batch->room_about) {
		size_t room = batch->room_about ? batch->room_about * 2 : 64;

		about = reallocarray(batch->about, room, sizeof(*about));
		if (!about) {
			batch->failed = true;
			return;
		}
		batch->about = about;
		batch->room_about = room;
	}
	about = &batch->about[batch->n_about++];
	about->seq = batch->nft->seq;
	va_start(args, format);
	vsnprintf(about->text, sizeof(about->text), format, args);
	va_end(args);
}

static struct nlmsghdr *
current(struct batch *batch)
{
	return (struct nlmsghdr *)batch->nft->buffer;
}

static void
do_table(struct batch *batch, const struct fact *fact, bool add)
{
	struct nftnl_table *table = nftnl_table_alloc();
	uint16_t family = nft_family(fact->family);
	uint32_t flags;

	if (!table) {
		batch->failed = true;
		return;
	}
	nftnl_table_set_u32(table, NFTNL_TABLE_FAMILY, family);
	nftnl_table_set_str(table, NFTNL_TABLE_NAME, "lodge");
	memcpy(&flags, fact->value, sizeof(flags));
	if (add && flags)
		nftnl_table_set_u32(table, NFTNL_TABLE_FLAGS, flags);
	nftnl_table_nlmsg_build_payload(nft_request(batch->nft, add ? NFT_MSG_NEWTABLE : NFT_MSG_DELTABLE,
					    family, add ? NLM_F_CREATE : 0),
	    table);
	append(batch, current(batch));
	note(batch, "table lodge");
	nftnl_table_free(table);
}

static void
do_counter(struct batch *batch, const struct fact *fact, bool add)
{
	struct nftnl_obj *object = nftnl_obj_alloc();
	uint16_t family = nft_family(fact->family);

	if (!object) {
		batch->failed = true;
		return;
	}
	nftnl_obj_set_str(object, NFTNL_OBJ_TABLE, "lodge");
	nftnl_obj_set_str(object, NFTNL_OBJ_NAME, fact->name);
	nftnl_obj_set_u32(object, NFTNL_OBJ_TYPE, NFT_OBJECT_COUNTER);
	if (add) {
		nftnl_obj_set_u64(object, NFTNL_OBJ_CTR_PKTS, 0);
		nftnl_obj_set_u64(object, NFTNL_OBJ_CTR_BYTES, 0);
	}
	nftnl_obj_nlmsg_build_payload(
	    nft_request(batch->nft, add ? NFT_MSG_NEWOBJ : NFT_MSG_DELOBJ, family, add ? NLM_F_CREATE : 0),
	    object);
	append(batch, current(batch));
	note(batch, "counter %s", fact->name);
	nftnl_obj_free(object);
}

static void
do_limit(struct batch *batch, const struct fact *fact, bool add)
{
	struct nftnl_obj *object = nftnl_obj_alloc();
	uint16_t family = nft_family(fact->family);
	struct limit_value value;

	if (!object) {
		batch->failed = true;
		return;
	}
	memcpy(&value, fact->value, sizeof(value));
	nftnl_obj_set_str(object, NFTNL_OBJ_TABLE, "lodge");
	nftnl_obj_set_str(object, NFTNL_OBJ_NAME, fact->name);
	nftnl_obj_set_u32(object, NFTNL_OBJ_TYPE, NFT_OBJECT_LIMIT);
	if (add) {
		nftnl_obj_set_u64(object, NFTNL_OBJ_LIMIT_RATE, value.bytes_s);
		nftnl_obj_set_u64(object, NFTNL_OBJ_LIMIT_UNIT, 1);
		nftnl_obj_set_u32(object, NFTNL_OBJ_LIMIT_BURST, value.burst);
		nftnl_obj_set_u32(object, NFTNL_OBJ_LIMIT_TYPE, NFT_LIMIT_PKT_BYTES);
		nftnl_obj_set_u32(object, NFTNL_OBJ_LIMIT_FLAGS, NFT_LIMIT_F_INV);
	}
	nftnl_obj_nlmsg_build_payload(
	    nft_request(batch->nft, add ? NFT_MSG_NEWOBJ : NFT_MSG_DELOBJ, family, add ? NLM_F_CREATE : 0),
	    object);
	append(batch, current(batch));
	note(batch, "limit %s", fact->name);
	nftnl_obj_free(object);
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

static void
do_set(struct batch *batch, const struct fact *fact, bool add)
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
	append(batch, current(batch));
	note(batch, "set %s", fact->name);
	nftnl_set_free(set);
}

static void
do_chain(struct batch *batch, const struct fact *fact, bool add)
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
	append(batch, current(batch));
	note(batch, "chain %s", fact->name);
	nftnl_chain_free(chain);
}

static void
flush_rules(struct batch *batch, const struct fact *fact)
{
	struct nlmsghdr *request = nft_request(batch->nft, NFT_MSG_DELRULE, nft_family(fact->family), 0);

	mnl_attr_put_strz(request, NFTA_RULE_TABLE, "lodge");
	mnl_attr_put_strz(request, NFTA_RULE_CHAIN, fact->name);
	append(batch, request);
	note(batch, "the rules of chain %s", fact->name);
}

static void
add_rules(struct batch *batch, const struct fact *fact)
{
	const struct ruleset_chain *chain = ruleset_chain(fact->family, fact->name);
	uint16_t family = nft_family(fact->family);

	for (const char *const *text = chain->rules; *text; text++) {
		struct nftnl_rule *rule = rule_make((uint8_t)family, chain->name, *text);

		if (!rule) {
			snprintf(batch->nft->why, sizeof(batch->nft->why), "rule: %s", *text);
			batch->failed = true;
			return;
		}
		nftnl_rule_nlmsg_build_payload(
		    nft_request(batch->nft, NFT_MSG_NEWRULE, family, NLM_F_CREATE | NLM_F_APPEND), rule);
		append(batch, current(batch));
		note(batch, "rule: %s", *text);
		nftnl_rule_free(rule);
	}
}

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
		append(batch, current(batch));
		note(batch, "elements of %s", fact->name);
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

/* Element operations of one set, from i on; returns the first index after them. */
static size_t
do_elements(struct batch *batch, const struct ops *ops, size_t i, bool add)
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

static void
undo_kind(struct batch *batch, const struct ops *ops, enum fact_kind kind)
{
	for (size_t i = 0; i < ops->n; i++) {
		const struct fact *fact = ops->list[i].have;

		if (!fact || fact->kind != kind || fact_is_adoption(fact, ops->list[i].want))
			continue;
		if (((batch->gone >> fact->family & 1) && kind != FACT_TABLE))
			continue;
		if (kind == FACT_ELEMENT)
			i = do_elements(batch, ops, i, false) - 1;
		else if (kind == FACT_RULES)
			flush_rules(batch, fact);
		else if (kind == FACT_CHAIN)
			do_chain(batch, fact, false);
		else if (kind == FACT_SET)
			do_set(batch, fact, false);
		else if (kind == FACT_COUNTER)
			do_counter(batch, fact, false);
		else if (kind == FACT_LIMIT)
			do_limit(batch, fact, false);
		else
			do_table(batch, fact, false);
	}
}

static void
do_kind(struct batch *batch, const struct ops *ops, enum fact_kind kind)
{
	for (size_t i = 0; i < ops->n; i++) {
		const struct fact *fact = ops->list[i].want;

		if (!fact || fact->kind != kind)
			continue;
		if (kind == FACT_ELEMENT)
			i = do_elements(batch, ops, i, true) - 1;
		else if (kind == FACT_RULES)
			add_rules(batch, fact);
		else if (kind == FACT_CHAIN)
			do_chain(batch, fact, true);
		else if (kind == FACT_SET)
			do_set(batch, fact, true);
		else if (kind == FACT_COUNTER)
			do_counter(batch, fact, true);
		else if (kind == FACT_LIMIT)
			do_limit(batch, fact, true);
		else
			do_table(batch, fact, true);
	}
}

static void
put_mark(struct batch *batch, bool begin, uint32_t generation)
{
	struct nlmsghdr *message = begin ? nftnl_batch_begin(batch->nft->buffer, ++batch->nft->seq)
					 : nftnl_batch_end(batch->nft->buffer, ++batch->nft->seq);

	if (begin)
		mnl_attr_put_u32(message, NFNL_BATCH_GENID, htonl(generation));
	append(batch, message);
}

static const char *
about_seq(const struct batch *batch, uint32_t seq)
{
	for (size_t i = 0; i < batch->n_about; i++)
		if (batch->about[i].seq == seq)
			return batch->about[i].text;
	return "the transaction";
}

/* The kernel has done the batch when send returns, and its answers lie waiting: refusals only. */
static int
read_answers(struct batch *batch)
{
	struct nft *nft = batch->nft;
	int fd = mnl_socket_get_fd(nft->socket), error = 0;
	ssize_t n;

	while ((n = recv(fd, nft->buffer, sizeof(nft->buffer), MSG_DONTWAIT)) > 0) {
		int left = (int)n;

		for (struct nlmsghdr *m = (struct nlmsghdr *)nft->buffer; mnl_nlmsg_ok(m, left);
		     m = mnl_nlmsg_next(m, &left)) {
			const struct nlmsgerr *refusal = mnl_nlmsg_get_payload(m);

			if (m->nlmsg_type != NLMSG_ERROR || refusal->error == 0 || error)
				continue;
			error = -refusal->error;
			snprintf(nft->why, sizeof(nft->why), "%s", about_seq(batch, refusal->msg.nlmsg_seq));
		}
	}
	if (n == -1 && errno != EAGAIN && !error)
		error = errno;
	errno = error;
	return error ? -1 : 0;
}

static int
send_batch(struct batch *batch)
{
	int fd = mnl_socket_get_fd(batch->nft->socket);
	int room = (int)batch->n * 2 + (1 << 16);

	if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof(room)) == -1 && errno != EPERM)
		return -1;
	if (mnl_socket_sendto(batch->nft->socket, batch->bytes, batch->n) == -1)
		return -1;
	return read_answers(batch);
}

static unsigned
tables_gone(const struct ops *ops)
{
	unsigned families = 0;

	for (size_t i = 0; i < ops->n; i++)
		if (ops->list[i].have && ops->list[i].have->kind == FACT_TABLE &&
		    !fact_is_adoption(ops->list[i].have, ops->list[i].want))
			families |= 1u << ops->list[i].have->family;
	return families;
}

int
nft_apply(struct nft *nft, const struct ops *ops, uint32_t generation, bool *changed)
{
	struct batch batch = {.nft = nft, .gone = tables_gone(ops)};
	int error;

	nft->why[0] = '\0';
	put_mark(&batch, true, generation);
	for (int kind = FACT_RULES; kind >= FACT_TABLE; kind--)
		undo_kind(&batch, ops, (enum fact_kind)kind);
	for (int kind = FACT_TABLE; kind <= FACT_RULES; kind++)
		do_kind(&batch, ops, (enum fact_kind)kind);
	put_mark(&batch, false, 0);
	*changed = batch.n_about > 0;
	if (batch.failed)
		errno = *nft->why ? EINVAL : ENOMEM;
	error = batch.failed ? -1 : *changed ? send_batch(&batch) : 0;
	free(batch.bytes);
	free(batch.about);
	return error;
}
