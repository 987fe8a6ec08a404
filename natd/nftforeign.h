/* What the kernel says of other tools' chains → struct foreign. Shell, for nftnote.c and nftread.c. */
#ifndef NATD_NFTFOREIGN_H
#define NATD_NFTFOREIGN_H

#include "natd/foreign.h"

struct nft;
struct nftnl_chain;

/* A chain that is not ours: kept where it is at hook forward. */
void foreign_note_chain(struct foreign *, struct nftnl_chain *);

/* The rules of the tables in which one was. -1: errno. */
int foreign_read(struct nft *, struct foreign *);

#endif
