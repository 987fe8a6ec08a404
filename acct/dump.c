/* One question to the kernel; see dump.h. */
#include "acct/dump.h"
#include "base/talk.h"

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
	d->socket = talk_open(NETLINK_ROUTE, 0);
	if (!d->buffer || !d->socket)
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
	struct nlmsghdr *message = mnl_nlmsg_put_header(d->buffer);

	message->nlmsg_type = what->type;
	message->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	message->nlmsg_seq = ++d->sequence;
	memcpy(mnl_nlmsg_put_extra_header(message, what->len), what->header, what->len);
	return talk(d->socket, d->buffer, DUMP_BYTES, what->on_message, arg);
}
