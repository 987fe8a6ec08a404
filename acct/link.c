/* Interfaces as the kernel tells of them; see link.h. */
#include "acct/link.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
	DUMP_BYTES = 65536,
	EVENT_ROOM = 4 << 20, /* of the socket, for bursts of interfaces */
	DUMP_TRIES = 4,
	ANSWER_S = 2,
};

struct link {
	struct ev_loop *loop;
	struct link_calls calls;
	void *arg;
	struct mnl_socket *ask, *events;
	ev_io io;
	unsigned sequence;
	struct link_row *rows; /* of the last dump */
	size_t n, room;
	struct ip *addresses; /* where a dump of addresses goes */
	size_t n_addresses, max_addresses;
	struct link_status status;
	char *buffer;
};

/* Counters by who sends: what the host receives on a tap comes from the guest. False: no counters in it. */
static bool
read_link(const struct nlmsghdr *message, struct link_row *row)
{
	const struct ifinfomsg *info = mnl_nlmsg_get_payload(message);
	struct rtnl_link_stats64 stats;
	const struct nlattr *attr;
	bool counted = false;

	*row = (struct link_row){.ifindex = (uint32_t)info->ifi_index};
	mnl_attr_for_each(attr, message, sizeof(*info))
	{
		size_t n = mnl_attr_get_payload_len(attr);

		if (mnl_attr_get_type(attr) == IFLA_IFNAME && n > 0 && n <= sizeof(row->name)) {
			memcpy(row->name, mnl_attr_get_payload(attr), n - 1);
		} else if (mnl_attr_get_type(attr) == IFLA_MTU && n == 4) {
			row->mtu = mnl_attr_get_u32(attr);
		} else if (mnl_attr_get_type(attr) == IFLA_CARRIER_DOWN_COUNT && n == 4) {
			row->cuts = mnl_attr_get_u32(attr);
		} else if (mnl_attr_get_type(attr) == IFLA_STATS64 &&
			   n >= offsetof(struct rtnl_link_stats64, multicast)) {
			stats = (struct rtnl_link_stats64){0};
			memcpy(&stats, mnl_attr_get_payload(attr), n < sizeof(stats) ? n : sizeof(stats));
			row->kernel = (struct kernel){
			    .bytes = {[TO_GUEST] = stats.tx_bytes, [FROM_GUEST] = stats.rx_bytes},
			    .packets = {[TO_GUEST] = stats.tx_packets, [FROM_GUEST] = stats.rx_packets},
			    .dropped = stats.tx_dropped,
			};
			counted = true;
		}
	}
	return counted && info->ifi_family == AF_UNSPEC && row->name[0];
}

static int
on_row(const struct nlmsghdr *message, void *arg)
{
	struct link *link = arg;
	struct link_row row, *more;

	if (message->nlmsg_type != RTM_NEWLINK || !read_link(message, &row))
		return MNL_CB_OK;
	if (link->n == link->room) {
		more = reallocarray(link->rows, link->room ? link->room * 2 : 64, sizeof(*more));
		if (!more)
			return MNL_CB_ERROR;
		link->rows = more;
		link->room = link->room ? link->room * 2 : 64;
	}
	link->rows[link->n++] = row;
	return MNL_CB_OK;
}

static int
on_address(const struct nlmsghdr *message, void *arg)
{
	const struct ifaddrmsg *info = mnl_nlmsg_get_payload(message);
	struct link *link = arg;
	const struct nlattr *attr;
	struct ip ip = {.family = info->ifa_family == AF_INET ? 4 : 6};

	if (message->nlmsg_type != RTM_NEWADDR ||
	    (info->ifa_family != AF_INET && info->ifa_family != AF_INET6))
		return MNL_CB_OK;
	/* IFA_LOCAL is ours where the link has two ends, and comes after IFA_ADDRESS. */
	mnl_attr_for_each(attr, message, sizeof(*info))
	{
		int type = mnl_attr_get_type(attr);

		if ((type == IFA_ADDRESS || type == IFA_LOCAL) &&
		    mnl_attr_get_payload_len(attr) == ip_len(&ip))
			memcpy(ip.b, mnl_attr_get_payload(attr), ip_len(&ip));
	}
	/* Every tap has the host's addresses, and a link-local one that is never asked for. */
	if (ip.family == 6 && ip.b[0] == 0xfe && (ip.b[1] & 0xc0) == 0x80)
		return MNL_CB_OK;
	for (size_t i = 0; i < link->n_addresses; i++)
		if (ip_cmp(&link->addresses[i], &ip) == 0)
			return MNL_CB_OK;
	if (link->n_addresses < link->max_addresses)
		link->addresses[link->n_addresses++] = ip;
	return MNL_CB_OK;
}

