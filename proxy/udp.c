/* Datagrams in batches; see udp.h. */
#include "proxy/udp.h"

#include <errno.h>
#include <netinet/in.h>
#include <unistd.h>

enum { ECN_BITS = 3 };

static void
set(int fd, int level, int name, int value)
{
	setsockopt(fd, level, name, &value, sizeof(value));
}

/* Datagrams keep their size: QUIC finds the path's by trying, and nothing here cuts them in pieces (RFC 9000 14). */
void
udp_prepare(int fd, uint8_t family)
{
	set(fd, IPPROTO_IP, IP_RECVTOS, 1);
	set(fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_PROBE);
	if (family == 4)
		return;
	set(fd, IPPROTO_IPV6, IPV6_RECVTCLASS, 1);
	set(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_PROBE);
}

/* Beyond the system's ceiling where we may; all clients of a worker share it. */
static void
set_buffer(int fd, int forced, int asked)
{
	int bytes = UDP_BUFFER_BYTES;

	if (setsockopt(fd, SOL_SOCKET, forced, &bytes, sizeof(bytes)) == -1)
		set(fd, SOL_SOCKET, asked, bytes);
}

void
udp_prepare_door(int fd, uint8_t family)
{
	set_buffer(fd, SO_RCVBUFFORCE, SO_RCVBUF);
	set_buffer(fd, SO_SNDBUFFORCE, SO_SNDBUF);
	if (family == 6)
		set(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
	else
		set(fd, IPPROTO_IP, IP_PKTINFO, 1);
	udp_prepare(fd, family);
}

static int
listen_family(uint16_t port, uint8_t family)
{
	struct addr any = {.ip.family = family, .port = port};
	struct sockaddr_storage sa;
	socklen_t len = addr_to_sockaddr(&any, &sa);
	int fd = socket(sa.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), saved;

	if (fd == -1)
		return -1;
	set(fd, SOL_SOCKET, SO_REUSEPORT, 1);
	if (family == 6)
		set(fd, IPPROTO_IPV6, IPV6_V6ONLY, 0);
	udp_prepare_door(fd, family);
	if (bind(fd, (struct sockaddr *)&sa, len) == 0)
		return fd;
	saved = errno;
	close(fd);
	errno = saved;
	return -1;
}

int
udp_listen(uint16_t port)
{
	int fd = listen_family(port, 6);

	if (fd != -1 || (errno != EAFNOSUPPORT && errno != EADDRNOTAVAIL))
		return fd;
	return listen_family(port, 4);
}

/* --- in -------------------------------------------------------------------------------------------------------- */

static struct ip
ip_of(uint8_t family, const void *bytes)
{
	struct sockaddr_storage sa = {0};
	struct addr out = {0};

	if (family == 4) {
		((struct sockaddr_in *)&sa)->sin_family = AF_INET;
		memcpy(&((struct sockaddr_in *)&sa)->sin_addr, bytes, 4);
	} else {
		((struct sockaddr_in6 *)&sa)->sin6_family = AF_INET6;
		memcpy(&((struct sockaddr_in6 *)&sa)->sin6_addr, bytes, 16);
	}
	addr_from_sockaddr((struct sockaddr *)&sa, &out);
	return out.ip;
}

static void
read_control(struct msghdr *m, struct udp_datagram *d)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
		struct in_pktinfo info;
		struct in6_pktinfo info6;
		int value;

		if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
			memcpy(&info, CMSG_DATA(c), sizeof(info));
			d->local = ip_of(4, &info.ipi_addr);
		} else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
			memcpy(&info6, CMSG_DATA(c), sizeof(info6));
			d->local = ip_of(6, &info6.ipi6_addr);
		} else if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_TOS) {
			d->ecn = *CMSG_DATA(c) & ECN_BITS;
		} else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_TCLASS) {
			memcpy(&value, CMSG_DATA(c), sizeof(value));
			d->ecn = (uint8_t)value & ECN_BITS;
		}
	}
}

