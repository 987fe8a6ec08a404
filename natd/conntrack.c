/*
 * Flows that a change left behind; see conntrack.h.
 *
 * The kernel translates a flow as it did its first packet, for as long as it lasts. So where ports changed, each
 * flow that was led to a guest is asked whether the wanted maps would lead it there now.
 */
#include "natd/conntrack.h"
#include "natd/element.h"
#include "natd/plan.h"
#include "natd/sock.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libnetfilter_conntrack/libnetfilter_conntrack.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <sys/socket.h>

enum { PORTS = 65536 };
enum { TCP, UDP, BOTH, BY_KEY };

/* Sets whose elements say what becomes of a port of the host's; a name with _ behind it is one more of them. */
static const struct port_set {
	const char *name;
	uint8_t six, udp;
} port_sets[] = {
    {"tcp4", 0, TCP},
    {"udp4", 0, UDP},
    {"tcp6", 1, TCP},
    {"udp6", 1, UDP},
    {"one4", 0, BY_KEY},
    {"one6", 1, BY_KEY},
    {"reserved", BOTH, BOTH},
    {"hostok", BOTH, BY_KEY},
};

struct flow {
	uint8_t protocol;
	bool six, translated;
	uint16_t from_port, port, guest_port; /* the client's, asked for, and in the guest */
	struct ip from, to, answers;
};

struct forgetting {
	const struct ops *ops;
	const struct facts *want;
	const struct fact *ports[2][2][PORTS]; /* [IPv6][UDP][port]: its element; NULL: left over */
	bool stays[PORTS]; /* a program of the host has that UDP port */
	const struct fact *rest[2]; /* [IPv6]: who gets what is left over */
	bool rest_changed, ports_changed, allow_taken;
	struct sock *sock;
	const struct ip **gone, **guests; /* guests that were, and that are wanted */
	size_t n_gone, n_guests;
	const struct ip *addresses;
	size_t n_addresses;
	struct nfct_handle *killer; /* a second socket: the first is in the middle of its dump */
	int forgotten;
};

static uint16_t
port_at(const uint8_t *b)
{
	return (uint16_t)(b[0] << 8 | b[1]);
}

static struct ip
ip_at(const void *bytes, bool six)
{
	struct ip ip = {.family = six ? 6 : 4};

	memcpy(ip.b, bytes, ip_len(&ip));
	return ip;
}

static bool
is_rest(const struct fact *fact)
{
	return fact->kind == FACT_ELEMENT &&
	       (strcmp(fact->name, "rest4") == 0 || strcmp(fact->name, "rest6") == 0);
}

static bool
is_stay(const struct fact *fact)
{
	return fact->kind == FACT_ELEMENT && fact->family == FAMILY_INET && strcmp(fact->name, "stay") == 0;
}

static bool
is_allow(const struct fact *fact)
{
	static const char *const names[] = {"peers", "peer_ports", "host_all", "host_ports"};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (fact->kind == FACT_ELEMENT && strcmp(fact->name, names[i]) == 0)
			return true;
	return false;
}

static const struct port_set *
port_set(const struct fact *fact)
{
	size_t n = strcspn(fact->name, "_");

	for (size_t i = 0; i < sizeof(port_sets) / sizeof(*port_sets); i++)
		if (fact->kind == FACT_ELEMENT && fact->family == FAMILY_INET &&
		    span_is(span_of(fact->name, n), port_sets[i].name))
			return &port_sets[i];
	return NULL;
}

static void
note_ports(struct forgetting *forgetting, const struct port_set *set, const struct fact *fact)
{
	bool one = set->udp == BY_KEY;
	uint8_t udp = one ? fact->key[0] == IPPROTO_UDP : set->udp;
	uint16_t lo = port_at(fact->key + (one ? 4 : 0)), hi = one ? lo : port_at(fact->key + 2);

	for (uint8_t six = 0; six < 2; six++)
		for (uint8_t u = 0; u < 2; u++) {
			if ((set->six != six && set->six != BOTH) || (udp != u && udp != BOTH))
				continue;
			for (uint32_t port = lo; port <= hi; port++)
				forgetting->ports[six][u][port] = fact;
		}
}

/* The address of the guest that a route leads to, or NULL. */
static const struct ip *
route_guest(const struct fact *fact)
{
	struct route_key route;

	memcpy(&route, fact->key, sizeof(route));
	if (fact->kind != FACT_ROUTE || route.table != RT_TABLE_MAIN ||
	    route.to.bits != 8 * ip_len(&route.to.ip))
		return NULL;
	return (const struct ip *)(fact->key + offsetof(struct route_key, to.ip));
}

