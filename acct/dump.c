/* One question to the kernel; see dump.h. */
#include "acct/dump.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

enum { ANSWER_S = 2 };

int
dumper_open(struct dumper *d)
{
	const struct timeval wait = {.tv_sec = ANSWER_S};

	*d = (struct dumper){.sequence = (unsigned)time(NULL)};
	d->buffer = malloc(DUMP_BYTES);
	d->socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	if (!d->buffer || !d->socket || mnl_socket_bind(d->socket, 0, MNL_SOCKET_AUTOPID) == -1)
		return -1;
	return setsockopt(mnl_socket_get_fd(d->socket), SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
}

void
dumper_close(struct dumper *d)
{
	if (d->socket)
		mnl_socket_close(d->socket);
	free(d->buffer);
}

int
dump(struct dumper *d, const struct dump *what, void *arg)
{
	char request[MNL_NLMSG_HDRLEN + 64] = {0};
	struct nlmsghdr *message = mnl_nlmsg_put_header(request);
	unsigned port = mnl_socket_get_portid(d->socket);
	ssize_t n;
	int more = 1;

	message->nlmsg_type = what->type;
	message->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	message->nlmsg_seq = ++d->sequence;
	memcpy(mnl_nlmsg_put_extra_header(message, what->len), what->header, what->len);
	if (mnl_socket_sendto(d->socket, message, message->nlmsg_len) == -1)
		return -1;
	while (more > 0) {
		n = mnl_socket_recvfrom(d->socket, d->buffer, DUMP_BYTES);
		if (n == -1)
			return -1;
		more = mnl_cb_run(d->buffer, (size_t)n, d->sequence, port, what->on_message, arg);
		/* An answer to a question that was given up. */
		if (more == -1 && errno == EPROTO)
			more = 1;
	}
	return more;
}
