/* Flows that a change left behind; see conntrack.h. */
#include "natd/conntrack.h"
#include "natd/ruleset.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libnetfilter_conntrack/libnetfilter_conntrack.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <sys/socket.h>

/* A kind of flow to forget: ports of the host, and whom they led to. */
struct stale {
	uint8_t protocol; /* 0: any, of this guest, in either direction */
	uint16_t lo, hi;
	struct ip guest; /* family only, for new ones: the host itself answered */
	bool fresh;
};

struct forgetting {
	struct stale *stale;
	size_t n;
	const struct ip *addresses;
	size_t n_addresses;
	struct nfct_handle *killer; /* a second socket: the first is in the middle of its dump */
	int forgotten;
};

static struct ip
ip_at(const void *bytes, uint8_t family)
{
	struct ip ip = {.family = family};

	memcpy(ip.b, bytes, ip_len(&ip));
	return ip;
}

/* What an element of a port map stands for; false for those of the other sets. */
static bool
stale_element(const struct fact *fact, struct stale *out)
{
	static const struct {
		const char *map;
		uint8_t protocol, family;
	} maps[] = {
	    {"tcp4", IPPROTO_TCP, 4},
	    {"udp4", IPPROTO_UDP, 4},
	    {"tcp6", IPPROTO_TCP, 6},
	    {"udp6", IPPROTO_UDP, 6},
	    {"one4", 0, 4},
	    {"one6", 0, 6},
	};

	for (size_t i = 0; i < sizeof(maps) / sizeof(*maps); i++) {
		bool one = maps[i].protocol == 0;

		if (fact->family != FAMILY_INET || strcmp(fact->name, maps[i].map) != 0)
			continue;
		out->protocol = one ? fact->key[0] : maps[i].protocol;
		out->lo =
		    (uint16_t)(one ? fact->key[4] << 8 | fact->key[5] : fact->key[0] << 8 | fact->key[1]);
		out->hi = one ? out->lo : (uint16_t)(fact->key[2] << 8 | fact->key[3]);
		out->guest = ip_at(fact->value, maps[i].family);
		return true;
	}
	return false;
}

static bool
stale_of(const struct op *op, struct stale *out)
{
	struct route_key route;

	if (op->have && op->want && fact_same(op->have, op->want))
		return false; /* its table is made anew */
	if (op->have && op->have->kind == FACT_ELEMENT)
		return stale_element(op->have, out);
	if (op->want && op->want->kind == FACT_ELEMENT && stale_element(op->want, out)) {
		out->fresh = true;
		return out->protocol == IPPROTO_UDP;
	}
	if (!op->have || op->want || op->have->kind != FACT_ROUTE)
		return false;
	memcpy(&route, op->have->key, sizeof(route));
	out->guest = route.to.ip;
	return route.table == RT_TABLE_MAIN && route.to.bits == 8 * ip_len(&route.to.ip);
}

static struct ip
flow_ip(struct nf_conntrack *flow, uint8_t family, enum nf_conntrack_attr four, enum nf_conntrack_attr six)
{
	const void *bytes = nfct_get_attr(flow, family == 6 ? six : four);
	struct ip none = {0};

	return bytes ? ip_at(bytes, family) : none;
}

static bool
is_own(const struct forgetting *forgetting, const struct ip *ip)
{
	for (size_t i = 0; i < forgetting->n_addresses; i++)
		if (ip_cmp(&forgetting->addresses[i], ip) == 0)
			return true;
	return false;
}

static bool
is_stale(const struct forgetting *forgetting, const struct stale *stale, struct nf_conntrack *flow)
{
	uint8_t family = nfct_get_attr_u8(flow, ATTR_ORIG_L3PROTO) == AF_INET6 ? 6 : 4;
	struct ip from = flow_ip(flow, family, ATTR_ORIG_IPV4_SRC, ATTR_ORIG_IPV6_SRC);
	struct ip to = flow_ip(flow, family, ATTR_ORIG_IPV4_DST, ATTR_ORIG_IPV6_DST);
	struct ip answers = flow_ip(flow, family, ATTR_REPL_IPV4_SRC, ATTR_REPL_IPV6_SRC);
	uint16_t port;

	if (family != stale->guest.family)
		return false;
	if (stale->protocol == 0)
		return ip_cmp(&from, &stale->guest) == 0 || ip_cmp(&answers, &stale->guest) == 0;
	if (nfct_get_attr_u8(flow, ATTR_ORIG_L4PROTO) != stale->protocol)
		return false;
	port = ntohs(nfct_get_attr_u16(flow, ATTR_ORIG_PORT_DST));
	if (port < stale->lo || port > stale->hi)
		return false;
	if (stale->fresh)
		return ip_cmp(&to, &answers) == 0 && is_own(forgetting, &to);
	return ip_cmp(&answers, &stale->guest) == 0 && (nfct_get_attr_u32(flow, ATTR_STATUS) & IPS_DST_NAT);
}

static int
on_flow(enum nf_conntrack_msg_type type, struct nf_conntrack *flow, void *arg)
{
	struct forgetting *forgetting = arg;

	(void)type;
	for (size_t i = 0; i < forgetting->n; i++) {
		if (!is_stale(forgetting, &forgetting->stale[i], flow))
			continue;
		if (nfct_query(forgetting->killer, NFCT_Q_DESTROY, flow) == 0)
			forgetting->forgotten++;
		break;
	}
	return NFCT_CB_CONTINUE;
}

static int
forget(struct forgetting *forgetting)
{
	struct nfct_handle *dump = nfct_open(CONNTRACK, 0);
	uint32_t family = AF_UNSPEC;
	int error = -1, saved;

	forgetting->killer = nfct_open(CONNTRACK, 0);
	if (dump && forgetting->killer) {
		nfct_callback_register(dump, NFCT_T_ALL, on_flow, forgetting);
		error = nfct_query(dump, NFCT_Q_DUMP, &family);
	}
	saved = errno;
	if (dump)
		nfct_close(dump);
	if (forgetting->killer)
		nfct_close(forgetting->killer);
	errno = saved;
	return error;
}

int
conntrack_forget(const struct ops *ops, const struct ip *addresses, size_t n)
{
	struct forgetting forgetting = {.addresses = addresses, .n_addresses = n};
	int error = 0;

	forgetting.stale = calloc(ops->n + 1, sizeof(*forgetting.stale));
	if (!forgetting.stale)
		return -1;
	for (size_t i = 0; i < ops->n; i++)
		if (stale_of(&ops->list[i], &forgetting.stale[forgetting.n]))
			forgetting.n++;
		else
			forgetting.stale[forgetting.n] = (struct stale){0};
	if (forgetting.n)
		error = forget(&forgetting);
	free(forgetting.stale);
	return error == -1 ? -1 : forgetting.forgotten;
}
