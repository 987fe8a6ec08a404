/* What one of the kernel's messages says of an interface; see row.h. */
#include "acct/row.h"

#include <linux/if_link.h>
#include <linux/rtnetlink.h>

/* Counters by who sends: what the host receives on a tap comes from the guest. False: there are none in it. */
static bool
read_stats(const struct nlattr *attr, struct kernel *out)
{
	struct rtnl_link_stats64 stats = {0};
	size_t n = mnl_attr_get_payload_len(attr);

	if (n < offsetof(struct rtnl_link_stats64, multicast))
		return false;
	memcpy(&stats, mnl_attr_get_payload(attr), n < sizeof(stats) ? n : sizeof(stats));
	*out = (struct kernel){
	    .bytes = {[TO_GUEST] = stats.tx_bytes, [FROM_GUEST] = stats.rx_bytes},
	    .packets = {[TO_GUEST] = stats.tx_packets, [FROM_GUEST] = stats.rx_packets},
	    .dropped = stats.tx_dropped,
	};
	return true;
}

bool
row_of_link(const struct nlmsghdr *message, struct link_row *row)
{
	const struct ifinfomsg *info = mnl_nlmsg_get_payload(message);
	const struct nlattr *attr;
	bool counted = false;

	*row = (struct link_row){.ifindex = (uint32_t)info->ifi_index, .counted = true};
	mnl_attr_for_each(attr, message, sizeof(*info))
	{
		size_t n = mnl_attr_get_payload_len(attr);

		if (mnl_attr_get_type(attr) == IFLA_IFNAME && n > 0 && n <= sizeof(row->name)) {
			memcpy(row->name, mnl_attr_get_payload(attr), n - 1);
		} else if (mnl_attr_get_type(attr) == IFLA_MTU && n == 4) {
			row->mtu = mnl_attr_get_u32(attr);
		} else if (mnl_attr_get_type(attr) == IFLA_CARRIER_DOWN_COUNT && n == 4) {
			row->cuts = mnl_attr_get_u32(attr);
		} else if (mnl_attr_get_type(attr) == IFLA_STATS64) {
			counted |= read_stats(attr, &row->kernel);
		}
	}
	return counted && info->ifi_family == AF_UNSPEC && row->name[0];
}

bool
row_of_stats(const struct nlmsghdr *message, uint32_t *ifindex, struct kernel *kernel)
{
	const struct if_stats_msg *info = mnl_nlmsg_get_payload(message);
	const struct nlattr *attr;
	bool counted = false;

	*ifindex = info->ifindex;
	mnl_attr_for_each(attr, message, sizeof(*info))
	{
		if (mnl_attr_get_type(attr) == IFLA_STATS_LINK_64)
			counted |= read_stats(attr, kernel);
	}
	return counted;
}

/* IFA_LOCAL is ours where the link has two ends, and comes after IFA_ADDRESS. */
bool
row_of_address(const struct nlmsghdr *message, struct ip *out)
{
	const struct ifaddrmsg *info = mnl_nlmsg_get_payload(message);
	const struct nlattr *attr;

	if (info->ifa_family != AF_INET && info->ifa_family != AF_INET6)
		return false;
	*out = (struct ip){.family = info->ifa_family == AF_INET ? 4 : 6};
	mnl_attr_for_each(attr, message, sizeof(*info))
	{
		int type = mnl_attr_get_type(attr);

		if ((type == IFA_ADDRESS || type == IFA_LOCAL) &&
		    mnl_attr_get_payload_len(attr) == ip_len(out))
			memcpy(out->b, mnl_attr_get_payload(attr), ip_len(out));
	}
	return out->family == 4 || out->b[0] != 0xfe || (out->b[1] & 0xc0) != 0x80;
}
