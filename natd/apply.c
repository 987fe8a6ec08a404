/* Makes the kernel's network equal to the wanted facts; see apply.h. */
#include "natd/apply.h"
#include "base/log.h"
#include "natd/complain.h"
#include "natd/conntrack.h"
#include "natd/feature.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { COMMIT_TRIES = 50 }; /* somebody else changes nft tables all the time */

enum committed { DONE, PARTLY, CHANGED, REFUSED };

int
apply_open(struct apply *apply)
{
	*apply = (struct apply){0};
	apply->link = link_open();
	apply->nft = nft_open();
	apply->sock = sock_open(); /* without, nobody is known to listen */
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
	facts_free(&apply->tables);
	apply_unread(apply);
	foreign_free(&apply->others);
	sock_close(apply->sock);
	*apply = (struct apply){0};
	errno = saved;
}

const char *
apply_why(const struct apply *apply)
{
	if (apply->link && *link_why(apply->link))
		return link_why(apply->link);
	if ((!apply->nft || nft_reading(apply->nft)) &&
	    (errno == EPROTONOSUPPORT || errno == EOPNOTSUPP || errno == EINVAL))
		return "the kernel has no nf_tables: modprobe nf_tables, or boot one that has it";
	if (errno == EPERM || errno == EACCES)
		return "not permitted: run it as root, or with CAP_NET_ADMIN";
	if (errno == EINTR)
		return "it changes faster than it can be read";
	if (errno == ENOBUFS)
		return "the kernel has no room for its answers";
	return strerror(errno);
}

/* From now on the tables are as the wanted facts say. */
static void
keep_tables(struct apply *apply, const struct facts *want)
{
	size_t links = 0;

	while (links < want->n && !fact_is_nft(&want->list[links]))
		links++;
	apply->tables.n = 0;
	facts_join(&apply->tables, want->list + links, want->n - links);
	if (apply->tables.failed)
		facts_free(&apply->tables);
}

/* Nobody has changed them since. */
static bool
tables_known(struct apply *apply)
{
	uint32_t generation;

	return apply->tables.n > 0 && nft_generation(apply->nft, &generation) == 0 &&
	       generation == apply->generation;
}

/* Adds the tables to what was read of the links. Ten thousand elements take longer to read than to change. */
static int
read_tables(struct apply *apply, struct facts *have)
{
	struct nft_state state;
	int saved;

	if (tables_known(apply)) {
		facts_sort(have);
		facts_join(have, apply->tables.list, apply->tables.n);
	} else if (nft_read(apply->nft, &state) == 0) {
		facts_join(have, state.facts.list, state.facts.n);
		facts_free(&state.facts);
		facts_free(&apply->tables);
		facts_sort(have);
		apply->generation = state.generation;
		foreign_free(&apply->others);
		apply->others = state.foreign;
	} else {
		saved = errno;
		facts_free(have);
		errno = saved;
		return -1;
	}
	if (!have->failed)
		return 0;
	facts_free(have);
	errno = ENOMEM;
	return -1;
}

static int
read_links(struct apply *apply, const struct facts *want, struct facts *have)
{
	*have = apply->links;
	apply->links = (struct facts){0};
	if (!apply->links_read)
		return link_read(apply->link, want, have);
	apply->links_read = false;
	return 0;
}

int
apply_read(struct apply *apply, const struct facts *want, struct facts *have)
{
	int saved;

	if (read_links(apply, want, have) == 0)
		return read_tables(apply, have);
	saved = errno;
	facts_free(have);
	errno = saved;
	return -1;
}

void
apply_unread(struct apply *apply)
{
	facts_free(&apply->links);
	apply->links_read = false;
}

int
apply_check(struct apply *apply, const struct facts *want)
{
	uint32_t generation;
	int saved;

	apply_unread(apply);
	apply->links_read =
	    link_read(apply->link, want, &apply->links) == 0 && nft_generation(apply->nft, &generation) == 0;
	if (apply->links_read)
		return 0;
	saved = errno;
	apply_unread(apply);
	errno = saved;
	return -1;
}

/* A device in a tap's place keeps the links as they are, but no door open: the tables are read all the same. */
static int
read_despite(struct apply *apply, const struct facts *want, struct facts *have, bool *in_the_way)
{
	*in_the_way = false;
	if (apply_read(apply, want, have) == 0)
		return 0;
	complain(log_error, "cannot read the kernel's network: %s", apply_why(apply));
	*in_the_way = *link_why(apply->link) != '\0';
	if (!*in_the_way)
		return -1;
	for (size_t i = 0; i < want->n; i++)
		if (!fact_is_nft(&want->list[i]))
			facts_add(have, &want->list[i]);
	return read_tables(apply, have);
}

