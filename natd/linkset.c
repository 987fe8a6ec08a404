/* Operations on links → the kernel; see link.h. */
#include "base/log.h"
#include "natd/complain.h"
#include "natd/link.h"
#include "natd/linksock.h"
#include "natd/tap.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fib_rules.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static uint8_t
af(const struct ip *ip)
{
	return ip->family == 6 ? AF_INET6 : AF_INET;
}

static int
do_address(struct link *link, const struct fact *fact, bool add)
{
	struct nlmsghdr *request = link_request(
	    link, add ? RTM_NEWADDR : RTM_DELADDR, NLM_F_ACK | (add ? NLM_F_CREATE | NLM_F_REPLACE : 0));
	struct ifaddrmsg *head = mnl_nlmsg_put_extra_header(request, sizeof(*head));
	struct net net;

	memcpy(&net, fact->key, sizeof(net));
	head->ifa_family = af(&net.ip);
	head->ifa_prefixlen = net.bits;
	head->ifa_index = if_nametoindex(fact->name);
	/* The same address stands on every tap: no other host to ask whether it is free. */
	head->ifa_flags = net.ip.family == 6 && add ? IFA_F_NODAD : 0;
	if (head->ifa_index == 0)
		return -1;
	mnl_attr_put(request, IFA_LOCAL, ip_len(&net.ip), net.ip.b);
	mnl_attr_put(request, IFA_ADDRESS, ip_len(&net.ip), net.ip.b);
	return link_ask(link, NULL, NULL);
}

enum deed { ADD, REPLACE, DELETE };

static int
do_route(struct link *link, const struct fact *fact, enum deed deed)
{
	static const uint16_t flags[] = {NLM_F_CREATE | NLM_F_EXCL, NLM_F_CREATE | NLM_F_REPLACE, 0};
	struct nlmsghdr *request = link_request(
	    link, deed == DELETE ? RTM_DELROUTE : RTM_NEWROUTE, (uint16_t)(NLM_F_ACK | flags[deed]));
	struct rtmsg *head = mnl_nlmsg_put_extra_header(request, sizeof(*head));
	struct route_value value;
	struct route_key key;
	uint32_t device;

	memcpy(&key, fact->key, sizeof(key));
	memcpy(&value, fact->value, sizeof(value));
	device = if_nametoindex(value.device);
	if (device == 0)
		return -1;
	head->rtm_family = af(&key.to.ip);
	head->rtm_dst_len = key.to.bits;
	head->rtm_table = key.table < 256 ? (uint8_t)key.table : RT_TABLE_UNSPEC;
	head->rtm_protocol = LODGE_PROTO;
	head->rtm_scope = value.type == RTN_LOCAL ? RT_SCOPE_HOST : RT_SCOPE_LINK;
	head->rtm_type = (uint8_t)value.type;
	if (key.to.bits)
		mnl_attr_put(request, RTA_DST, ip_len(&key.to.ip), key.to.ip.b);
	mnl_attr_put_u32(request, RTA_OIF, device);
	mnl_attr_put_u32(request, RTA_TABLE, key.table);
	return link_ask(link, NULL, NULL);
}

static int
do_policy(struct link *link, const struct fact *fact, bool add)
{
	struct nlmsghdr *request = link_request(
	    link, add ? RTM_NEWRULE : RTM_DELRULE, NLM_F_ACK | (add ? NLM_F_CREATE | NLM_F_EXCL : 0));
	struct fib_rule_hdr *head = mnl_nlmsg_put_extra_header(request, sizeof(*head));
	struct policy_value value;
	uint32_t preference;

	memcpy(&value, fact->value, sizeof(value));
	memcpy(&preference, fact->key, sizeof(preference));
	head->family = fact->family == 6 ? AF_INET6 : AF_INET;
	head->action = FR_ACT_TO_TBL;
	head->table = value.table < 256 ? (uint8_t)value.table : RT_TABLE_UNSPEC;
	mnl_attr_put_u32(request, FRA_PRIORITY, preference);
	mnl_attr_put_u32(request, FRA_TABLE, value.table);
	mnl_attr_put_u32(request, FRA_FWMARK, value.mark);
	mnl_attr_put_u32(request, FRA_FWMASK, value.mask);
	mnl_attr_put_u8(request, FRA_PROTOCOL, LODGE_PROTO);
	if (*value.device)
		mnl_attr_put_strz(request, FRA_IIFNAME, value.device);
	return link_ask(link, NULL, NULL);
}

/* Permanent: else a guest that lets go of its tap, as a reboot does, takes it along. */
static int
do_neighbour(struct link *link, const struct fact *fact, bool add)
{
	struct nlmsghdr *request = link_request(
	    link, add ? RTM_NEWNEIGH : RTM_DELNEIGH, NLM_F_ACK | (add ? NLM_F_CREATE | NLM_F_REPLACE : 0));
	struct ndmsg *head = mnl_nlmsg_put_extra_header(request, sizeof(*head));
	struct ip ip;

	memcpy(&ip, fact->key, sizeof(ip));
	head->ndm_family = AF_INET6;
	head->ndm_ifindex = (int)if_nametoindex(fact->name);
	head->ndm_state = NUD_PERMANENT;
	head->ndm_flags = NTF_PROXY;
	if (head->ndm_ifindex == 0)
		return -1;
	mnl_attr_put(request, NDA_DST, ip_len(&ip), ip.b);
	mnl_attr_put_u8(request, NDA_PROTOCOL, LODGE_PROTO);
	return link_ask(link, NULL, NULL);
}

