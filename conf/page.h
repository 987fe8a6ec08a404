/*
 * The usage page behind the proxy: like a guest of this host, of a name that no guest can have, which is told its client
 * by a PROXY header. A core.
 */
#ifndef CONF_PAGE_H
#define CONF_PAGE_H

#include "conf/route.h"

#define PAGE_GUEST "~web" /* behind all others, by name */

/* Puts it behind the guests of the conf, where the file has a page. -1: no memory. */
int page_add(struct conf *);
/* Where it is among them; NULL: there is none. */
const struct route_guest *page_find(const struct routes *);

/*
 * Does a request of that Host field from that client, who is inside when it is of a guests' network, ask for the page
 * without its name? It does when a guest asks for an address, be it that of its gateway or the host's public one.
 */
bool page_is_asked(
    struct span host, const struct ip *client, const struct net *network, const struct net *network6);

#endif
