/*
 * The ports that TCP listens on, by sock_diag: the kernel then looks through its listeners alone, where /proc/net/tcp
 * makes it look through the table of all connections.
 */
#include "conf/host.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ROOM = 1 << 15, STATE_LISTEN = 10 /* TCP_LISTEN, netinet's and the kernel's */ };

static bool
binds_loopback(const struct inet_diag_msg *m)
{
	struct in6_addr a;

	if (m->idiag_family == AF_INET)
		return ntohl(m->id.idiag_src[0]) >> 24 == 127;
	memcpy(&a, m->id.idiag_src, sizeof(a));
	return IN6_IS_ADDR_LOOPBACK(&a) || (IN6_IS_ADDR_V4MAPPED(&a) && a.s6_addr[12] == 127);
}

/* 1: there is more to come; 0: that was all; -1: errno. */
static int
take_answers(const char *buffer, ssize_t n, uint8_t bit, uint8_t *seen)
{
	const struct nlmsghdr *head = (const struct nlmsghdr *)buffer;
	int left = (int)n;

	for (; NLMSG_OK(head, left); head = NLMSG_NEXT(head, left)) {
		const struct inet_diag_msg *m = NLMSG_DATA(head);

		if (head->nlmsg_type == NLMSG_DONE)
			return 0;
		if (head->nlmsg_type == NLMSG_ERROR || (head->nlmsg_flags & NLM_F_DUMP_INTR)) {
			errno = EIO;
			return -1;
		}
		if (head->nlmsg_type == SOCK_DIAG_BY_FAMILY && head->nlmsg_len >= NLMSG_LENGTH(sizeof(*m)) &&
		    !binds_loopback(m))
			seen[ntohs(m->id.idiag_sport)] |= bit;
	}
	return 1;
}

static int
ask(int fd, uint8_t family, uint8_t bit, uint8_t *seen)
{
	struct {
		struct nlmsghdr head;
		struct inet_diag_req_v2 wanted;
	} request = {
	    .head = {sizeof(request), SOCK_DIAG_BY_FAMILY, NLM_F_REQUEST | NLM_F_DUMP, 0, 0},
	    .wanted = {family, IPPROTO_TCP, 0, 0, 1u << STATE_LISTEN, {0}},
	};
	_Alignas(struct nlmsghdr) char buffer[ROOM];
	int more = 1;

	if (send(fd, &request, sizeof(request), 0) == -1)
		return -1;
	while (more == 1) {
		ssize_t n = recv(fd, buffer, sizeof(buffer), 0);

		if (n <= 0)
			return -1;
		more = take_answers(buffer, n, bit, seen);
	}
	return more;
}

int
listeners_read(uint8_t bit, uint8_t *seen)
{
	struct sockaddr_nl us = {.nl_family = AF_NETLINK};
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG), error = -1;

	/* Bound, so that whoever traces the program is told what is asked. */
	if (fd != -1 && bind(fd, (struct sockaddr *)&us, sizeof(us)) == 0 && ask(fd, AF_INET, bit, seen) == 0)
		error = ask(fd, AF_INET6, bit, seen);
	if (fd != -1)
		close(fd);
	return error;
}
