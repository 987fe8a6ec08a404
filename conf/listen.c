/*
 * The ports on which programs of the host wait for anybody, by sock_diag: the kernel then looks through its listeners
 * alone, where /proc/net/tcp, which serves where there is no sock_diag, makes it look through the table of all
 * connections.
 */
#include "conf/host.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	ROOM = 1 << 15,
	TRIES = 10, /* while sockets come and go */
	STATE_LISTEN = 10, /* TCP_LISTEN, netinet's and the kernel's */
	STATE_UNCONNECTED = 7, /* UDP's, which is TCP_CLOSE */
};

/* One protocol's; of UDP, ports from lo to hi are those that the kernel may have picked for a client. */
struct reading {
	uint8_t *seen;
	uint8_t proto;
	unsigned lo, hi;
	unsigned free; /* from which port on anybody may listen */
	unsigned port; /* not 0: whose is that? */
	int64_t uid;
};

static unsigned
state_of(const struct reading *r)
{
	return r->proto == PROTO_TCP ? STATE_LISTEN : STATE_UNCONNECTED;
}

/* An address as it lies in memory. */
static bool
is_loopback(const uint32_t words[4], bool six)
{
	struct in6_addr a;

	if (!six)
		return ntohl(words[0]) >> 24 == 127;
	memcpy(&a, words, sizeof(a));
	return IN6_IS_ADDR_LOOPBACK(&a) || (IN6_IS_ADDR_V4MAPPED(&a) && a.s6_addr[12] == 127);
}

/* Neither root's nor a system account's; systemd gives services that bring none with them uids from 61184 on. */
static bool
is_person(uint32_t uid)
{
	return (uid >= 1000 && uid < 61184) || uid > 65535;
}

static void
note(struct reading *r, const uint32_t words[4], bool six, unsigned port, uint32_t uid)
{
	if (port == 0 || port >= HOST_PORTS || is_loopback(words, six))
		return;
	if (r->port == port)
		r->uid = uid;
	if (r->proto == PROTO_UDP && port >= r->lo && port <= r->hi)
		r->seen[port] |= HOST_PASSING;
	else if (port >= r->free && is_person(uid))
		r->seen[port] |= HOST_PERSONAL * r->proto;
	else
		r->seen[port] |= r->proto;
}

/* --- sock_diag ---------------------------------------------------------------------------------------------- */

/* 1: there is more to come; 0: that was all; -1: errno. */
static int
take_answers(struct reading *r, const char *buffer, ssize_t n)
{
	const struct nlmsghdr *head = (const struct nlmsghdr *)buffer;
	int left = (int)n;

	for (; NLMSG_OK(head, left); head = NLMSG_NEXT(head, left)) {
		const struct inet_diag_msg *m = NLMSG_DATA(head);

		if (head->nlmsg_type == NLMSG_DONE)
			return 0;
		if (head->nlmsg_type == NLMSG_ERROR || (head->nlmsg_flags & NLM_F_DUMP_INTR)) {
			errno = head->nlmsg_type == NLMSG_ERROR ? EIO : EINTR;
			return -1;
		}
		if (head->nlmsg_type == SOCK_DIAG_BY_FAMILY && head->nlmsg_len >= NLMSG_LENGTH(sizeof(*m)))
			note(r, m->id.idiag_src, m->idiag_family == AF_INET6, ntohs(m->id.idiag_sport),
			    m->idiag_uid);
	}
	return 1;
}

