/*
 * The kernel's nft tables through libnftnl: read into facts, changed by operations in one transaction.
 * Errors: -1 and errno; nft_why says in words what the kernel refused.
 */
#ifndef NATD_NFT_H
#define NATD_NFT_H

#include "natd/diff.h"
#include "natd/fact.h"
#include "natd/foreign.h"

#include <jansson.h>

struct nft_state {
	struct facts facts; /* of our two tables; unsorted */
	uint32_t generation;
	struct foreign foreign; /* of the others' */
};

struct nft;

struct nft *nft_open(void);
void nft_close(struct nft *);

/* EPERM: not allowed to ask. The caller frees state->facts and state->foreign. */
int nft_read(struct nft *, struct nft_state *);

/* The number of the tables' last change, by anybody; -1: errno. */
int nft_generation(struct nft *, uint32_t *);

/*
 * All nft operations of the list, or none. ERESTART: the tables changed since that generation; read again.
 * *changed says whether anything was sent.
 */
int nft_apply(struct nft *, const struct ops *, uint32_t generation, bool *changed);

/*
 * The features (feature.h) that the kernel refuses when asked for each alone, as bits; 0 also where nothing can be
 * asked. What is asked is never in force.
 */
uint32_t nft_missing(struct nft *);
/* 0, or the errno of what everything stands on: a table, a chain that filters, tracked connections. */
int nft_refusal(struct nft *);

/* {"spoofed": packets, …} of all counters; a new reference, NULL: errno. */
json_t *nft_counters(struct nft *);

/* Whether the last thing asked was what is there. */
bool nft_reading(const struct nft *);

const char *nft_why(const struct nft *); /* of the last failure, "" where errno says it all */

#endif
