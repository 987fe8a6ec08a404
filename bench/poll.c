/* The least that can count: every interface's 64-bit counters, asked of the kernel once a second, and no packets. */
#include "bench/load.h"

#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct rtnl_link_stats64 sum;

static void
add(const struct nlmsghdr *message)
{
	const struct ifinfomsg *info = NLMSG_DATA(message);
	int left = (int)message->nlmsg_len - (int)NLMSG_LENGTH(sizeof(*info));

	for (const struct rtattr *attr = IFLA_RTA(info); RTA_OK(attr, left); attr = RTA_NEXT(attr, left)) {
		struct rtnl_link_stats64 stats;

		if (attr->rta_type != IFLA_STATS64 ||
		    RTA_PAYLOAD(attr) < offsetof(struct rtnl_link_stats64, multicast))
			continue;
		memcpy(&stats, RTA_DATA(attr), offsetof(struct rtnl_link_stats64, multicast));
		sum.rx_bytes += stats.rx_bytes;
		sum.tx_bytes += stats.tx_bytes;
	}
}

static void
dump(int fd)
{
	struct {
		struct nlmsghdr header;
		struct ifinfomsg info;
	} ask = {.header = {.nlmsg_len = sizeof(ask),
		     .nlmsg_type = RTM_GETLINK,
		     .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP}};
	static char buffer[1 << 16] __attribute__((aligned(8)));

	if (send(fd, &ask, sizeof(ask), 0) == -1)
		die("netlink");
	for (;;) {
		ssize_t n = recv(fd, buffer, sizeof(buffer), 0);
		unsigned left = n > 0 ? (unsigned)n : 0;

		if (left == 0)
			die("netlink");
		for (struct nlmsghdr *m = (struct nlmsghdr *)buffer; NLMSG_OK(m, left);
		     m = NLMSG_NEXT(m, left)) {
			if (m->nlmsg_type == NLMSG_DONE)
				return;
			add(m);
		}
	}
}

int
poll_links(void)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

	if (fd == -1)
		die("netlink");
	for (;;) {
		sum = (struct rtnl_link_stats64){0};
		dump(fd);
		printf("%llu %llu\n", (unsigned long long)sum.rx_bytes, (unsigned long long)sum.tx_bytes);
		fflush(stdout);
		sleep(1);
	}
}
