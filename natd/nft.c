/* Operations → one nft transaction, in the order in which the kernel takes them; see nft.h. */
#include "natd/nft.h"
#include "natd/nftbatch.h"

#include <errno.h>
#include <stdlib.h>

static void (*const make[FACT_KINDS])(struct batch *, const struct fact *, bool add) = {
    [FACT_TABLE] = make_table,
    [FACT_COUNTER] = make_counter,
    [FACT_LIMIT] = make_limit,
    [FACT_SET] = make_set,
    [FACT_CHAIN] = make_chain,
    [FACT_RULES] = make_rules,
};

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
			i = make_elements(batch, ops, i, false) - 1;
		else
			make[kind](batch, fact, false);
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
			i = make_elements(batch, ops, i, true) - 1;
		else
			make[kind](batch, fact, true);
	}
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
	batch_begin(&batch, generation);
	for (int kind = FACT_RULES; kind >= FACT_TABLE; kind--)
		undo_kind(&batch, ops, (enum fact_kind)kind);
	for (int kind = FACT_TABLE; kind <= FACT_RULES; kind++)
		do_kind(&batch, ops, (enum fact_kind)kind);
	batch_end(&batch);
	*changed = batch.n_about > 0;
	if (batch.failed)
		errno = *nft->why ? EINVAL : ENOMEM;
	error = batch.failed ? -1 : *changed ? batch_send(&batch) : 0;
	free(batch.bytes);
	free(batch.about);
	return error;
}
