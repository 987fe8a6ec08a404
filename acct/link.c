/* Interfaces as the kernel tells of them; see link.h. */
#include "acct/dump.h"
#include "acct/row.h"
#include "base/talk.h"

#include <errno.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	EVENT_ROOM = 4 << 20, /* of the socket, for bursts of interfaces */
	DUMP_TRIES = 4,
};

struct link {
	struct ev_loop *loop;
	struct link_calls calls;
	void *arg;
	struct dumper dumper;
	struct mnl_socket *events;
	ev_io io;
	struct link_row *rows; /* of the last dump */
	size_t n, room;
	bool known; /* but for the counters the rows are what the kernel has */
	bool plain; /* it does not tell the counters alone */
	size_t at; /* whose counters come next */
	struct ip *addresses; /* where a dump of addresses goes */
	size_t n_addresses, max_addresses;
	struct link_status status;
};

static int
on_row(const struct nlmsghdr *message, void *arg)
{
	struct link *link = arg;
	struct link_row row, *more;

	if (message->nlmsg_type != RTM_NEWLINK || !row_of_link(message, &row))
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

/* The same interfaces in the same order, mostly; one that is missing in between is not counted this time. */
static struct link_row *
row_of(struct link *link, uint32_t ifindex)
{
	for (size_t i = 0; i < link->n; i++) {
		struct link_row *row = &link->rows[(link->at + i) % link->n];

		if (row->ifindex != ifindex)
			continue;
		link->at += i + 1;
		return row;
	}
	return NULL;
}

static int
on_stats(const struct nlmsghdr *message, void *arg)
{
	struct link *link = arg;
	struct kernel kernel;
	struct link_row *row;
	uint32_t ifindex;

	if (message->nlmsg_type != RTM_NEWSTATS || !row_of_stats(message, &ifindex, &kernel))
		return MNL_CB_OK;
	row = row_of(link, ifindex);
	link->known &= row != NULL;
	if (row) {
		row->kernel = kernel;
		row->counted = true;
	}
	return MNL_CB_OK;
}

static int
on_address(const struct nlmsghdr *message, void *arg)
{
	struct link *link = arg;
	struct ip ip;

	if (message->nlmsg_type != RTM_NEWADDR || !row_of_address(message, &ip))
		return MNL_CB_OK;
	for (size_t i = 0; i < link->n_addresses; i++)
		if (ip_cmp(&link->addresses[i], &ip) == 0)
			return MNL_CB_OK;
	if (link->n_addresses < link->max_addresses)
		link->addresses[link->n_addresses++] = ip;
	return MNL_CB_OK;
}

static void
dump_begin(struct link *link, uint16_t type)
{
	if (type == RTM_GETLINK)
		link->n = 0;
	if (type == RTM_GETADDR)
		link->n_addresses = 0;
	link->at = 0;
	for (size_t i = 0; type == RTM_GETSTATS && i < link->n; i++)
		link->rows[i].counted = false;
}

static int
dump_whole(struct link *link, const struct dump *what)
{
	int status = -1;

	for (int i = 0; i < DUMP_TRIES && status == -1; i++) {
		dump_begin(link, what->type);
		status = dump(&link->dumper, what, link);
		if (status == -1 && errno != EINTR)
			break;
	}
	return status;
}

static int
on_event(const struct nlmsghdr *message, void *arg)
{
	struct link *link = arg;
	struct link_row row;

	link->known &= message->nlmsg_type != RTM_NEWLINK && message->nlmsg_type != RTM_DELLINK;
	if (message->nlmsg_type == RTM_NEWADDR || message->nlmsg_type == RTM_DELADDR)
		link->calls.on_addresses(link->arg);
	else if (message->nlmsg_type == RTM_DELLINK && row_of_link(message, &row))
		link->calls.on_gone(link->arg, &row);
	else if (message->nlmsg_type == RTM_NEWLINK && row_of_link(message, &row))
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
			link->known = false;
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
	struct link *link = calloc(1, sizeof(*link));
	int saved;

	if (!link)
		return NULL;
	link->loop = loop;
	link->calls = *calls;
	link->arg = arg;
	link->events = talk_open(NETLINK_ROUTE, SOCK_NONBLOCK);
	if (dumper_open(&link->dumper) == -1 || !link->events || listen_events(link) == -1) {
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
	dumper_close(&link->dumper);
	if (link->events)
		mnl_socket_close(link->events);
	free(link->rows);
	free(link);
}

/* The counters alone are a tenth of the work of all that there is to say of an interface. */
static int
read_counters(struct link *link)
{
	const struct if_stats_msg all = {.filter_mask = IFLA_STATS_FILTER_BIT(IFLA_STATS_LINK_64)};
	const struct dump what = {RTM_GETSTATS, &all, sizeof(all), on_stats};

	if (!link->known || link->plain)
		return -1;
	if (dump_whole(link, &what) == -1) {
		link->plain = errno == EOPNOTSUPP || errno == EINVAL; /* before Linux 4.7 */
		return -1;
	}
	return link->known ? 0 : -1;
}

static int
read_rows(struct link *link)
{
	const struct ifinfomsg all = {0};
	const struct dump what = {RTM_GETLINK, &all, sizeof(all), on_row};

	link->known = dump_whole(link, &what) == 0;
	link->status.failed += !link->known;
	return link->known ? 0 : -1;
}

int
link_dump(struct link *link)
{
	events_drain(link);
	if (read_counters(link) == -1 && read_rows(link) == -1)
		return -1;
	events_drain(link);
	for (size_t i = 0; i < link->n; i++)
		if (link->rows[i].counted)
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
	const struct ifaddrmsg all = {0};
	const struct dump what = {RTM_GETADDR, &all, sizeof(all), on_address};

	link->addresses = out;
	link->max_addresses = max;
	if (dump_whole(link, &what) == -1) {
		link->status.failed++;
		return -1;
	}
	qsort(out, link->n_addresses, sizeof(*out), by_ip);
	return (int)link->n_addresses;
}

const struct link_status *
link_status(const struct link *link)
{
	return &link->status;
}
