/* Whose bytes; see world.h. */
#include "acct/world.h"

#include <endian.h>

/*
 * This runs for every packet: addresses are compared as numbers, in the order that ip_cmp has, and read in the
 * pieces in which they were just written, for which a CPU need not wait.
 */
static uint32_t
four(const struct ip *ip)
{
	uint32_t v;

	memcpy(&v, ip->b, 4);
	return be32toh(v);
}

static uint64_t
half(const struct ip *ip, int n)
{
	uint64_t v;

	memcpy(&v, ip->b + 8 * n, 8);
	return be64toh(v);
}

static int
order(const struct ip *a, const struct ip *b)
{
	uint64_t x, y;

	if (a->family != b->family)
		return a->family < b->family ? -1 : 1;
	x = a->family == 4 ? four(a) : half(a, 0);
	y = a->family == 4 ? four(b) : half(b, 0);
	if (x == y && a->family != 4) {
		x = half(a, 1);
		y = half(b, 1);
	}
	return (x > y) - (x < y);
}

static uint32_t
mask4(const struct net *net)
{
	return net->bits == 0 ? 0 : UINT32_MAX << (32 - net->bits);
}

static inline bool
is_in(const struct net *net, const struct ip *ip)
{
	if (net->ip.family != ip->family)
		return false;
	return ip->family == 4 ? ((four(&net->ip) ^ four(ip)) & mask4(net)) == 0 : net_has(net, ip);
}

static bool
is_host(const struct world *world, const struct ip *ip)
{
	size_t low = 0, high = world->n_host;

	while (low < high) {
		size_t middle = (low + high) / 2;
		int way = order(ip, &world->host[middle]);

		if (way == 0)
			return true;
		if (way < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return false;
}

static bool
is_proxied(const struct doors *doors, const struct addr *guest, uint8_t proto)
{
	bool tcp = proto == PROTO_TCP && (guest->port == doors->http || guest->port == doors->tls);
	bool udp = proto == PROTO_UDP && guest->port == doors->quic;

	return (tcp || udp) && guest->port != 0 &&
	       order(&guest->ip, guest->ip.family == 4 ? &doors->address : &doors->address6) == 0;
}

/* Addresses that no router passes on: what bears one stays on the tap. */
static inline bool
stays(const struct ip *ip)
{
	uint32_t v4 = four(ip);

	if (ip->family == 4)
		return v4 >> 28 >= 14 || v4 >> 24 == 0 || v4 >> 16 == 0xa9fe;
	return ip->b[0] == 0xff || (ip->b[0] == 0xfe && (ip->b[1] & 0xc0) == 0x80) ||
	       (half(ip, 0) == 0 && half(ip, 1) == 0);
}

static bool
is_broadcast(const struct net *net, const struct ip *ip)
{
	return net->ip.family == 4 && ip->family == 4 && net->bits <= 30 &&
	       four(ip) == (four(&net->ip) | ~mask4(net));
}

enum traffic
world_class(
    const struct world *world, const struct doors *doors, enum direction direction, const struct ends *e)
{
	const struct addr *guest = direction == TO_GUEST ? &e->to : &e->from;
	const struct ip *other = direction == TO_GUEST ? &e->from.ip : &e->to.ip;

	if (other->family == 0 || stays(&e->from.ip) || stays(&e->to.ip))
		return CLASS_HOST;
	if (is_host(world, other))
		return is_proxied(doors, guest, e->proto) ? CLASS_WAN : CLASS_HOST;
	if (is_broadcast(&world->network, &e->to.ip))
		return CLASS_HOST;
	if (is_in(&world->network, other) || is_in(&world->network6, other))
		return CLASS_GUESTS;
	return CLASS_WAN;
}

struct doors
world_doors(const struct conf *conf, const struct guest *g)
{
	const struct proxy_conf *proxy = &conf->proxy;

	return (struct doors){
	    .address = g->address,
	    .address6 = g->address6,
	    .http = proxy->n_http > 0 ? g->to_http : 0,
	    .tls = proxy->n_tls > 0 ? g->to_tls : 0,
	    .quic = proxy->n_quic > 0 ? g->to_quic : 0,
	};
}
