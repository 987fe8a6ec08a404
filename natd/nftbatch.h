/*
 * One nft transaction while it is put together: begin, messages, end; the kernel does all or nothing. Its begin
 * carries the generation that was read, so a change by anyone in between makes it fail with ERESTART instead of
 * being overwritten. Shell, natd only.
 */
#ifndef NATD_NFTBATCH_H
#define NATD_NFTBATCH_H

#include "natd/diff.h"
#include "natd/nftsock.h"

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

/* Puts what stands in nft->buffer behind the others. */
void batch_put(struct batch *);
/* What it was about. */
void batch_note(struct batch *, const char *format, ...) __attribute__((format(printf, 2, 3)));

void batch_begin(struct batch *, uint32_t generation);
void batch_end(struct batch *);
/* -1: errno, and nft->why names what was refused. */
int batch_send(struct batch *);

/* One message for one fact: it is made, or undone. */
void make_table(struct batch *, const struct fact *, bool add);
void make_counter(struct batch *, const struct fact *, bool add);
void make_limit(struct batch *, const struct fact *, bool add);
void make_set(struct batch *, const struct fact *, bool add);
void make_chain(struct batch *, const struct fact *, bool add);
void make_rules(struct batch *, const struct fact *, bool add); /* a chain's; undone: all that are in it */

/* One more rule at the end of a chain; family: a fact's. */
void make_rule(struct batch *, uint8_t family, const char *chain, const char *text);

/* Element operations of one set, from i on; returns the first index after them. */
size_t make_elements(struct batch *, const struct ops *, size_t i, bool add);

#endif
