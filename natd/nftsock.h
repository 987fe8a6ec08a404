/* What reading and writing nft share: the socket, and one dump. Shell, natd only. */
#ifndef NATD_NFTSOCK_H
#define NATD_NFTSOCK_H

#include "natd/fact.h"

#include <libmnl/libmnl.h>
#include <stdint.h>

enum { NFT_BUFFER = 1 << 18 }; /* of one message: an element list's attribute ends at 64 KiB */

struct nft {
	struct mnl_socket *socket;
	uint32_t seq;
	bool reading;
	char why[160];
	char buffer[NFT_BUFFER];
};

/* The head of a request in nft->buffer. */
struct nlmsghdr *nft_request(struct nft *, uint16_t type, uint16_t family, uint16_t flags);
/* Sends what stands in nft->buffer and calls back for every answer. -1: errno. */
int nft_ask(struct nft *, mnl_cb_t, void *arg);

/* The kernel's number of a fact's family, and back (0: neither of ours). */
uint16_t nft_family(uint8_t family);
uint8_t nft_family_fact(uint32_t family);
/* Of the kernel's family and name of a table: one of our two. */
bool nft_is_ours(const char *table, uint32_t family);

/* Adds the elements of one of our sets to facts. -1: errno. */
int nft_read_elements(struct nft *, struct facts *, uint8_t family, const char *set);

#endif
