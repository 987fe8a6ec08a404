/*
 * Which features the kernel lacks, found out by asking for each alone; see nft.h.
 *
 * A transaction without its end is looked through to the last message, answered, and dropped: nothing of it is ever in
 * force, and nobody is told. The kernel loads what modules it has for it.
 */
#include "natd/feature.h"
#include "natd/nft.h"
#include "natd/nftbatch.h"

#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <stdlib.h>
#include <string.h>

static const struct trial {
	uint32_t bit; /* 0: what everything stands on */
	uint8_t family;
	struct chain_value chain;
	const char *rule;
} trials[] = {
    {0, FAMILY_INET, {1, NF_INET_FORWARD, -5, NF_ACCEPT, "filter"}, "ct state invalid drop"},
    {FEATURE_GUARD, FAMILY_INET, {0}, NULL},
    {FEATURE_COUNT, FAMILY_INET, {1, NF_INET_FORWARD, -5, NF_ACCEPT, "filter"}, "ct count over 1 drop"},
    {FEATURE_ARP, FAMILY_ARP, {1, 0, 0, NF_ACCEPT, "filter"}, NULL},
    {FEATURE_LIMIT, FAMILY_INET, {0}, NULL},
    {FEATURE_SOCKET, FAMILY_INET, {1, NF_INET_PRE_ROUTING, -150, NF_ACCEPT, "filter"},
	"socket transparent 1 drop"},
    {FEATURE_FIB, FAMILY_INET, {1, NF_INET_PRE_ROUTING, -150, NF_ACCEPT, "filter"},
	"fib daddr type local drop"},
    {FEATURE_NAT, FAMILY_INET, {1, NF_INET_PRE_ROUTING, -105, NF_ACCEPT, "nat"}, NULL},
    {FEATURE_MASQUERADE, FAMILY_INET, {1, NF_INET_POST_ROUTING, 95, NF_ACCEPT, "nat"}, "masquerade"},
};

static void
try_table(struct batch *batch, const struct trial *trial)
{
	bool guard = trial->bit == FEATURE_GUARD;
	struct fact table = fact_of(FACT_TABLE, trial->family, guard ? "lodge-try" : "lodge");
	uint32_t flags = guard ? TABLE_GUARDED : TABLE_PLAIN;

	fact_value(&table, &flags, sizeof(flags));
	make_table(batch, &table, true);
}

static void
try_chain(struct batch *batch, const struct trial *trial)
{
	struct fact chain = fact_of(FACT_CHAIN, trial->family, "try");

	fact_value(&chain, &trial->chain, sizeof(trial->chain));
	make_chain(batch, &chain, true);
}

static void
try_limit(struct batch *batch, const struct trial *trial)
{
	struct fact limit = fact_of(FACT_LIMIT, trial->family, "try");
	struct limit_value value = {.bytes_s = 125000, .burst = 65536};

	fact_value(&limit, &value, sizeof(value));
	make_limit(batch, &limit, true);
}

/* 0: it is there; else why not. */
static int
refusal(struct nft *nft, const struct trial *trial)
{
	struct batch batch = {.nft = nft};
	uint32_t generation;
	int error = 0;

	if (nft_generation(nft, &generation) == -1)
		return errno;
	batch_begin(&batch, generation);
	try_table(&batch, trial);
	if (trial->chain.base)
		try_chain(&batch, trial);
	if (trial->rule)
		make_rule(&batch, trial->family, "try", trial->rule);
	if (trial->bit == FEATURE_LIMIT)
		try_limit(&batch, trial);
	if (batch.failed)
		error = ENOMEM;
	else if (batch_send(&batch) == -1)
		error = errno;
	free(batch.bytes);
	free(batch.about);
	return error;
}

/* Of the words the kernel has for what it does not know. */
static bool
is_unknown(int error)
{
	return error == EOPNOTSUPP || error == ENOENT || error == EINVAL || error == EAFNOSUPPORT ||
	       error == EPROTONOSUPPORT;
}

int
nft_refusal(struct nft *nft)
{
	return refusal(nft, &trials[0]);
}

uint32_t
nft_missing(struct nft *nft)
{
	uint32_t missing = 0;

	for (size_t i = 0; i < sizeof(trials) / sizeof(*trials); i++) {
		int error = refusal(nft, &trials[i]);

		if (error && trials[i].bit == 0)
			break;
		if (is_unknown(error))
			missing |= trials[i].bit;
	}
	return missing;
}
