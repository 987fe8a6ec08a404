/* Makes the kernel's network equal to the wanted facts; see apply.h. */
#include "natd/apply.h"
#include "base/log.h"
#include "natd/conntrack.h"

#include <errno.h>
#include <string.h>

enum { COMMIT_TRIES = 50 }; /* somebody else changes nft tables all the time */

int
apply_open(struct apply *apply)
{
	*apply = (struct apply){0};
	apply->link = link_open();
	apply->nft = nft_open();
	if (apply->link && apply->nft)
		return 0;
	apply_close(apply);
	return -1;
}

void
apply_close(struct apply *apply)
{
	int saved = errno;

	link_close(apply->link);
	nft_close(apply->nft);
	*apply = (struct apply){0};
	errno = saved;
}

const char *
apply_why(const struct apply *apply)
{
	if (*link_why(apply->link))
		return link_why(apply->link);
	if (errno == EPERM || errno == EACCES)
		return "not permitted: run it as root, or with CAP_NET_ADMIN";
	return strerror(errno);
}

int
apply_read(struct apply *apply, const struct facts *want, struct facts *have)
{
	struct nft_state state;

	*have = (struct facts){0};
	if (link_read(apply->link, want, have) == -1 || nft_read(apply->nft, &state) == -1) {
		int saved = errno;

		facts_free(have);
		errno = saved;
		return -1;
	}
	for (size_t i = 0; i < state.facts.n; i++)
		facts_add(have, &state.facts.list[i]);
	facts_free(&state.facts);
	facts_sort(have);
	apply->generation = state.generation;
	apply->n_foreign = state.n_foreign;
	memcpy(apply->foreign, state.foreign, sizeof(apply->foreign));
	if (!have->failed)
		return 0;
	facts_free(have);
	errno = ENOMEM;
	return -1;
}

static void
forget(struct apply *apply, const struct ops *ops)
{
	const struct ip *addresses;
	size_t n;

	addresses = link_addresses(apply->link, &n);
	apply->n_forgotten = conntrack_forget(ops, addresses, n);
	if (apply->n_forgotten == -1)
		log_error("cannot forget the flows of removed ports: %s", strerror(errno));
}

/* 1: the tables changed under us, once more. */
static int
commit(struct apply *apply, const struct ops *ops)
{
	int refused = link_undo(apply->link, ops);
	bool changed;

	if (nft_apply(apply->nft, ops, apply->generation, &changed) == -1) {
		if (errno == ERESTART || errno == EAGAIN)
			return 1;
		log_error("nft refused %s: %s; nothing of the tables was changed", nft_why(apply->nft),
		    strerror(errno));
		return -1;
	}
	apply->generation += changed;
	if (link_make(apply->link, ops) == -1)
		refused = -1;
	apply->n_ops -= link_waiting(apply->link);
	forget(apply, ops);
	return refused;
}

int
apply_facts(struct apply *apply, const struct facts *want)
{
	int result = 1;

	for (int i = 0; i < COMMIT_TRIES && result == 1; i++) {
		struct facts have;
		struct ops ops;

		if (apply_read(apply, want, &have) == -1) {
			log_error("cannot read the kernel's network: %s", apply_why(apply));
			return -1;
		}
		if (diff_facts(&have, want, &ops) == -1) {
			facts_free(&have);
			log_error("%s", strerror(ENOMEM));
			return -1;
		}
		apply->n_ops = ops.n;
		apply->n_forgotten = 0;
		result = ops.n ? commit(apply, &ops) : 0;
		ops_free(&ops);
		facts_free(&have);
	}
	if (result == 1)
		log_error("the nft tables change faster than they can be read; reload to try again");
	return result == 0 ? 0 : -1;
}