static int
ask_once(struct reading *r, uint8_t family)
{
	struct {
		struct nlmsghdr head;
		struct inet_diag_req_v2 wanted;
	} request = {
	    .head = {sizeof(request), SOCK_DIAG_BY_FAMILY, NLM_F_REQUEST | NLM_F_DUMP, 0, 0},
	    .wanted = {family, r->proto == PROTO_TCP ? IPPROTO_TCP : IPPROTO_UDP, 0, 0, 1u << state_of(r),
		{0}},
	};
	struct sockaddr_nl us = {.nl_family = AF_NETLINK};
	_Alignas(struct nlmsghdr) char buffer[ROOM];
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG), more = -1, saved;

	/* Bound, so that whoever traces the program is told what is asked. */
	if (fd != -1 && bind(fd, (struct sockaddr *)&us, sizeof(us)) == 0 &&
	    send(fd, &request, sizeof(request), 0) != -1)
		more = 1;
	while (more == 1) {
		ssize_t n = recv(fd, buffer, sizeof(buffer), 0);

		more = n > 0 ? take_answers(r, buffer, n) : -1;
	}
	saved = errno;
	if (fd != -1)
		close(fd);
	errno = saved;
	return more;
}

static int
ask(struct reading *r, uint8_t family)
{
	int error = -1;

	errno = EINTR;
	for (int i = 0; i < TRIES && error == -1 && errno == EINTR; i++)
		error = ask_once(r, family);
	return error;
}

/* --- /proc -------------------------------------------------------------------------------------------------- */

/* Eight or thirty-two hex digits, each eight a word as it lies in memory. True: the latter. */
static bool
take_words(const char *hex, uint32_t words[4])
{
	size_t n = strlen(hex) / 8;
	char word[9] = "";

	for (size_t i = 0; i < n && i < 4; i++) {
		memcpy(word, hex + i * 8, 8);
		words[i] = (uint32_t)strtoul(word, NULL, 16);
	}
	return n > 1;
}

static int
read_file(struct reading *r, const char *path)
{
	FILE *in = fopen(path, "re");
	char line[512], local[33];
	unsigned port, state, uid;

	if (!in)
		return -1;
	while (fgets(line, sizeof(line), in)) {
		uint32_t words[4] = {0};
		bool six;

		if (sscanf(line, " %*u: %32[0-9A-F]:%x %*[0-9A-F]:%*x %x %*x:%*x %*x:%*x %*x %u", local,
			&port, &state, &uid) != 4 ||
		    state != state_of(r))
			continue;
		six = take_words(local, words);
		note(r, words, six, port, uid);
	}
	fclose(in);
	return 0;
}

static int
read_protocol(struct reading *r, const char *path, const char *path6)
{
	if (ask(r, AF_INET) == 0 && ask(r, AF_INET6) == 0)
		return 0;
	if (read_file(r, path) == -1)
		return -1;
	read_file(r, path6); /* a kernel may have no IPv6 */
	return 0;
}

static int
numbers_in(const char *path, unsigned *a, unsigned *b)
{
	FILE *in = fopen(path, "re");
	unsigned none;
	int n = in ? fscanf(in, "%u %u", a, b ? b : &none) : 0;

	if (in)
		fclose(in);
	return n;
}

static int
read_all(struct reading *r, uint8_t seen[HOST_PORTS], uint8_t protos)
{
	r->seen = seen;
	r->lo = 32768;
	r->hi = 60999;
	r->free = 1024;
	if (numbers_in("/proc/sys/net/ipv4/ip_local_port_range", &r->lo, &r->hi) == 1)
		r->lo = r->hi = 0;
	numbers_in("/proc/sys/net/ipv4/ip_unprivileged_port_start", &r->free, NULL);
	memset(seen, 0, HOST_PORTS);
	r->proto = PROTO_TCP;
	if ((protos & PROTO_TCP) && read_protocol(r, "/proc/net/tcp", "/proc/net/tcp6") == -1)
		return -1;
	r->proto = PROTO_UDP;
	return protos & PROTO_UDP ? read_protocol(r, "/proc/net/udp", "/proc/net/udp6") : 0;
}

int
listeners_read(uint8_t seen[HOST_PORTS])
{
	struct reading r = {0};

	return read_all(&r, seen, PROTO_BOTH);
}

int64_t
listener_uid(uint16_t port, uint8_t proto)
{
	struct reading r = {.port = port, .uid = -1};
	uint8_t *seen = malloc(HOST_PORTS);

	if (seen)
		read_all(&r, seen, proto);
	free(seen);
	return r.uid;
}
