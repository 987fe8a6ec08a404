/* Whose process is at the other end; see peer.h. */
#include "web/peer.h"

#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ANSWER_BYTES = 8192 };

struct peers {
	int fd;
	uint32_t seq;
};

struct question {
	struct nlmsghdr head;
	struct inet_diag_req_v2 body;
};

struct peers *
peers_open(void)
{
	const struct timeval wait = {.tv_sec = 1};
	struct peers *p = calloc(1, sizeof(*p));
	int saved;

	if (!p)
		return NULL;
	p->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
	if (p->fd == -1 || setsockopt(p->fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait)) == -1) {
		saved = errno;
		peers_close(p);
		errno = saved;
		return NULL;
	}
	return p;
}

void
peers_close(struct peers *p)
{
	if (p && p->fd != -1)
		close(p->fd);
	free(p);
}

/* Address and port of one end. */
static void
take_end(const struct sockaddr_storage *sa, __be16 *port, __be32 address[4])
{
	const struct sockaddr_in *in = (const struct sockaddr_in *)sa;
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)sa;

	if (sa->ss_family == AF_INET) {
		*port = in->sin_port;
		memcpy(address, &in->sin_addr, 4);
	} else {
		*port = in6->sin6_port; /* NOLINT: getsockname(2) has filled it */
		memcpy(address, &in6->sin6_addr, 16);
	}
}

/* The socket at the other end: its own address is our peer's. */
static bool
ask(struct peers *p, int fd, struct question *out)
{
	struct question q = {
	    .head = {.nlmsg_len = sizeof(q), .nlmsg_type = SOCK_DIAG_BY_FAMILY, .nlmsg_flags = NLM_F_REQUEST},
	    .body = {.sdiag_protocol = IPPROTO_TCP, .idiag_states = ~0u}};
	struct sockaddr_storage here = {0}, there = {0};
	socklen_t n = sizeof(here), m = sizeof(there);

	if (getsockname(fd, (struct sockaddr *)&here, &n) == -1 ||
	    getpeername(fd, (struct sockaddr *)&there, &m) == -1)
		return false;
	q.head.nlmsg_seq = ++p->seq;
	q.body.sdiag_family = (uint8_t)there.ss_family;
	q.body.id.idiag_cookie[0] = q.body.id.idiag_cookie[1] = INET_DIAG_NOCOOKIE;
	take_end(&there, &q.body.id.idiag_sport, q.body.id.idiag_src);
	take_end(&here, &q.body.id.idiag_dport, q.body.id.idiag_dst);
	*out = q;
	return send(p->fd, &q, sizeof(q), 0) == (ssize_t)sizeof(q);
}

/*
 * The other end itself, which somebody holds: where the kernel finds none, as when it is bound to a device, it goes on
 * to who listens at its port, and what was closed is told as root's.
 */
static bool
is_other_end(const struct inet_diag_msg *said, const struct inet_diag_req_v2 *asked)
{
	bool alive = said->idiag_state == TCP_ESTABLISHED || said->idiag_state == TCP_CLOSE_WAIT ||
		     said->idiag_state == TCP_FIN_WAIT1 || said->idiag_state == TCP_FIN_WAIT2;

	return alive && said->idiag_inode != 0 && said->idiag_family == asked->sdiag_family &&
	       said->id.idiag_sport == asked->id.idiag_sport &&
	       said->id.idiag_dport == asked->id.idiag_dport &&
	       memcmp(said->id.idiag_src, asked->id.idiag_src, sizeof(said->id.idiag_src)) == 0 &&
	       memcmp(said->id.idiag_dst, asked->id.idiag_dst, sizeof(said->id.idiag_dst)) == 0;
}

bool
peer_is(struct peers *p, int fd, unsigned uid)
{
	union {
		struct nlmsghdr head;
		char bytes[ANSWER_BYTES];
	} in;
	struct question asked;

	if (!ask(p, fd, &asked))
		return false;
	for (;;) {
		ssize_t n = recv(p->fd, &in, sizeof(in), 0);
		const struct inet_diag_msg *said = NLMSG_DATA(&in.head);

		if (n == -1 && errno == EINTR)
			continue;
		if (n < (ssize_t)sizeof(in.head) || in.head.nlmsg_len > (size_t)n)
			return false;
		if (in.head.nlmsg_seq != p->seq)
			continue; /* of a question that was given up */
		if (in.head.nlmsg_type != SOCK_DIAG_BY_FAMILY ||
		    in.head.nlmsg_len < NLMSG_LENGTH(sizeof(struct inet_diag_msg)))
			return false;
		return is_other_end(said, &asked.body) && (said->idiag_uid == 0 || said->idiag_uid == uid);
	}
}

static bool
is_loopback(const struct ip *ip)
{
	static const uint8_t one[16] = {[15] = 1};

	return ip->family == 4 ? ip->b[0] == 127 : memcmp(ip->b, one, 16) == 0;
}

/* To an address of this host the kernel connects from that address. */
bool
peer_is_here(int fd, const struct ip *peer)
{
	struct sockaddr_storage sa;
	socklen_t n = sizeof(sa);
	struct addr here;

	return is_loopback(peer) ||
	       (getsockname(fd, (struct sockaddr *)&sa, &n) == 0 &&
		   addr_from_sockaddr((struct sockaddr *)&sa, &here) == 0 && ip_cmp(&here.ip, peer) == 0);
}
