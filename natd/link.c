/* The kernel's links → facts; see link.h. */
#include "natd/link.h"
#include "natd/linksock.h"
#include "natd/talk.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fib_rules.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
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
	link->socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	if (!link->socket || mnl_socket_bind(link->socket, 0, MNL_SOCKET_AUTOPID) == -1) {
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

struct table {
	const struct nlattr *attr[64];
};

static int
on_attr(const struct nlattr *attr, void *arg)
{
	struct table *table = arg;
	uint16_t type = mnl_attr_get_type(attr);

	if (type < 64)
		table->attr[type] = attr;
	return MNL_CB_OK;
}

static uint32_t
u32_of(const struct nlattr *attr)
{
	return attr && mnl_attr_get_payload_len(attr) >= 4 ? mnl_attr_get_u32(attr) : 0;
}

static const char *
text_of(const struct nlattr *attr)
{
	return attr && mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) == 0 ? mnl_attr_get_str(attr) : "";
}

static struct ip
ip_of(const struct nlattr *attr, uint8_t family)
{
	struct ip ip = {.family = family == AF_INET6 ? 6 : 4};

	if (attr && mnl_attr_get_payload_len(attr) >= ip_len(&ip))
		memcpy(ip.b, mnl_attr_get_payload(attr), ip_len(&ip));
	return ip;
}

struct reading {
	struct link *link;
	const struct facts *want;
	struct facts *have;
	bool foreign;
	uint32_t metric; /* of the best default route so far */
	uint32_t device;
};

static int
by_fact(const void *a, const void *b)
{
	return fact_cmp(a, b);
}

static const struct fact *
find_tap(const struct facts *facts, const char *name)
{
	struct fact key = fact_of(FACT_TAP, 0, name);

	return facts->n ? bsearch(&key, facts->list, facts->n, sizeof(key), by_fact) : NULL;
}

/* Owner of a tap; -1: no tap at all. */
static int64_t
tap_owner(const struct nlattr *info)
{
	struct table kind = {0}, data = {0};

	if (!info)
		return -1;
	mnl_attr_parse_nested(info, on_attr, &kind);
	if (strcmp(text_of(kind.attr[IFLA_INFO_KIND]), "tun") != 0 || !kind.attr[IFLA_INFO_DATA])
		return -1;
	mnl_attr_parse_nested(kind.attr[IFLA_INFO_DATA], on_attr, &data);
	return data.attr[IFLA_TUN_OWNER] ? (int64_t)u32_of(data.attr[IFLA_TUN_OWNER]) : 0;
}

static int
on_link(const struct nlmsghdr *message, void *arg)
{
	const struct ifinfomsg *head = mnl_nlmsg_get_payload(message);
	struct reading *reading = arg;
	struct tap_value value = {.up = (head->ifi_flags & IFF_UP) != 0};
	struct table table = {0};
	const char *name, *alias;
	int64_t owner;
	struct fact fact;

	mnl_attr_parse(message, sizeof(*head), on_attr, &table);
	name = text_of(table.attr[IFLA_IFNAME]);
	alias = text_of(table.attr[IFLA_IFALIAS]);
	owner = tap_owner(table.attr[IFLA_LINKINFO]);
	if (owner == -1 || strncmp(alias, LODGE_ALIAS, strlen(LODGE_ALIAS)) != 0) {
		if (reading->want && find_tap(reading->want, name) && !reading->foreign) {
			reading->foreign = true;
			snprintf(reading->link->why, sizeof(reading->link->why),
			    "%s is there and not lodge's: `ip link del %s`, or give the guest another `tap:`",
			    name, name);
		}
		return MNL_CB_OK;
	}
	fact = fact_of(FACT_TAP, 0, name);
	value.uid = (uint32_t)owner;
	memcpy(value.alias, alias, strnlen(alias, sizeof(value.alias) - 1));
	fact_value(&fact, &value, sizeof(value));
	facts_add(reading->have, &fact);
	return MNL_CB_OK;
}

static void
keep_address(struct link *link, const struct ip *ip)
{
	if (link->n_addresses == link->room_addresses) {
		size_t room = link->room_addresses ? link->room_addresses * 2 : 64;
		struct ip *list = reallocarray(link->addresses, room, sizeof(*list));

		if (!list)
			return;
		link->addresses = list;
		link->room_addresses = room;
	}
	link->addresses[link->n_addresses++] = *ip;
}

static int
on_address(const struct nlmsghdr *message, void *arg)
{
	const struct ifaddrmsg *head = mnl_nlmsg_get_payload(message);
	struct reading *reading = arg;
	struct table table = {0};
	char name[IF_NAMESIZE];
	struct net net = {0};
	struct fact fact;

	if (head->ifa_family != AF_INET && head->ifa_family != AF_INET6)
		return MNL_CB_OK;
	mnl_attr_parse(message, sizeof(*head), on_attr, &table);
	net.ip = ip_of(table.attr[table.attr[IFA_LOCAL] ? IFA_LOCAL : IFA_ADDRESS], head->ifa_family);
	net.bits = head->ifa_prefixlen;
	keep_address(reading->link, &net.ip);
	/* A tap's own link-local address is the kernel's business. */
	if ((net.ip.family == 6 && head->ifa_scope == RT_SCOPE_LINK) ||
	    !if_indextoname(head->ifa_index, name) || !find_tap(reading->have, name))
		return MNL_CB_OK;
	fact = fact_of(FACT_ADDRESS, net.ip.family, name);
	fact_key(&fact, &net, sizeof(net));
	facts_add(reading->have, &fact);
	return MNL_CB_OK;
}

