/* The socket to nf_tables, and whose tables are whose; see nftsock.h. */
#include "natd/nftsock.h"
#include "base/talk.h"
#include "natd/nft.h"

#include <errno.h>
#include <libnftnl/common.h>
#include <libnftnl/gen.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <stdlib.h>
#include <string.h>

struct nft *
nft_open(void)
{
	struct nft *nft = calloc(1, sizeof(*nft));
	int size = 8 << 20;

	if (!nft)
		return NULL;
	nft->socket = talk_open(NETLINK_NETFILTER, 0);
	if (!nft->socket)
		goto fail;
	/* A refused batch answers message by message. Without the right to force it the default has to do. */
	if (setsockopt(mnl_socket_get_fd(nft->socket), SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) ==
		-1 &&
	    errno != EPERM)
		goto fail;
	return nft;
fail:
	nft_close(nft);
	return NULL;
}

void
nft_close(struct nft *nft)
{
	int saved = errno;

	if (nft && nft->socket)
		mnl_socket_close(nft->socket);
	free(nft);
	errno = saved;
}

bool
nft_reading(const struct nft *nft)
{
	return nft->reading;
}

const char *
nft_why(const struct nft *nft)
{
	return nft->why;
}

uint16_t
nft_family(uint8_t family)
{
	return family == FAMILY_ARP ? NFPROTO_ARP : NFPROTO_INET;
}

uint8_t
nft_family_fact(uint32_t family)
{
	return family == NFPROTO_ARP ? FAMILY_ARP : family == NFPROTO_INET ? FAMILY_INET : 0;
}

struct nlmsghdr *
nft_request(struct nft *nft, uint16_t type, uint16_t family, uint16_t flags)
{
	return nftnl_nlmsg_build_hdr(nft->buffer, type, family, flags, ++nft->seq);
}

int
nft_ask(struct nft *nft, mnl_cb_t callback, void *arg)
{
	return talk(nft->socket, nft->buffer, sizeof(nft->buffer), callback, arg);
}

bool
nft_is_ours(const char *table, uint32_t family)
{
	return table && strcmp(table, "lodge") == 0 && nft_family_fact(family);
}

static int
on_generation(const struct nlmsghdr *message, void *arg)
{
	struct nftnl_gen *gen = nftnl_gen_alloc();
	uint32_t *generation = arg;

	if (gen && nftnl_gen_nlmsg_parse(message, gen) == 0)
		*generation = nftnl_gen_get_u32(gen, NFTNL_GEN_ID);
	nftnl_gen_free(gen);
	return MNL_CB_STOP;
}

int
nft_generation(struct nft *nft, uint32_t *generation)
{
	nft_request(nft, NFT_MSG_GETGEN, NFPROTO_UNSPEC, 0);
	return nft_ask(nft, on_generation, generation) == -1 ? -1 : 0;
}
