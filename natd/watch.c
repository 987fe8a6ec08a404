/* Tells when somebody else changed what is ours; see watch.h. */
#include "natd/watch.h"
#include "base/talk.h"
#include "natd/fact.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { WATCH_BUFFER = 1 << 16 };

/* Two tools that undo each other must not spin: the wait doubles while changes keep coming. */
static const double wait_first_s = 0.0005, wait_last_s = 1, calm_s = 2;

struct author {
	uint32_t pid;
	char name[24];
};

struct watch {
	struct ev_loop *loop;
	struct mnl_socket *nft, *route;
	ev_io nft_io, route_io;
	ev_timer timer;
	double wait_s, last;
	char who[64];
	unsigned long lost; /* times that the kernel had no room for its messages */
	bool unnamed; /* what was heard of tables waits for the message that says whose it was */
	void (*on_change)(void *);
	void *arg;
};

static int
on_name(const struct nlattr *attr, void *arg)
{
	const char **name = arg;

	/* In every message about tables, the first attribute is the table's name. */
	if (mnl_attr_get_type(attr) == 1 && mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) == 0)
		*name = mnl_attr_get_str(attr);
	return MNL_CB_OK;
}

static bool
concerns_table(const struct nlmsghdr *message)
{
	const char *name = "";

	if (mnl_nlmsg_get_payload_len(message) < sizeof(struct nfgenmsg))
		return false;
	mnl_attr_parse(message, sizeof(struct nfgenmsg), on_name, &name);
	return strcmp(name, "lodge") == 0;
}

/* Each transaction ends with a message that says whose it was. */
static int
on_generation(const struct nlattr *attr, void *arg)
{
	struct author *author = arg;

	if (mnl_attr_get_type(attr) == NFTA_GEN_PROC_PID && mnl_attr_validate(attr, MNL_TYPE_U32) == 0)
		author->pid = ntohl(mnl_attr_get_u32(attr));
	if (mnl_attr_get_type(attr) == NFTA_GEN_PROC_NAME &&
	    mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) == 0)
		snprintf(author->name, sizeof(author->name), "%s", mnl_attr_get_str(attr));
	return MNL_CB_OK;
}

static void
name_author(struct watch *watch, const struct author *author)
{
	/* In a process namespace the kernel tells another number than ours. */
	if (author->pid == 0 || author->pid == (uint32_t)getpid() ||
	    strcmp(author->name, program_invocation_short_name) == 0)
		return;
	snprintf(watch->who, sizeof(watch->who), "%s%sprocess %u%s", author->name, *author->name ? " (" : "",
	    author->pid, *author->name ? ")" : "");
}

/* A sender's port is its process's number, unless it has several sockets or lives in another namespace. */
static void
name_sender(struct watch *watch, uint32_t port)
{
	struct author author = {.pid = port};
	char path[32];
	FILE *in;

	snprintf(path, sizeof(path), "/proc/%u/comm", port);
	in = port ? fopen(path, "re") : NULL;
	if (in && fgets(author.name, sizeof(author.name), in))
		author.name[strcspn(author.name, "\n")] = '\0';
	if (in)
		fclose(in);
	if (port < 1u << 22) /* no process has a greater number */
		name_author(watch, &author);
}

static bool
concerns_link(const struct nlmsghdr *message)
{
	const struct rtmsg *route = mnl_nlmsg_get_payload(message);

	if (message->nlmsg_type == RTM_NEWROUTE || message->nlmsg_type == RTM_DELROUTE)
		return route->rtm_protocol == LODGE_PROTO ||
		       route->rtm_dst_len == 0; /* or the way out moved */
	return true;
}

/* True when the message is about something of ours. */
static bool
hear_table(struct watch *watch, const struct nlmsghdr *message)
{
	struct author author = {0};

	if ((message->nlmsg_type & 0xff) != NFT_MSG_NEWGEN) {
		watch->unnamed |= concerns_table(message);
		return concerns_table(message);
	}
	if (watch->unnamed) {
		mnl_attr_parse(message, sizeof(struct nfgenmsg), on_generation, &author);
		name_author(watch, &author);
	}
	watch->unnamed = false;
	return false;
}

static bool
hear_link(struct watch *watch, const struct nlmsghdr *message)
{
	if (!concerns_link(message))
		return false;
	name_sender(watch, message->nlmsg_pid);
	return true;
}

/* What is not known to concern us may; and whose it was is not known, either. */
static void
lose(struct watch *watch)
{
	watch->lost++;
	watch->who[0] = '\0';
	watch->unnamed = false;
}

