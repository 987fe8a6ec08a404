/* One nft transaction: its bytes, sent, and what the kernel answers; see nftbatch.h. */
#include "natd/nftbatch.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libnftnl/common.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void
append(struct batch *batch, const struct nlmsghdr *message)
{
	size_t n = NLMSG_ALIGN(message->nlmsg_len);

	if (batch->n + n > batch->room) {
		size_t room = (batch->n + n) * 2;
		char *bytes = realloc(batch->bytes, room);

		if (!bytes) {
			batch->failed = true;
			return;
		}
		batch->bytes = bytes;
		batch->room = room;
	}
	memcpy(batch->bytes + batch->n, message, message->nlmsg_len);
	memset(batch->bytes + batch->n + message->nlmsg_len, 0, n - message->nlmsg_len);
	batch->n += n;
}

void
batch_note(struct batch *batch, const char *format, ...)
{
	struct about *about;
	va_list args;

	if (batch->n_about == batch->room_about) {
		size_t room = batch->room_about ? batch->room_about * 2 : 64;

		about = reallocarray(batch->about, room, sizeof(*about));
		if (!about) {
			batch->failed = true;
			return;
		}
		batch->about = about;
		batch->room_about = room;
	}
	about = &batch->about[batch->n_about++];
	about->seq = batch->nft->seq;
	va_start(args, format);
	vsnprintf(about->text, sizeof(about->text), format, args);
	va_end(args);
}

void
batch_put(struct batch *batch)
{
	append(batch, (struct nlmsghdr *)batch->nft->buffer);
}

void
batch_begin(struct batch *batch, uint32_t generation)
{
	struct nlmsghdr *message = nftnl_batch_begin(batch->nft->buffer, ++batch->nft->seq);

	mnl_attr_put_u32(message, NFNL_BATCH_GENID, htonl(generation));
	append(batch, message);
}

void
batch_end(struct batch *batch)
{
	append(batch, nftnl_batch_end(batch->nft->buffer, ++batch->nft->seq));
}

static const char *
about_seq(const struct batch *batch, uint32_t seq)
{
	for (size_t i = 0; i < batch->n_about; i++)
		if (batch->about[i].seq == seq)
			return batch->about[i].text;
	return "the transaction";
}

/* The kernel has done the batch when send returns, and its answers lie waiting: refusals only. */
static int
read_answers(struct batch *batch)
{
	struct nft *nft = batch->nft;
	int fd = mnl_socket_get_fd(nft->socket), error = 0;
	bool lost = false;
	ssize_t n;

	while ((n = recv(fd, nft->buffer, sizeof(nft->buffer), MSG_DONTWAIT)) > 0 ||
	       (n == -1 && errno == ENOBUFS)) {
		int left = (int)n;

		lost |= n == -1;
		for (struct nlmsghdr *m = (struct nlmsghdr *)nft->buffer; n > 0 && mnl_nlmsg_ok(m, left);
		     m = mnl_nlmsg_next(m, &left)) {
			const struct nlmsgerr *refusal = mnl_nlmsg_get_payload(m);

			if (m->nlmsg_type != NLMSG_ERROR || refusal->error == 0 || error)
				continue;
			error = -refusal->error;
			snprintf(nft->why, sizeof(nft->why), "%s", about_seq(batch, refusal->msg.nlmsg_seq));
		}
	}
	if (n == -1 && errno != EAGAIN && !error)
		error = errno;
	if (lost && !error)
		error = ENOBUFS; /* a refusal may have been among what was lost */
	errno = error;
	return error ? -1 : 0;
}

int
batch_send(struct batch *batch)
{
	int fd = mnl_socket_get_fd(batch->nft->socket);
	int room = (int)batch->n * 2 + (1 << 16);

	if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof(room)) == -1 && errno != EPERM)
		return -1;
	if (mnl_socket_sendto(batch->nft->socket, batch->bytes, batch->n) == -1)
		return -1;
	return read_answers(batch);
}