static int
write_sysctl(const struct fact *fact)
{
	char path[FACT_NAME + 16];
	ssize_t n;
	int fd, saved;

	snprintf(path, sizeof(path), "/proc/sys/%s", fact->name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd == -1)
		return -1;
	n = write(fd, fact->value, fact->value_len);
	saved = errno;
	close(fd);
	errno = saved;
	return n == fact->value_len ? 0 : -1;
}

static int
make(struct link *link, const struct op *op)
{
	const struct fact *have = op->have, *want = op->want;

	switch ((enum fact_kind)want->kind) {
	case FACT_TAP:
		return have ? tap_change(link, have, want) : tap_add(link, want);
	case FACT_SYSCTL:
		return write_sysctl(want);
	case FACT_ADDRESS:
		return do_address(link, want, true);
	case FACT_ROUTE:
		return do_route(link, want, have ? REPLACE : ADD);
	case FACT_POLICY:
		if (have && do_policy(link, have, false) == -1 && errno != ENOENT)
			return -1;
		return do_policy(link, want, true);
	case FACT_NEIGHBOUR:
		return do_neighbour(link, want, true);
	default:
		return 0;
	}
}

/* What is gone already needs no undoing: a tap takes its addresses and routes with it. */
static int
undo(struct link *link, const struct fact *fact)
{
	int error = 0;

	if (fact->kind == FACT_TAP)
		error = tap_delete(link, fact);
	else if (fact->kind == FACT_ADDRESS)
		error = do_address(link, fact, false);
	else if (fact->kind == FACT_ROUTE)
		error = do_route(link, fact, DELETE);
	else if (fact->kind == FACT_POLICY)
		error = do_policy(link, fact, false);
	else if (fact->kind == FACT_NEIGHBOUR)
		error = do_neighbour(link, fact, false);
	if (error == -1 && (errno == ENODEV || errno == ENOENT || errno == ESRCH || errno == EADDRNOTAVAIL))
		return 0;
	return error;
}

static void
say(const char *verb, const struct fact *fact)
{
	static const char *const kinds[] = {
	    "tap", "sysctl", "address on", "route", "policy rule", "neighbour on"};
	const char *why = strerror(errno);
	char text[NET_TEXT] = "";
	struct route_key key;

	if (fact->kind == FACT_ROUTE) {
		memcpy(&key, fact->key, sizeof(key));
		net_print(&key.to, text);
	}
	if (fact->kind == FACT_ROUTE && errno == EEXIST)
		why = "there is one that is not lodge's; remove it with `ip route del`";
	if (fact->kind == FACT_TAP && (errno == ENOENT || errno == ENXIO || errno == ENODEV))
		why = "there is no /dev/net/tun; load the module: modprobe tun";
	complain(log_error, "cannot %s %s %s%s: %s", verb, kinds[fact->kind], fact->name, text, why);
}

int
link_undo(struct link *link, const struct ops *ops)
{
	int error = 0;

	for (size_t i = ops->n; i-- > 0;) {
		const struct op *op = &ops->list[i];

		if (op->want || fact_is_nft(op->have) || undo(link, op->have) == 0)
			continue;
		say("remove", op->have);
		error = op->have->kind == FACT_TAP || error == -2 ? -2 : -1;
	}
	return error;
}

/* What belongs to a tap that could not be made cannot be made either, and need not be said. */
static bool
is_of(const struct fact *fact, const struct fact *tap)
{
	struct route_value value;
	const char *at;

	if (fact->kind == FACT_ADDRESS || fact->kind == FACT_NEIGHBOUR)
		return strcmp(fact->name, tap->name) == 0;
	if (fact->kind == FACT_ROUTE) {
		memcpy(&value, fact->value, sizeof(value));
		return strcmp(value.device, tap->name) == 0;
	}
	at = fact->kind == FACT_SYSCTL ? strstr(fact->name, tap->name) : NULL;
	return at && at > fact->name && at[-1] == '/' && at[strlen(tap->name)] == '/';
}

static bool
is_hopeless(const struct fact *fact, const struct fact *const *failed, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (is_of(fact, failed[i]))
			return true;
	return false;
}

/* One refusal is said and does not stop the others. */
static int
make_some(struct link *link, const struct ops *ops, bool late, const struct fact **failed, size_t *n)
{
	int error = 0;

	for (size_t i = 0; i < ops->n; i++) {
		const struct op *op = &ops->list[i];

		if (!op->want || fact_is_nft(op->want) || fact_is_late(op->want) != late ||
		    is_hopeless(op->want, failed, *n) || make(link, op) == 0)
			continue;
		say("make", op->want);
		error = -1;
		if (op->want->kind == FACT_TAP && !op->have)
			failed[(*n)++] = op->want;
	}
	return error;
}

int
link_make(struct link *link, const struct ops *ops)
{
	const struct fact **failed = calloc(ops->n + 1, sizeof(*failed));
	size_t n = 0;
	int error = 0;

	if (!failed)
		return -1;
	link->n_waiting = 0;
	error |= make_some(link, ops, false, failed, &n);
	error |= make_some(link, ops, true, failed, &n);
	free(failed);
	return error;
}
