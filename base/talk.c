/* A netlink socket, and one request on it with all its answers; see talk.h. */
#include "base/talk.h"

#include <errno.h>
#include <stdbool.h>
#include <sys/socket.h>

struct mnl_socket *
talk_open(int bus, int flags)
{
	struct mnl_socket *socket = mnl_socket_open2(bus, SOCK_CLOEXEC | flags);
	int saved;

	if (!socket || mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) == 0)
		return socket;
	saved = errno;
	mnl_socket_close(socket);
	errno = saved;
	return NULL;
}

static bool
is_last(const void *buffer, size_t n)
{
	int left = (int)n;

	for (const struct nlmsghdr *m = buffer; mnl_nlmsg_ok(m, left); m = mnl_nlmsg_next(m, &left))
		if (m->nlmsg_type == NLMSG_DONE || m->nlmsg_type == NLMSG_ERROR)
			return true;
	return false;
}

/* What a request that failed half-way left unread would be taken for the answer to this one. */
static void
discard(struct mnl_socket *socket)
{
	ssize_t n;
	char byte;

	do
		n = recv(mnl_socket_get_fd(socket), &byte, 1, MSG_DONTWAIT | MSG_TRUNC);
	while (n > 0 || (n == -1 && errno == ENOBUFS));
}

/*
 * An interrupted list says so in each further message and still comes to its end. It must be read up to
 * there: the kernel begins no other list on this socket before.
 */
int
talk(struct mnl_socket *socket, void *buffer, size_t room, mnl_cb_t callback, void *arg)
{
	const struct nlmsghdr *request = buffer;
	unsigned port = mnl_socket_get_portid(socket);
	unsigned seq = request->nlmsg_seq;
	bool interrupted = false;
	int more = 1;

	discard(socket);
	if (mnl_socket_sendto(socket, request, request->nlmsg_len) == -1)
		return -1;
	while (more > 0) {
		ssize_t n = mnl_socket_recvfrom(socket, buffer, room);

		if (n == -1)
			return -1;
		if (!interrupted)
			more = mnl_cb_run(buffer, (size_t)n, seq, port, callback, arg);
		if (more == -1 && errno == EINTR)
			interrupted = true;
		if (interrupted)
			more = !is_last(buffer, (size_t)n);
	}
	if (interrupted)
		errno = EINTR;
	return interrupted ? -1 : more;
}