int
udp_receive(int fd, struct udp_batch *b)
{
	int n;

	for (size_t i = 0; i < UDP_BATCH; i++) {
		b->parts[i] = (struct iovec){b->room[i], UDP_ROOM};
		b->headers[i].msg_hdr = (struct msghdr){.msg_iov = &b->parts[i],
		    .msg_iovlen = 1,
		    .msg_name = &b->names[i],
		    .msg_namelen = sizeof(b->names[i]),
		    .msg_control = b->control[i],
		    .msg_controllen = UDP_CONTROL};
	}
	n = recvmmsg(fd, b->headers, UDP_BATCH, 0, NULL);
	if (n == -1)
		return errno == EAGAIN || errno == EINTR ? 0 : -1;
	for (int i = 0; i < n; i++) {
		struct msghdr *m = &b->headers[i].msg_hdr;
		struct udp_datagram *d = &b->list[i];

		*d = (struct udp_datagram){.bytes = span_of(b->room[i], b->headers[i].msg_len)};
		if (m->msg_flags & MSG_TRUNC)
			d->bytes = (struct span){0};
		if (m->msg_namelen > 0)
			addr_from_sockaddr((struct sockaddr *)&b->names[i], &d->from);
		read_control(m, d);
	}
	return n;
}

/* --- out ------------------------------------------------------------------------------------------------------- */

static void
add_control(struct msghdr *m, int level, int type, const void *data, size_t n)
{
	struct cmsghdr *c = (struct cmsghdr *)((char *)m->msg_control + m->msg_controllen);

	c->cmsg_level = level;
	c->cmsg_type = type;
	c->cmsg_len = CMSG_LEN(n);
	memcpy(CMSG_DATA(c), data, n);
	m->msg_controllen += CMSG_SPACE(n);
}

/* An IPv4 address as a socket of IPv6 wants it. */
static void
to_ip6(const struct ip *ip, uint8_t *out)
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

	if (ip->family == 4) {
		memcpy(out, mapped, sizeof(mapped));
		memcpy(out + sizeof(mapped), ip->b, 4);
	} else {
		memcpy(out, ip->b, 16);
	}
}

static socklen_t
write_name(const struct addr *to, uint8_t family, struct sockaddr_storage *sa)
{
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)sa;

	if (family == 4)
		return addr_to_sockaddr(to, sa);
	*in6 = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_port = htons(to->port)};
	to_ip6(&to->ip, in6->sin6_addr.s6_addr);
	return sizeof(*in6);
}

static void
write_control(struct msghdr *m, uint8_t family, const struct ip *local, uint8_t ecn, bool is_ip4)
{
	int value = ecn;

	if (local && ip_is_set(local) && family == 6) {
		struct in6_pktinfo info = {0};

		to_ip6(local, info.ipi6_addr.s6_addr);
		add_control(m, IPPROTO_IPV6, IPV6_PKTINFO, &info, sizeof(info));
	} else if (local && ip_is_set(local)) {
		struct in_pktinfo info = {0};

		memcpy(&info.ipi_spec_dst, local->b, 4);
		add_control(m, IPPROTO_IP, IP_PKTINFO, &info, sizeof(info));
	}
	if (ecn && is_ip4)
		add_control(m, IPPROTO_IP, IP_TOS, &value, sizeof(value));
	else if (ecn)
		add_control(m, IPPROTO_IPV6, IPV6_TCLASS, &value, sizeof(value));
	if (m->msg_controllen == 0)
		m->msg_control = NULL;
}

size_t
udp_send(int fd, uint8_t family, const struct udp_datagram *list, size_t n, const struct addr *to,
    const struct ip *local, int *error)
{
	struct mmsghdr headers[UDP_BATCH] = {0};
	struct iovec parts[UDP_BATCH];
	char control[UDP_BATCH][UDP_CONTROL] __attribute__((aligned(8)));
	struct sockaddr_storage sa;
	socklen_t len = to ? write_name(to, family, &sa) : 0;
	bool is_ip4 = to ? to->ip.family == 4 : family == 4;
	size_t sent = 0;

	*error = 0;
	for (size_t i = 0; i < n; i++) {
		struct msghdr *m = &headers[i].msg_hdr;

		parts[i] = (struct iovec){(void *)(uintptr_t)list[i].bytes.ptr, list[i].bytes.len};
		*m = (struct msghdr){.msg_iov = &parts[i],
		    .msg_iovlen = 1,
		    .msg_name = to ? &sa : NULL,
		    .msg_namelen = len,
		    .msg_control = control[i]};
		write_control(m, family, local, list[i].ecn, is_ip4);
	}
	for (size_t at = 0; at < n;) {
		int k = sendmmsg(fd, headers + at, (unsigned)(n - at), 0);

		if (k > 0)
			sent += (size_t)k;
		else
			*error = errno;
		if (k <= 0 && (errno == EAGAIN || errno == ENOBUFS))
			break;
		at += k > 0 ? (size_t)k : 1;
	}
	return sent;
}
