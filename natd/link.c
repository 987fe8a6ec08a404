/* The kernel's links → facts; see link.h. */
#include "natd/link.h"
#include "base/talk.h"
#include "natd/linknote.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fib_rules.h>
#include <linux/if_addr.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { DUMP_TRIES = 20 };

struct link *
link_open(void)
{
	struct link *link = calloc(1, sizeof(*link));
	int on = 1;

	if (!link)
		return NULL;
	link->socket = talk_open(NETLINK_ROUTE, 0);
	if (!link->socket) {
		link_close(link);
		return NULL;
	}
	/* The kernel then filters dumps itself; an old one sends all, and we filter anyway. */
	setsockopt(mnl_socket_get_fd(link->socket), SOL_NETLINK, NETLINK_GET_STRICT_CHK, &on, sizeof(on));
	return link;
}

void
link_close(struct link *link)
{
	int saved = errno;

	if (link && link->socket)
		mnl_socket_close(link->socket);
	if (link)
		free(link->addresses);
	free(link);
	errno = saved;
}

const char *
link_why(const struct link *link)
{
	return link->why;
}

size_t
link_waiting(const struct link *link)
{
	return link->n_waiting;
}

const struct ip *
link_addresses(const struct link *link, size_t *n)
{
	*n = link->n_addresses;
	return link->addresses;
}

struct nlmsghdr *
link_request(struct link *link, uint16_t type, uint16_t flags)
{
	struct nlmsghdr *request = mnl_nlmsg_put_header(link->buffer);

	request->nlmsg_type = type;
	request->nlmsg_flags = NLM_F_REQUEST | flags;
	request->nlmsg_seq = ++link->seq;
	return request;
}

int
link_ask(struct link *link, mnl_cb_t callback, void *arg)
{
	return talk(link->socket, link->buffer, sizeof(link->buffer), callback, arg);
}

static int
dump_links(struct reading *reading)
{
	struct nlmsghdr *request = link_request(reading->link, RTM_GETLINK, NLM_F_DUMP);

	mnl_nlmsg_put_extra_header(request, sizeof(struct ifinfomsg));
	return link_ask(reading->link, note_link, reading);
}

static int
dump_addresses(struct reading *reading)
{
	struct nlmsghdr *request = link_request(reading->link, RTM_GETADDR, NLM_F_DUMP);

	mnl_nlmsg_put_extra_header(request, sizeof(struct ifaddrmsg));
	return link_ask(reading->link, note_address, reading);
}

static int
dump_routes(struct reading *reading, uint8_t family, uint8_t protocol, mnl_cb_t callback)
{
	struct nlmsghdr *request = link_request(reading->link, RTM_GETROUTE, NLM_F_DUMP);
	struct rtmsg *head = mnl_nlmsg_put_extra_header(request, sizeof(*head));

	head->rtm_family = family;
	head->rtm_protocol = protocol;
	return link_ask(reading->link, callback, reading);
}

static int
dump_policies(struct reading *reading, uint8_t family)
{
	struct nlmsghdr *request = link_request(reading->link, RTM_GETRULE, NLM_F_DUMP);
	struct fib_rule_hdr *head = mnl_nlmsg_put_extra_header(request, sizeof(*head));

	head->family = family;
	return link_ask(reading->link, note_policy, reading);
}

static int
dump_neighbours(struct reading *reading)
{
	struct nlmsghdr *request = link_request(reading->link, RTM_GETNEIGH, NLM_F_DUMP);
	struct ndmsg *head = mnl_nlmsg_put_extra_header(request, sizeof(*head));

	head->ndm_family = AF_INET6;
	head->ndm_flags = NTF_PROXY;
	return link_ask(reading->link, note_neighbour, reading);
}

static int
read_default(struct reading *reading)
{
	if (dump_routes(reading, AF_INET, 0, note_default_route) == -1)
		return -1;
	if (reading->device || dump_routes(reading, AF_INET6, 0, note_default_route) != -1)
		return 0;
	return errno == EOPNOTSUPP ? 0 : -1;
}