/* One dump; EINTR: it changed under our hands, ask again. */
static int
dump(struct link *link, uint16_t type, size_t payload, mnl_cb_t on_message)
{
	char request[MNL_NLMSG_HDRLEN + 64] = {0};
	struct nlmsghdr *message = mnl_nlmsg_put_header(request);
	unsigned port = mnl_socket_get_portid(link->ask);
	ssize_t n;
	int more = 1;

	message->nlmsg_type = type;
	message->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	message->nlmsg_seq = ++link->sequence;
	mnl_nlmsg_put_extra_header(message, payload);
	if (mnl_socket_sendto(link->ask, message, message->nlmsg_len) == -1)
		return -1;
	while (more > 0) {
		n = mnl_socket_recvfrom(link->ask, link->buffer, DUMP_BYTES);
		if (n == -1)
			return -1;
		more = mnl_cb_run(link->buffer, (size_t)n, link->sequence, port, on_message, link);
		/* An answer to a question that was given up. */
		if (more == -1 && errno == EPROTO)
			more = 1;
	}
	return more;
}

static int
dump_whole(struct link *link, uint16_t type, size_t payload, mnl_cb_t on_message)
{
	int status = -1;

	for (int i = 0; i < DUMP_TRIES && status == -1; i++) {
		link->n = link->n_addresses = 0;
		status = dump(link, type, payload, on_message);
		if (status == -1 && errno != EINTR)
			break;
	}
	link->status.failed += status == -1;
	return status;
}

static int
on_event(const struct nlmsghdr *message, void *arg)
{
	struct link *link = arg;
	struct link_row row;

	if (message->nlmsg_type == RTM_NEWADDR || message->nlmsg_type == RTM_DELADDR)
		link->calls.on_addresses(link->arg);
	else if (message->nlmsg_type == RTM_DELLINK && read_link(message, &row))
		link->calls.on_gone(link->arg, &row);
	else if (message->nlmsg_type == RTM_NEWLINK && read_link(message, &row))
		link->calls.on_new(link->arg, &row);
	return MNL_CB_OK;
}

static void
events_drain(struct link *link)
{
	char *buffer = malloc(DUMP_BYTES);

	while (buffer) {
		ssize_t n = mnl_socket_recvfrom(link->events, buffer, DUMP_BYTES);

		if (n == -1 && (errno == ENOBUFS || errno == ENOSPC)) {
			link->status.lost++;
			continue;
		}
		if (n <= 0)
			break;
		mnl_cb_run(buffer, (size_t)n, 0, 0, on_event, link);
	}
	free(buffer);
}

static void
on_events(struct ev_loop *loop, ev_io *io, int events)
{
	(void)loop, (void)events;
	events_drain(io->data);
}

static int
listen_events(struct link *link)
{
	static const int groups[] = {RTNLGRP_LINK, RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR};
	int room = EVENT_ROOM, fd = mnl_socket_get_fd(link->events);

	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)) == -1)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
	if (mnl_socket_bind(link->events, 0, MNL_SOCKET_AUTOPID) == -1)
		return -1;
	for (size_t i = 0; i < sizeof(groups) / sizeof(*groups); i++) {
		int group = groups[i];

		if (mnl_socket_setsockopt(link->events, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)) == -1)
			return -1;
	}
	return 0;
}

struct link *
link_open(struct ev_loop *loop, const struct link_calls *calls, void *arg)
{
	const struct timeval wait = {.tv_sec = ANSWER_S};
	struct link *link = calloc(1, sizeof(*link));
	int saved;

	if (!link)
		return NULL;
	link->loop = loop;
	link->calls = *calls;
	link->arg = arg;
	link->sequence = (unsigned)time(NULL);
	link->buffer = malloc(DUMP_BYTES);
	link->ask = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	link->events = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (!link->buffer || !link->ask || !link->events ||
	    mnl_socket_bind(link->ask, 0, MNL_SOCKET_AUTOPID) == -1 ||
	    setsockopt(mnl_socket_get_fd(link->ask), SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait)) == -1 ||
	    listen_events(link) == -1) {
		saved = errno;
		link_close(link);
		errno = saved;
		return NULL;
	}
	ev_io_init(&link->io, on_events, mnl_socket_get_fd(link->events), EV_READ);
	link->io.data = link;
	ev_io_start(loop, &link->io);
	return link;
}

void
link_close(struct link *link)
{
	if (ev_is_active(&link->io))
		ev_io_stop(link->loop, &link->io);
	if (link->ask)
		mnl_socket_close(link->ask);
	if (link->events)
		mnl_socket_close(link->events);
	free(link->buffer);
	free(link->rows);
	free(link);
}

int
link_dump(struct link *link)
{
	if (dump_whole(link, RTM_GETLINK, sizeof(struct ifinfomsg), on_row) == -1)
		return -1;
	events_drain(link);
	for (size_t i = 0; i < link->n; i++)
		link->calls.on_link(link->arg, &link->rows[i]);
	return 0;
}

static int
by_ip(const void *a, const void *b)
{
	return ip_cmp(a, b);
}

int
link_addresses(struct link *link, struct ip *out, size_t max)
{
	link->addresses = out;
	link->max_addresses = max;
	if (dump_whole(link, RTM_GETADDR, sizeof(struct ifaddrmsg), on_address) == -1)
		return -1;
	qsort(out, link->n_addresses, sizeof(*out), by_ip);
	return (int)link->n_addresses;
}

const struct link_status *
link_status(const struct link *link)
{
	return &link->status;
}