static void
note_want(struct forgetting *forgetting)
{
	for (size_t i = 0; i < forgetting->want->n; i++) {
		const struct fact *fact = &forgetting->want->list[i];
		const struct port_set *set = port_set(fact);

		if (set)
			note_ports(forgetting, set, fact);
		else if (is_rest(fact))
			forgetting->rest[fact->name[4] == '6'] = fact;
		else if (is_stay(fact) && fact->key[0] == IPPROTO_UDP)
			forgetting->stays[port_at(fact->key + 4)] = true;
		else if (route_guest(fact))
			forgetting->guests[forgetting->n_guests++] = route_guest(fact);
	}
}

/* Whether what is left over goes elsewhere; that one tap more, or less, asks for it changes no flow. */
static bool
moves_rest(const struct forgetting *forgetting, const struct fact *fact)
{
	struct bytes from = {.n = 16};

	if (!is_rest(fact))
		return false;
	memcpy(from.b, fact->key, from.n);
	return !forgetting->rest[fact->name[4] == '6'] || element_is(forgetting->want, "wan", &from);
}

static void
note_ops(struct forgetting *forgetting)
{
	for (size_t i = 0; i < forgetting->ops->n; i++) {
		const struct op *op = &forgetting->ops->list[i];
		const struct fact *fact = op->have ? op->have : op->want;

		if (op->have && op->want && fact_same(op->have, op->want))
			continue; /* its table is made anew */
		forgetting->rest_changed |= moves_rest(forgetting, fact);
		forgetting->allow_taken |= is_allow(fact) && !op->want;
		forgetting->ports_changed |= moves_rest(forgetting, fact) || port_set(fact);
		forgetting->ports_changed |= is_stay(fact) && !op->want;
		if (op->have && !op->want && route_guest(fact))
			forgetting->gone[forgetting->n_gone++] = route_guest(fact);
	}
}

static bool
is_among(const struct ip **list, size_t n, const struct ip *ip)
{
	for (size_t i = 0; i < n; i++)
		if (ip_cmp(list[i], ip) == 0)
			return true;
	return false;
}

/* Into out, the tap behind which the guest with that address is; false: it is no guest's. */
static bool
tap_of(const struct forgetting *forgetting, const struct ip *ip, struct route_value *out)
{
	const struct facts *want = forgetting->want;

	if (!is_among(forgetting->guests, forgetting->n_guests, ip))
		return false;
	for (size_t i = 0; i < want->n; i++) {
		const struct ip *guest = route_guest(&want->list[i]);

		if (guest && ip_cmp(guest, ip) == 0) {
			memcpy(out, want->list[i].value, sizeof(*out));
			return true;
		}
	}
	return false;
}

static bool
is_own(const struct forgetting *forgetting, const struct ip *ip)
{
	for (size_t i = 0; i < forgetting->n_addresses; i++)
		if (ip_cmp(&forgetting->addresses[i], ip) == 0)
			return true;
	return false;
}

/* The element that decides about a flow to the host; NULL: it stays there. */
static const struct fact *
decides(const struct forgetting *forgetting, const struct flow *flow)
{
	const struct fact *fact = NULL;

	if (flow->protocol == IPPROTO_TCP || flow->protocol == IPPROTO_UDP)
		fact = forgetting->ports[flow->six][flow->protocol == IPPROTO_UDP][flow->port];
	return fact ? fact : forgetting->rest[flow->six];
}

static bool
leads_there(const struct fact *fact, const struct flow *flow)
{
	size_t len = flow->six ? 16 : 4;

	if (!fact || fact->value_len < len || memcmp(fact->value, flow->answers.b, len) != 0)
		return false;
	return flow->guest_port == (fact->value_len > len ? port_at(fact->value + len) : flow->port);
}

/*
 * A guest's own call to another guest, or to the host, that nothing allows now. What the proxy opened in the name of
 * the first has a socket here; that stays.
 */
