/* Whose bytes; see world.h. */
#include "acct/world.h"

#include <stdlib.h>

static int
by_ip(const void *a, const void *b)
{
	return ip_cmp(a, b);
}

static int
by_place(const void *a, const void *b)
{
	const struct delivery *x = a, *y = b;
	int order = ip_cmp(&x->at.ip, &y->at.ip);

	if (order == 0)
		order = (int)x->at.port - (int)y->at.port;
	return order ? order : (int)x->proto - (int)y->proto;
}

static bool
is_host(const struct world *world, const struct ip *ip)
{
	return world->n_host && bsearch(ip, world->host, world->n_host, sizeof(*ip), by_ip);
}

static bool
is_proxied(const struct world *world, const struct addr *guest, uint8_t proto)
{
	struct delivery key = {*guest, proto};

	return proto && world->n_proxied &&
	       bsearch(&key, world->proxied, world->n_proxied, sizeof(key), by_place);
}

/* Addresses that no router passes on: what bears one stays on the tap. */
static bool
stays(const struct ip *ip)
{
	if (ip->family == 4)
		return ip->b[0] >= 224 || ip->b[0] == 0 || (ip->b[0] == 169 && ip->b[1] == 254);
	return ip->b[0] == 0xff || (ip->b[0] == 0xfe && (ip->b[1] & 0xc0) == 0x80) ||
	       memcmp(ip->b, (const uint8_t[16]){0}, 16) == 0;
}

static bool
is_broadcast(const struct net *net, const struct ip *ip)
{
	struct ip last;

	if (net->ip.family != 4 || ip->family != 4 || net->bits > 30)
		return false;
	last = net_nth(net, (uint32_t)((1ull << (32 - net->bits)) - 1));
	return ip_cmp(&last, ip) == 0;
}

enum traffic
world_class(const struct world *world, enum direction direction, const struct ends *e)
{
	const struct addr *guest = direction == TO_GUEST ? &e->to : &e->from;
	const struct ip *other = direction == TO_GUEST ? &e->from.ip : &e->to.ip;

	if (other->family == 0 || stays(&e->from.ip) || stays(&e->to.ip))
		return CLASS_HOST;
	if (is_host(world, other))
		return is_proxied(world, guest, e->proto) ? CLASS_WAN : CLASS_HOST;
	if (is_broadcast(&world->network, &e->to.ip))
		return CLASS_HOST;
	if (net_has(&world->network, other) || net_has(&world->network6, other))
		return CLASS_GUESTS;
	return CLASS_WAN;
}

size_t
world_proxied(const struct conf *conf, struct delivery *out)
{
	const struct proxy_conf *proxy = &conf->proxy;
	size_t n = 0;

	for (size_t i = 0; i < conf->n_guests; i++) {
		const struct guest *g = &conf->guests[i];
		const struct ip *const ips[] = {&g->address, &g->address6};

		for (size_t k = 0; k < sizeof(ips) / sizeof(*ips); k++) {
			if (!ip_is_set(ips[k]))
				continue;
			if (proxy->n_http > 0)
				out[n++] = (struct delivery){{*ips[k], g->to_http}, PROTO_TCP};
			if (proxy->n_tls > 0)
				out[n++] = (struct delivery){{*ips[k], g->to_tls}, PROTO_TCP};
			if (proxy->n_quic > 0)
				out[n++] = (struct delivery){{*ips[k], g->to_quic}, PROTO_UDP};
		}
	}
	if (n > 0)
		qsort(out, n, sizeof(*out), by_place);
	return n;
}