int
link_default_device(struct link *link, char out[16])
{
	struct reading reading;
	int error = -1;

	for (int i = 0; i < DUMP_TRIES && error == -1; i++) {
		reading = (struct reading){.link = link};
		error = read_default(&reading);
		if (error == -1 && errno != EINTR)
			return -1;
	}
	if (error == -1)
		return -1;
	if (!reading.device) {
		errno = ENOENT;
		return -1;
	}
	return if_indextoname(reading.device, out) ? 0 : -1;
}

static int
by_net(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct net));
}

ssize_t
link_prefixes(struct link *link, const char *device, struct net *out, size_t room)
{
	struct reading reading = {
	    .link = link, .device = if_nametoindex(device), .nets = out, .room_nets = room};
	struct nlmsghdr *request = link_request(link, RTM_GETADDR, NLM_F_DUMP);
	struct ifaddrmsg *head = mnl_nlmsg_put_extra_header(request, sizeof(*head));
	size_t n = 0;

	head->ifa_family = AF_INET6;
	head->ifa_index = reading.device;
	if (link_ask(link, note_prefix, &reading) == -1 && errno != EINTR)
		return -1;
	qsort(out, reading.n_nets, sizeof(*out), by_net);
	for (size_t i = 0; i < reading.n_nets; i++)
		if (i == 0 || by_net(&out[n - 1], &out[i]) != 0)
			out[n++] = out[i];
	return (ssize_t)n;
}

static ssize_t
sysctl_text(const char *path, char *out, size_t room)
{
	char whole[FACT_NAME + 16];
	ssize_t n;
	int fd;

	snprintf(whole, sizeof(whole), "/proc/sys/%s", path);
	fd = open(whole, O_RDONLY | O_CLOEXEC);
	if (fd == -1)
		return -1;
	n = read(fd, out, room - 1);
	close(fd);
	while (n > 0 && (out[n - 1] == '\n' || out[n - 1] == ' '))
		n--;
	out[n > 0 ? n : 0] = '\0';
	return n;
}

int
sysctl_read(const char *path)
{
	char text[FACT_VALUE];

	return sysctl_text(path, text, sizeof(text)) > 0 ? atoi(text) : -1;
}

static void
read_sysctls(const struct facts *want, struct facts *have)
{
	char text[FACT_VALUE];

	for (size_t i = 0; want && i < want->n; i++) {
		struct fact fact = fact_of(FACT_SYSCTL, 0, want->list[i].name);

		if (want->list[i].kind != FACT_SYSCTL || sysctl_text(fact.name, text, sizeof(text)) == -1)
			continue;
		fact_value(&fact, text, strlen(text));
		facts_add(have, &fact);
	}
}

static int
read_once(struct reading *reading)
{
	static const uint8_t families[] = {AF_INET, AF_INET6};

	if (dump_links(reading) == -1)
		return -1;
	facts_sort(reading->have);
	if (dump_addresses(reading) == -1)
		return -1;
	for (size_t i = 0; i < 2; i++) {
		if (dump_routes(reading, families[i], LODGE_PROTO, note_route) == -1 && errno != EOPNOTSUPP)
			return -1;
		if (dump_policies(reading, families[i]) == -1 && errno != EOPNOTSUPP && errno != EAFNOSUPPORT)
			return -1;
		facts_sort(reading->have);
	}
	if (dump_neighbours(reading) == -1 && errno != EOPNOTSUPP)
		return -1;
	return 0;
}

int
link_neighbours(struct link *link, struct facts *have)
{
	struct reading reading = {.link = link, .have = have};

	have->n = 0;
	if (dump_neighbours(&reading) == -1)
		return -1;
	facts_sort(have);
	return have->failed ? -1 : 0;
}

int
link_read(struct link *link, const struct facts *want, struct facts *have)
{
	struct reading reading = {.link = link, .want = want, .have = have};

	for (int i = 0; i < DUMP_TRIES; i++) {
		link->why[0] = '\0';
		link->n_addresses = 0;
		reading.foreign = false;
		have->n = 0;
		if (read_once(&reading) == 0) {
			read_sysctls(want, have);
			errno = reading.foreign ? EEXIST : ENOMEM;
			return reading.foreign || have->failed ? -1 : 0;
		}
		if (errno != EINTR && errno != ENOBUFS)
			return -1;
	}
	return -1;
}
