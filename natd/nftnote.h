/* One message of a dump → facts of what is ours. Called back by libmnl; arg: struct nft_state. Shell, for nftread.c. */
#ifndef NATD_NFTNOTE_H
#define NATD_NFTNOTE_H

#include "natd/nft.h"

#include <libmnl/libmnl.h>

int note_table(const struct nlmsghdr *, void *state);
int note_chain(const struct nlmsghdr *, void *state); /* and somebody else's that drops what is forwarded */
int note_set(const struct nlmsghdr *, void *state);
int note_object(const struct nlmsghdr *, void *state);
int note_rule(const struct nlmsghdr *, void *state); /* after its chain */

#endif
