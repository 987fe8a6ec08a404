/*
 * Which flows a change left behind; see stale.h.
 *
 * The kernel translates a flow as it did its first packet, for as long as it lasts. So where ports changed, each
 * flow that was led to a guest is asked whether the wanted maps would lead it there now.
 */
#include "natd/stale.h"
#include "natd/element.h"
#include "natd/plan.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>

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

struct stale {
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
};

static uint16_t
port_at(const uint8_t *b)
{
	return (uint16_t)(b[0] << 8 | b[1]);
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
note_ports(struct stale *stale, const struct port_set *set, const struct fact *fact)
{
	bool one = set->udp == BY_KEY;
	uint8_t udp = one ? fact->key[0] == IPPROTO_UDP : set->udp;
	uint16_t lo = port_at(fact->key + (one ? 4 : 0)), hi = one ? lo : port_at(fact->key + 2);

	for (uint8_t six = 0; six < 2; six++)
		for (uint8_t u = 0; u < 2; u++) {
			if ((set->six != six && set->six != BOTH) || (udp != u && udp != BOTH))
				continue;
			for (uint32_t port = lo; port <= hi; port++)
				stale->ports[six][u][port] = fact;
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
note_want(struct stale *stale)
{
	for (size_t i = 0; i < stale->want->n; i++) {
		const struct fact *fact = &stale->want->list[i];
		const struct port_set *set = port_set(fact);

		if (set)
			note_ports(stale, set, fact);
		else if (is_rest(fact))
			stale->rest[fact->name[4] == '6'] = fact;
		else if (is_stay(fact) && fact->key[0] == IPPROTO_UDP)
			stale->stays[port_at(fact->key + 4)] = true;
		else if (route_guest(fact))
			stale->guests[stale->n_guests++] = route_guest(fact);
	}
}

/* Whether what is left over goes elsewhere; that one tap more, or less, asks for it changes no flow. */
static bool
moves_rest(const struct stale *stale, const struct fact *fact)
{
	struct bytes from = {.n = 16};

	if (!is_rest(fact))
		return false;
	memcpy(from.b, fact->key, from.n);
	return !stale->rest[fact->name[4] == '6'] || element_is(stale->want, "wan", &from);
}

static void
note_ops(struct stale *stale, const struct ops *ops)
{
	for (size_t i = 0; i < ops->n; i++) {
		const struct op *op = &ops->list[i];
		const struct fact *fact = op->have ? op->have : op->want;

		if (op->have && op->want && fact_same(op->have, op->want))
			continue; /* its table is made anew */
		stale->rest_changed |= moves_rest(stale, fact);
		stale->allow_taken |= is_allow(fact) && !op->want;
		stale->ports_changed |= port_set(fact) || (is_stay(fact) && !op->want);
		if (op->have && !op->want && route_guest(fact))
			stale->gone[stale->n_gone++] = route_guest(fact);
	}
	stale->ports_changed |= stale->rest_changed;
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
tap_of(const struct stale *stale, const struct ip *ip, struct route_value *out)
{
	const struct facts *want = stale->want;

	if (!is_among(stale->guests, stale->n_guests, ip))
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
is_own(const struct stale *stale, const struct ip *ip)
{
	for (size_t i = 0; i < stale->n_addresses; i++)
		if (ip_cmp(&stale->addresses[i], ip) == 0)
			return true;
	return false;
}

/* The element that decides about a flow to the host; NULL: it stays there. */
static const struct fact *
decides(const struct stale *stale, const struct flow *flow)
{
	const struct fact *fact = NULL;

	if (flow->protocol == IPPROTO_TCP || flow->protocol == IPPROTO_UDP)
		fact = stale->ports[flow->six][flow->protocol == IPPROTO_UDP][flow->port];
	return fact ? fact : stale->rest[flow->six];
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
is_disallowed(const struct stale *stale, const struct flow *flow)
{
	struct addr local = {flow->from, flow->from_port}, remote = {flow->to, flow->port};
	struct route_value from, to = {0};
	bool guest;

	if (flow->translated || !tap_of(stale, &flow->from, &from))
		return false;
	guest = tap_of(stale, &flow->to, &to);
	if ((!guest && !is_own(stale, &flow->to)) ||
	    plan_allows(stale->want, from.device, guest ? to.device : NULL, flow->protocol, flow->port))
		return false;
	if (guest)
		return !sock_is(stale->sock, flow->protocol, &local, &remote);
	return !plan_is_open(stale->want, flow->protocol, flow->port);
}

bool
stale_is(const struct stale *stale, const struct flow *flow)
{
	const struct fact *fact;

	if (is_among(stale->gone, stale->n_gone, &flow->from) ||
	    is_among(stale->gone, stale->n_gone, &flow->answers))
		return true;
	if (stale->allow_taken && is_disallowed(stale, flow))
		return true;
	if (!stale->ports_changed)
		return false;
	fact = decides(stale, flow);
	if (flow->translated)
		return !leads_there(fact, flow) && is_among(stale->guests, stale->n_guests, &flow->answers);
	if (flow->protocol == IPPROTO_UDP && stale->stays[flow->port])
		return false;
	/* What the host itself answered, and is a guest's now. TCP ends by itself. */
	return flow->protocol != IPPROTO_TCP && fact && fact->value_len &&
	       (!is_rest(fact) || stale->rest_changed) && ip_cmp(&flow->to, &flow->answers) == 0 &&
	       is_own(stale, &flow->to);
}

struct stale *
stale_open(
    const struct ops *ops, const struct facts *want, const struct ip *addresses, size_t n, struct sock *sock)
{
	struct stale *stale = calloc(1, sizeof(*stale));

	if (!stale)
		return NULL;
	stale->want = want;
	stale->sock = sock;
	stale->addresses = addresses;
	stale->n_addresses = n;
	stale->gone = calloc(ops->n + 1, sizeof(*stale->gone));
	stale->guests = calloc(want->n + 1, sizeof(*stale->guests));
	if (!stale->gone || !stale->guests) {
		stale_close(stale);
		errno = ENOMEM;
		return NULL;
	}
	note_want(stale);
	note_ops(stale, ops);
	return stale;
}

void
stale_close(struct stale *stale)
{
	free(stale->gone);
	free(stale->guests);
	free(stale);
}

bool
stale_any(const struct stale *stale)
{
	return stale->n_gone || stale->ports_changed || stale->allow_taken;
}