static int
on_route(const struct nlmsghdr *message, void *arg)
{
	const struct rtmsg *head = mnl_nlmsg_get_payload(message);
	struct reading *reading = arg;
	struct route_key key = {0};
	struct route_value value = {.type = head->rtm_type};
	struct table table = {0};
	char name[IF_NAMESIZE] = {0};
	struct fact fact;

	if (head->rtm_protocol != LODGE_PROTO || (head->rtm_flags & RTM_F_CLONED))
		return MNL_CB_OK;
	mnl_attr_parse(message, sizeof(*head), on_attr, &table);
	key.to.ip = ip_of(table.attr[RTA_DST], head->rtm_family);
	key.to.bits = head->rtm_dst_len;
	key.table = table.attr[RTA_TABLE] ? u32_of(table.attr[RTA_TABLE]) : head->rtm_table;
	if (if_indextoname(u32_of(table.attr[RTA_OIF]), name))
		memcpy(value.device, name, strnlen(name, sizeof(value.device) - 1));
	fact = fact_of(FACT_ROUTE, key.to.ip.family, "");
	fact_key(&fact, &key, sizeof(key));
	fact_value(&fact, &value, sizeof(value));
	facts_add(reading->have, &fact);
	return MNL_CB_OK;
}

static int
on_default_route(const struct nlmsghdr *message, void *arg)
{
	const struct rtmsg *head = mnl_nlmsg_get_payload(message);
	struct reading *reading = arg;
	struct table table = {0};
	uint32_t metric, device;

	mnl_attr_parse(message, sizeof(*head), on_attr, &table);
	metric = u32_of(table.attr[RTA_PRIORITY]);
	device = u32_of(table.attr[RTA_OIF]);
	if (table.attr[RTA_MULTIPATH] && !device) {
		const struct rtnexthop *hop = mnl_attr_get_payload(table.attr[RTA_MULTIPATH]);

		device = (uint32_t)hop->rtnh_ifindex;
	}
	if (head->rtm_dst_len != 0 || head->rtm_table != RT_TABLE_MAIN || head->rtm_type != RTN_UNICAST ||
	    !device)
		return MNL_CB_OK;
	if (!reading->device || metric < reading->metric) {
		reading->device = device;
		reading->metric = metric;
	}
	return MNL_CB_OK;
}

static int
on_policy(const struct nlmsghdr *message, void *arg)
{
	const struct fib_rule_hdr *head = mnl_nlmsg_get_payload(message);
	struct reading *reading = arg;
	struct policy_value value = {0};
	struct table table = {0};
	const char *device;
	uint32_t preference;
	struct fact fact;

	mnl_attr_parse(message, sizeof(*head), on_attr, &table);
	if (!table.attr[FRA_PROTOCOL] || mnl_attr_get_u8(table.attr[FRA_PROTOCOL]) != LODGE_PROTO)
		return MNL_CB_OK;
	preference = u32_of(table.attr[FRA_PRIORITY]);
	value.table = table.attr[FRA_TABLE] ? u32_of(table.attr[FRA_TABLE]) : head->table;
	value.mark = u32_of(table.attr[FRA_FWMARK]);
	value.mask = u32_of(table.attr[FRA_FWMASK]);
	device = text_of(table.attr[FRA_IIFNAME]);
	memcpy(value.device, device, strnlen(device, sizeof(value.device) - 1));
	fact = fact_of(FACT_POLICY, head->family == AF_INET6 ? 6 : 4, "");
	fact_key(&fact, &preference, sizeof(preference));
	fact_value(&fact, &value, sizeof(value));
	facts_add(reading->have, &fact);
	return MNL_CB_OK;
}

static int
dump_links(struct reading *reading)
{
	struct nlmsghdr *request = link_request(reading->link, RTM_GETLINK, NLM_F_DUMP);

	mnl_nlmsg_put_extra_header(request, sizeof(struct ifinfomsg));
	return link_ask(reading->link, on_link, reading);
}

static int
dump_addresses(struct reading *reading)
{
	struct nlmsghdr *request = link_request(reading->link, RTM_GETADDR, NLM_F_DUMP);

	mnl_nlmsg_put_extra_header(request, sizeof(struct ifaddrmsg));
	return link_ask(reading->link, on_address, reading);
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
	return link_ask(reading->link, on_policy, reading);
}

static int
read_default(struct reading *reading)
{
	if (dump_routes(reading, AF_INET, 0, on_default_route) == -1)
		return -1;
	if (reading->device || dump_routes(reading, AF_INET6, 0, on_default_route) != -1)
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
		if (dump_routes(reading, families[i], LODGE_PROTO, on_route) == -1 && errno != EOPNOTSUPP)
			return -1;
		if (dump_policies(reading, families[i]) == -1 && errno != EOPNOTSUPP && errno != EAFNOSUPPORT)
			return -1;
		facts_sort(reading->have);
	}
	return 0;
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
