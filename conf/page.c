/* The usage page behind the proxy; see page.h. */
#include "conf/page.h"

#include <stdlib.h>

/* Where it is reached from here. */
static struct ip
own_address(const struct ip *listen)
{
	static const struct ip any4 = {.family = 4}, any6 = {.family = 6};
	static const struct ip one4 = {4, {127, 0, 0, 1}}, one6 = {6, {[15] = 1}};

	if (ip_cmp(listen, &any4) == 0)
		return one4;
	return ip_cmp(listen, &any6) == 0 ? one6 : *listen;
}

static int
take_name(const struct web_conf *web, struct guest *page)
{
	if (!web->name)
		return 0;
	page->domains = calloc(1, sizeof(*page->domains));
	if (!page->domains)
		return -1;
	page->n_domains = 1;
	page->domains[0] = (struct domain){DOMAIN_EXACT, strdup(web->name), web->name_place};
	return page->domains[0].name ? 0 : -1;
}

int
page_add(struct conf *conf)
{
	const struct web_conf *web = &conf->web;
	size_t fallback = conf->proxy.fallback ? (size_t)(conf->proxy.fallback - conf->guests) : 0;
	struct guest *more, *page;

	if (!ip_is_set(&web->listen.ip))
		return 0;
	more = realloc(conf->guests, (conf->n_guests + 1) * sizeof(*more));
	if (!more)
		return -1;
	conf->guests = more;
	if (conf->proxy.fallback)
		conf->proxy.fallback = &more[fallback];
	page = &more[conf->n_guests++];
	*page = (struct guest){.name = PAGE_GUEST,
	    .address = own_address(&web->listen.ip),
	    .client_address = CLIENT_PROXY_V2,
	    .to_http = web->listen.port,
	    .to_tls = web->listen.port,
	    .to_quic = web->listen.port};
	return take_name(web, page);
}

const struct route_guest *
page_find(const struct routes *routes)
{
	const struct route_guest *list;
	size_t n = routes_guests(routes, &list);

	return n > 0 && strcmp(list[n - 1].name, PAGE_GUEST) == 0 ? &list[n - 1] : NULL;
}

static bool
is_address(struct span host)
{
	struct addr addr;

	if (ip_parse(host, &addr.ip) == 0 || addr_parse(host, &addr) == 0)
		return true;
	return host.len > 2 && host.ptr[0] == '[' && host.ptr[host.len - 1] == ']' &&
	       ip_parse(span_of(host.ptr + 1, host.len - 2), &addr.ip) == 0;
}

bool
page_is_asked(
    struct span host, const struct ip *client, const struct net *network, const struct net *network6)
{
	return (net_has(network, client) || (network6->ip.family && net_has(network6, client))) &&
	       is_address(host);
}