static void
forget(struct apply *apply, const struct ops *ops, const struct facts *want)
{
	const struct ip *addresses;
	size_t n;

	addresses = link_addresses(apply->link, &n);
	apply->n_forgotten = conntrack_forget(ops, want, addresses, n, apply->sock);
	if (apply->n_forgotten == -1)
		complain(log_error, "cannot forget the flows of removed ports: %s", strerror(errno));
}

/* Somebody else was faster, or whether it was done got lost: what is there now is read again. */
static bool
is_passing(int error)
{
	return error == ERESTART || error == EAGAIN || error == EINTR || error == ENOBUFS;
}

/* The cause is what the kernel lacks, or what it said. */
static enum committed
refuse(struct apply *apply)
{
	char why[COMPLAINT_TEXT], text[FEATURE_TEXT];

	snprintf(why, sizeof(why), "nft refused %s: %s; nothing of the tables was changed by it",
	    nft_why(apply->nft), strerror(errno));
	apply->missing = nft_missing(apply->nft) & ~apply->without;
	if (!apply->missing)
		complain(log_error, "%s", why);
	for (size_t i = 0; i < n_features; i++)
		if ((apply->missing & features[i].bit) && features[i].needed)
			complain(log_error, "%s", feature_print(&features[i], text));
	return REFUSED;
}

static enum committed
commit(struct apply *apply, const struct ops *ops, const struct facts *want)
{
	int undone = link_undo(apply->link, ops);
	bool partly = undone != 0, changed;

	if (undone == -2)
		return PARTLY; /* a tap is still there: so are its rules */
	if (nft_apply(apply->nft, ops, apply->generation, &changed) == -1) {
		if (is_passing(errno))
			return CHANGED;
		return refuse(apply);
	}
	apply->generation += changed;
	keep_tables(apply, want);
	partly |= link_make(apply->link, ops) == -1;
	apply->n_ops -= link_waiting(apply->link);
	forget(apply, ops, want);
	return partly ? PARTLY : DONE;
}

/* Makes the tables look misshapen, so that they are made anew. False: there are none. */
static bool
spoil_tables(struct facts *have)
{
	bool any = false;

	for (size_t i = 0; i < have->n; i++)
		if (have->list[i].kind == FACT_TABLE) {
			memset(have->list[i].value, 0xff, sizeof(uint32_t));
			any = true;
		}
	return any;
}

/* Reads, compares and commits once. */
static enum committed
apply_once(struct apply *apply, const struct facts *want, bool anew)
{
	enum committed result = DONE;
	struct facts have;
	bool in_the_way;
	struct ops ops;

	apply->whole = false;
	if (read_despite(apply, want, &have, &in_the_way) == -1)
		return PARTLY;
	if ((anew && !spoil_tables(&have)) || diff_facts(&have, want, &ops) == -1) {
		complain(log_error, "%s", anew ? "there are no tables to make anew" : strerror(ENOMEM));
		facts_free(&have);
		return PARTLY;
	}
	apply->n_ops = ops.n;
	apply->n_forgotten = 0;
	if (ops.n)
		result = commit(apply, &ops, want);
	else
		keep_tables(apply, want);
	ops_free(&ops);
	facts_free(&have);
	apply->whole = !in_the_way && (result == DONE || result == PARTLY);
	return result == DONE && in_the_way ? PARTLY : result;
}

/*
 * What stands in the tables by another's hand may be of a kind that we do not read and that keeps ours from
 * going: a transaction that is refused is followed by one that makes them anew.
 */
int
apply_facts(struct apply *apply, const struct facts *want)
{
	enum committed result = CHANGED;
	bool anew = false;

	apply->missing = 0;
	complain_begin();
	for (int i = 0; i < COMMIT_TRIES && result == CHANGED; i++) {
		result = apply_once(apply, want, anew);
		if (result == REFUSED && !anew && !apply->missing) {
			log_debug("making the tables anew");
			anew = true;
			result = CHANGED;
		}
	}
	if (result == CHANGED)
		complain(log_error, "the nft tables change faster than they can be read; it is tried again");
	complain_end(apply->whole);
	apply->n_foreign = foreign_judge(&apply->others, want, apply->foreign);
	return result == DONE ? 0 : -1;
}