/* True when something of ours, or something lost, was among what came. */
static bool
drain(struct watch *watch, struct mnl_socket *socket, bool (*hear)(struct watch *, const struct nlmsghdr *))
{
	_Alignas(8) static char buffer[WATCH_BUFFER];
	bool ours = false;
	ssize_t n;

	for (;;) {
		n = recv(mnl_socket_get_fd(socket), buffer, sizeof(buffer), MSG_DONTWAIT);
		if (n == -1 && errno == ENOBUFS) {
			lose(watch);
			ours = true;
		} else if (n <= 0) {
			return ours;
		}
		int left = (int)n;

		for (struct nlmsghdr *m = (struct nlmsghdr *)buffer; n > 0 && mnl_nlmsg_ok(m, left);
		     m = mnl_nlmsg_next(m, &left))
			ours |= hear(watch, m);
	}
}

static void
arm(struct watch *watch)
{
	if (ev_is_active(&watch->timer))
		return;
	ev_timer_set(&watch->timer, watch->wait_s, 0);
	ev_timer_start(watch->loop, &watch->timer);
}

static void
on_nft(struct ev_loop *loop, ev_io *w, int events)
{
	struct watch *watch = w->data;

	(void)loop, (void)events;
	if (drain(watch, watch->nft, hear_table))
		arm(watch);
}

static void
on_route(struct ev_loop *loop, ev_io *w, int events)
{
	struct watch *watch = w->data;

	(void)loop, (void)events;
	if (drain(watch, watch->route, hear_link))
		arm(watch);
}

static void
on_time(struct ev_loop *loop, ev_timer *w, int events)
{
	struct watch *watch = w->data;
	double now = ev_now(loop);

	(void)events;
	watch->wait_s = now - watch->last > calm_s ? wait_first_s : watch->wait_s * 2;
	if (watch->wait_s > wait_last_s)
		watch->wait_s = wait_last_s;
	watch->last = now;
	watch->on_change(watch->arg);
	watch->who[0] = '\0';
}

const char *
watch_who(const struct watch *watch)
{
	return *watch->who ? watch->who : "somebody";
}

unsigned long
watch_lost(const struct watch *watch)
{
	return watch->lost;
}

static struct mnl_socket *
subscribe(int bus, const int *groups)
{
	struct mnl_socket *socket = talk_open(bus, SOCK_NONBLOCK);
	int size = 4 << 20;

	for (; socket && *groups; groups++)
		if (mnl_socket_setsockopt(socket, NETLINK_ADD_MEMBERSHIP, (void *)groups, sizeof(*groups)) ==
		    -1) {
			mnl_socket_close(socket);
			return NULL;
		}
	if (socket)
		setsockopt(mnl_socket_get_fd(socket), SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	return socket;
}

struct watch *
watch_open(struct ev_loop *loop, void (*on_change)(void *), void *arg)
{
	static const int tables[] = {NFNLGRP_NFTABLES, 0};
	static const int links[] = {RTNLGRP_LINK, RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR,
	    RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV6_ROUTE, RTNLGRP_IPV4_RULE, RTNLGRP_IPV6_RULE,
	    RTNLGRP_IPV4_NETCONF, RTNLGRP_IPV6_NETCONF, 0};
	struct watch *watch = calloc(1, sizeof(*watch));

	if (!watch)
		return NULL;
	watch->loop = loop;
	watch->wait_s = wait_first_s;
	watch->on_change = on_change;
	watch->arg = arg;
	ev_timer_init(&watch->timer, on_time, 0, 0);
	watch->timer.data = watch;
	watch->nft = subscribe(NETLINK_NETFILTER, tables);
	watch->route = subscribe(NETLINK_ROUTE, links);
	if (!watch->nft || !watch->route) {
		watch_close(watch);
		return NULL;
	}
	ev_io_init(&watch->nft_io, on_nft, mnl_socket_get_fd(watch->nft), EV_READ);
	ev_io_init(&watch->route_io, on_route, mnl_socket_get_fd(watch->route), EV_READ);
	watch->nft_io.data = watch->route_io.data = watch;
	ev_io_start(loop, &watch->nft_io);
	ev_io_start(loop, &watch->route_io);
	return watch;
}

void
watch_close(struct watch *watch)
{
	int saved = errno;

	if (!watch)
		return;
	ev_io_stop(watch->loop, &watch->nft_io);
	ev_io_stop(watch->loop, &watch->route_io);
	ev_timer_stop(watch->loop, &watch->timer);
	if (watch->nft)
		mnl_socket_close(watch->nft);
	if (watch->route)
		mnl_socket_close(watch->route);
	free(watch);
	errno = saved;
}
