/* The host's own sockets; see sock.h. */
#include "natd/sock.h"
#include "base/talk.h"
#include "conf/host.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <stdlib.h>
#include <sys/socket.h>

enum { SOCK_BUFFER = 1 << 16 };

struct sock {
	struct mnl_socket *socket;
	uint32_t seq;
	char buffer[SOCK_BUFFER];
};

struct sock *
sock_open(void)
{
	struct sock *sock = calloc(1, sizeof(*sock));

	if (!sock)
		return NULL;
	sock->socket = talk_open(NETLINK_SOCK_DIAG, 0);
	if (sock->socket)
		return sock;
	sock_close(sock);
	return NULL;
}

void
sock_close(struct sock *sock)
{
	int saved = errno;

	if (sock && sock->socket)
		mnl_socket_close(sock->socket);
	free(sock);
	errno = saved;
}

int
sock_listening(struct plan_ports *ports)
{
	if (listeners_read(ports->of) == -1)
		return -1;
	for (size_t i = 0; i < HOST_PORTS; i++)
		ports->of[i] &= PROTO_BOTH | PROTO_BOTH * HOST_PERSONAL;
	return 0;
}

static int
on_found(const struct nlmsghdr *message, void *arg)
{
	const struct inet_diag_msg *socket = mnl_nlmsg_get_payload(message);
	bool *found = arg;

	/* A socket that waits for anybody has no other end. */
	*found = mnl_nlmsg_get_payload_len(message) >= sizeof(*socket) && socket->id.idiag_dport != 0;
	return MNL_CB_STOP;
}

bool
sock_is(struct sock *sock, uint8_t protocol, const struct addr *local, const struct addr *remote)
{
	struct nlmsghdr *head;
	struct inet_diag_req_v2 *ask;
	/* For UDP the kernel takes the two ends the other way round. */
	const struct addr *from = protocol == IPPROTO_UDP ? remote : local;
	const struct addr *to = protocol == IPPROTO_UDP ? local : remote;
	bool found = false;

	if (!sock)
		return false;
	head = mnl_nlmsg_put_header(sock->buffer);
	head->nlmsg_type = SOCK_DIAG_BY_FAMILY;
	head->nlmsg_flags = NLM_F_REQUEST;
	head->nlmsg_seq = ++sock->seq;
	ask = mnl_nlmsg_put_extra_header(head, sizeof(*ask));
	ask->sdiag_family = local->ip.family == 6 ? AF_INET6 : AF_INET;
	ask->sdiag_protocol = protocol;
	ask->idiag_states = UINT32_MAX;
	ask->id.idiag_cookie[0] = ask->id.idiag_cookie[1] = INET_DIAG_NOCOOKIE;
	ask->id.idiag_sport = htons(from->port);
	ask->id.idiag_dport = htons(to->port);
	memcpy(ask->id.idiag_src, from->ip.b, ip_len(&from->ip));
	memcpy(ask->id.idiag_dst, to->ip.b, ip_len(&to->ip));
	talk(sock->socket, sock->buffer, sizeof(sock->buffer), on_found, &found);
	return found;
}
