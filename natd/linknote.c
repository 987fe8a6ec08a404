/* Messages of the kernel's links → facts; see linknote.h. */
#include "natd/linknote.h"

#include <linux/fib_rules.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>

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

int
note_link(const struct nlmsghdr *message, void *arg)
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

int
note_address(const struct nlmsghdr *message, void *arg)
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

int
note_route(const struct nlmsghdr *message, void *arg)
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

int
note_default_route(const struct nlmsghdr *message, void *arg)
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

int
note_policy(const struct nlmsghdr *message, void *arg)
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

/* A device's name is asked for once in a reading, not for each of its neighbours. "": there is none. */
static const char *
name_of(struct reading *reading, unsigned device)
{
	struct named *named = &reading->names[device % READING_NAMES];

	if (named->device == device)
		return named->name;
	named->device = device;
	if (!if_indextoname(device, named->name))
		named->name[0] = '\0';
	return named->name;
}

int
note_neighbour(const struct nlmsghdr *message, void *arg)
{
	const struct ndmsg *head = mnl_nlmsg_get_payload(message);
	struct reading *reading = arg;
	struct table table = {0};
	const char *name;
	struct fact fact;
	struct ip ip;

	mnl_attr_parse(message, sizeof(*head), on_attr, &table);
	if (!(head->ndm_flags & NTF_PROXY) || head->ndm_family != AF_INET6 || !table.attr[NDA_DST] ||
	    !table.attr[NDA_PROTOCOL] || mnl_attr_get_u8(table.attr[NDA_PROTOCOL]) != LODGE_PROTO)
		return MNL_CB_OK;
	name = name_of(reading, (unsigned)head->ndm_ifindex);
	if (!*name)
		return MNL_CB_OK;
	ip = ip_of(table.attr[NDA_DST], AF_INET6);
	fact = fact_of(FACT_NEIGHBOUR, FAMILY_IP6, name);
	fact_key(&fact, &ip, sizeof(ip));
	facts_add(reading->have, &fact);
	return MNL_CB_OK;
}

int
note_prefix(const struct nlmsghdr *message, void *arg)
{
	const struct ifaddrmsg *head = mnl_nlmsg_get_payload(message);
	struct reading *reading = arg;
	struct table table = {0};
	struct net net;

	if (head->ifa_family != AF_INET6 || head->ifa_index != reading->device ||
	    head->ifa_scope == RT_SCOPE_LINK || reading->n_nets == reading->room_nets)
		return MNL_CB_OK;
	mnl_attr_parse(message, sizeof(*head), on_attr, &table);
	/* Where the other end has an address of its own, IFA_ADDRESS is that, and the prefix is its. */
	net = (struct net){ip_of(table.attr[IFA_ADDRESS], AF_INET6), head->ifa_prefixlen};
	for (unsigned bit = net.bits; bit < 128; bit++)
		net.ip.b[bit / 8] &= (uint8_t) ~(0x80 >> bit % 8);
	reading->nets[reading->n_nets++] = net;
	return MNL_CB_OK;
}