static bool
is_disallowed(const struct forgetting *forgetting, const struct flow *flow)
{
	struct addr local = {flow->from, flow->from_port}, remote = {flow->to, flow->port};
	struct route_value from, to = {0};
	bool guest;

	if (flow->translated || !tap_of(forgetting, &flow->from, &from))
		return false;
	guest = tap_of(forgetting, &flow->to, &to);
	if ((!guest && !is_own(forgetting, &flow->to)) ||
	    plan_allows(forgetting->want, from.device, guest ? to.device : NULL, flow->protocol, flow->port))
		return false;
	if (guest)
		return !sock_is(forgetting->sock, flow->protocol, &local, &remote);
	return !plan_is_open(forgetting->want, flow->protocol, flow->port);
}

static bool
is_stale(const struct forgetting *forgetting, const struct flow *flow)
{
	const struct fact *fact;

	if (is_among(forgetting->gone, forgetting->n_gone, &flow->from) ||
	    is_among(forgetting->gone, forgetting->n_gone, &flow->answers))
		return true;
	if (forgetting->allow_taken && is_disallowed(forgetting, flow))
		return true;
	if (!forgetting->ports_changed)
		return false;
	fact = decides(forgetting, flow);
	if (flow->translated)
		return !leads_there(fact, flow) &&
		       is_among(forgetting->guests, forgetting->n_guests, &flow->answers);
	if (flow->protocol == IPPROTO_UDP && forgetting->stays[flow->port])
		return false;
	/* What the host itself answered, and is a guest's now. TCP ends by itself. */
	return flow->protocol != IPPROTO_TCP && fact && fact->value_len &&
	       (!is_rest(fact) || forgetting->rest_changed) && ip_cmp(&flow->to, &flow->answers) == 0 &&
	       is_own(forgetting, &flow->to);
}

static struct ip
address_of(struct nf_conntrack *entry, bool six, enum nf_conntrack_attr four, enum nf_conntrack_attr other)
{
	const void *bytes = nfct_get_attr(entry, six ? other : four);

	return bytes ? ip_at(bytes, six) : (struct ip){0};
}

static struct flow
flow_of(struct nf_conntrack *entry)
{
	bool six = nfct_get_attr_u8(entry, ATTR_ORIG_L3PROTO) == AF_INET6;

	return (struct flow){
	    .protocol = nfct_get_attr_u8(entry, ATTR_ORIG_L4PROTO),
	    .six = six,
	    .translated = nfct_get_attr_u32(entry, ATTR_STATUS) & IPS_DST_NAT,
	    .from_port = ntohs(nfct_get_attr_u16(entry, ATTR_ORIG_PORT_SRC)),
	    .port = ntohs(nfct_get_attr_u16(entry, ATTR_ORIG_PORT_DST)),
	    .guest_port = ntohs(nfct_get_attr_u16(entry, ATTR_REPL_PORT_SRC)),
	    .from = address_of(entry, six, ATTR_ORIG_IPV4_SRC, ATTR_ORIG_IPV6_SRC),
	    .to = address_of(entry, six, ATTR_ORIG_IPV4_DST, ATTR_ORIG_IPV6_DST),
	    .answers = address_of(entry, six, ATTR_REPL_IPV4_SRC, ATTR_REPL_IPV6_SRC),
	};
}

static int
on_flow(enum nf_conntrack_msg_type type, struct nf_conntrack *entry, void *arg)
{
	struct forgetting *forgetting = arg;
	struct flow flow = flow_of(entry);

	(void)type;
	if (is_stale(forgetting, &flow) && nfct_query(forgetting->killer, NFCT_Q_DESTROY, entry) == 0)
		forgetting->forgotten++;
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
conntrack_forget(
    const struct ops *ops, const struct facts *want, const struct ip *addresses, size_t n, struct sock *sock)
{
	struct forgetting *forgetting = calloc(1, sizeof(*forgetting));
	int result = -1, saved;

	if (!forgetting)
		return -1;
	forgetting->ops = ops;
	forgetting->want = want;
	forgetting->sock = sock;
	forgetting->addresses = addresses;
	forgetting->n_addresses = n;
	forgetting->gone = calloc(ops->n + 1, sizeof(*forgetting->gone));
	forgetting->guests = calloc(want->n + 1, sizeof(*forgetting->guests));
	if (forgetting->gone && forgetting->guests) {
		note_want(forgetting);
		note_ops(forgetting);
		result = forgetting->n_gone || forgetting->ports_changed || forgetting->allow_taken
			     ? forget(forgetting)
			     : 0;
	}
	if (result != -1)
		result = forgetting->forgotten;
	saved = errno;
	free(forgetting->gone);
	free(forgetting->guests);
	free(forgetting);
	errno = saved;
	return result;
}
