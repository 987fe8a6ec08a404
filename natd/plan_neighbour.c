/*
 * For which guests' IPv6 addresses the host answers a neighbour that seeks them on its own link; see planned.h. A core.
 *
 * Behind a tap: a guest that thinks the others are on its link, because its address has the network's prefix. Outside:
 * a provider's router that was given the guests' prefix as one of its link, not as one to route to the host.
 * The kernel wants an entry for each address on each device; for IPv4 it answers for all that is elsewhere.
 */
#include "natd/planned.h"

/* Among so many guests each may meet each by the ports of the other; among more, those that the file lets meet. */
enum { EACH_MEETS_EACH = 64 };

static void
add_neighbour(struct facts *out, const char *device, const struct ip *ip)
{
	struct fact fact = fact_of(FACT_NEIGHBOUR, FAMILY_IP6, device);

	fact_key(&fact, ip, sizeof(*ip));
	facts_add(out, &fact);
}

/* Both are asked for: who is called seeks the caller to answer. */
static void
add_pair(struct facts *out, const struct guest *a, const struct guest *b)
{
	if (a == b || !ip_is_set(&a->address6) || !ip_is_set(&b->address6))
		return;
	add_neighbour(out, a->tap, &b->address6);
	add_neighbour(out, b->tap, &a->address6);
}

static size_t
count_six(const struct conf *conf)
{
	size_t n = 0;

	for (size_t i = 0; i < conf->n_guests; i++)
		n += ip_is_set(&conf->guests[i].address6);
	return n;
}

static void
add_pairs(struct facts *out, const struct conf *conf, const struct guest *guest, bool all)
{
	for (size_t i = 0; all && &conf->guests[i] < guest; i++)
		add_pair(out, &conf->guests[i], guest);
	for (size_t i = 0; !all && i < guest->n_allows; i++) {
		const struct guest *to =
		    guest->allows[i].host ? NULL : conf_guest(conf, guest->allows[i].who);

		if (to)
			add_pair(out, guest, to);
	}
}

static bool
is_within(const struct plan_host *host, const struct ip *ip)
{
	for (size_t i = 0; i < host->n_wan_prefixes; i++)
		if (net_has(&host->wan_prefixes[i], ip))
			return true;
	return false;
}

/* With the host's address outside, nobody there seeks a guest's. */
static void
add_outside(struct facts *out, const struct conf *conf, const struct plan_host *host)
{
	bool any = false;

	for (size_t i = 0; i < conf->n_guests && !conf->masquerade6; i++) {
		const struct guest *guest = &conf->guests[i];

		if (!ip_is_set(&guest->address6) || !is_within(host, &guest->address6))
			continue;
		add_neighbour(out, host->wan, &guest->address6);
		any = true;
	}
	if (!any)
		return;
	planned_sysctl(out, "net/ipv6/conf/%s/proxy_ndp", host->wan, "1");
	planned_sysctl(out, "net/ipv6/neigh/%s/proxy_delay", host->wan, "0");
}

void
planned_neighbours(struct facts *out, const struct conf *conf, const struct plan_host *host)
{
	bool all = count_six(conf) <= EACH_MEETS_EACH;

	for (size_t i = 0; i < conf->n_guests; i++) {
		const struct guest *guest = &conf->guests[i];

		planned_sysctl(out, "net/ipv6/conf/%s/proxy_ndp", guest->tap, "1");
		planned_sysctl(out, "net/ipv6/neigh/%s/proxy_delay", guest->tap,
		    "0"); /* else up to 0.8 s before an answer */
		if (ip_is_set(&guest->address6))
			add_pairs(out, conf, guest, all);
	}
	if (*host->wan)
		add_outside(out, conf, host);
}
