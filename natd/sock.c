/* The host's own sockets; see sock.h. */
#include "natd/sock.h"
#include "natd/talk.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

enum { SOCK_BUFFER = 1 << 16, DUMP_TRIES = 10, STATE_LISTEN = 10, STATE_CLOSE = 7 };

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
	sock->socket = mnl_socket_open2(NETLINK_SOCK_DIAG, SOCK_CLOEXEC);
	if (sock->socket && mnl_socket_bind(sock->socket, 0, MNL_SOCKET_AUTOPID) == 0)
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

static struct inet_diag_req_v2 *
request(struct sock *sock, uint8_t family, uint8_t protocol, uint16_t flags)
{
	struct nlmsghdr *head = mnl_nlmsg_put_header(sock->buffer);
	struct inet_diag_req_v2 *ask;

	head->nlmsg_type = SOCK_DIAG_BY_FAMILY;
	head->nlmsg_flags = NLM_F_REQUEST | flags;
	head->nlmsg_seq = ++sock->seq;
	ask = mnl_nlmsg_put_extra_header(head, sizeof(*ask));
	ask->sdiag_family = family;
	ask->sdiag_protocol = protocol;
	return ask;
}

struct listening {
	struct plan_ports *ports;
	uint8_t proto;
	unsigned passing_lo, passing_hi; /* ports that the kernel picks for clients */
};

static bool
is_loopback(const struct inet_diag_msg *found)
{
	const struct in6_addr *six = (const void *)found->id.idiag_src;
	const uint8_t *b = (const void *)found->id.idiag_src;

	if (found->idiag_family == AF_INET)
		return b[0] == 127;
	return IN6_IS_ADDR_LOOPBACK(six) || (IN6_IS_ADDR_V4MAPPED(six) && b[12] == 127);
}

static int
on_socket(const struct nlmsghdr *message, void *arg)
{
	const struct inet_diag_msg *found = mnl_nlmsg_get_payload(message);
	struct listening *listening = arg;
	uint16_t port;

	if (mnl_nlmsg_get_payload_len(message) < sizeof(*found))
		return MNL_CB_OK;
	port = ntohs(found->id.idiag_sport);
	if (port == 0 || is_loopback(found))
		return MNL_CB_OK;
	if (listening->proto == PROTO_UDP && port >= listening->passing_lo && port <= listening->passing_hi)
		return MNL_CB_OK;
	listening->ports->of[port] |= listening->proto;
	return MNL_CB_OK;
}

static int
list(struct sock *sock, uint8_t family, uint8_t protocol, struct listening *listening)
{
	int error = -1;

	for (int i = 0; i < DUMP_TRIES && error == -1; i++) {
		request(sock, family, protocol, NLM_F_DUMP)->idiag_states =
		    1u << (protocol == IPPROTO_TCP ? STATE_LISTEN : STATE_CLOSE);
		error = talk(sock->socket, sock->buffer, sizeof(sock->buffer), on_socket, listening);
		if (error == -1 && errno != EINTR)
			break;
	}
	return error;
}

static void
learn_passing(struct listening *listening)
{
	FILE *in = fopen("/proc/sys/net/ipv4/ip_local_port_range", "re");

	listening->passing_lo = 32768;
	listening->passing_hi = 60999;
	if (in && fscanf(in, "%u %u", &listening->passing_lo, &listening->passing_hi) != 2)
		listening->passing_hi = 0;
	if (in)
		fclose(in);
}

int
sock_listening(struct sock *sock, struct plan_ports *ports)
{
	static const uint8_t families[] = {AF_INET, AF_INET6};
	struct listening listening = {.ports = ports};

	memset(ports, 0, sizeof(*ports));
	if (!sock) {
		errno = EPROTONOSUPPORT;
		return -1;
	}
	learn_passing(&listening);
	for (size_t i = 0; i < sizeof(families); i++) {
		listening.proto = PROTO_TCP;
		if (list(sock, families[i], IPPROTO_TCP, &listening) == -1 && errno != ENOENT)
			return -1;
		listening.proto = PROTO_UDP;
		if (list(sock, families[i], IPPROTO_UDP, &listening) == -1 && errno != ENOENT)
			return -1;
	}
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
	struct inet_diag_req_v2 *ask;
	/* For UDP the kernel takes the two ends the other way round. */
	const struct addr *from = protocol == IPPROTO_UDP ? remote : local;
	const struct addr *to = protocol == IPPROTO_UDP ? local : remote;
	bool found = false;

	if (!sock)
		return false;
	ask = request(sock, local->ip.family == 6 ? AF_INET6 : AF_INET, protocol, 0);
	ask->idiag_states = UINT32_MAX;
	ask->id.idiag_cookie[0] = ask->id.idiag_cookie[1] = INET_DIAG_NOCOOKIE;
	ask->id.idiag_sport = htons(from->port);
	ask->id.idiag_dport = htons(to->port);
	memcpy(ask->id.idiag_src, from->ip.b, ip_len(&from->ip));
	memcpy(ask->id.idiag_dst, to->ip.b, ip_len(&to->ip));
	talk(sock->socket, sock->buffer, sizeof(sock->buffer), on_found, &found);
	return found;
}
