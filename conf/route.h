/*
 * Name → guest: exact, then the longest suffix, then the default. A core.
 *
 * Planned once from a conf and never changed; it owns all it points to, so the conf may go. Finding costs one
 * walk over the name and one probe a label, however many names there are.
 */
#ifndef CONF_ROUTE_H
#define CONF_ROUTE_H

#include "conf/conf.h"

/* What the proxy must know of a guest. */
struct route_guest {
	uint16_t number; /* in conf.guests */
	char name[CONF_GUEST_NAME_MAX + 1];
	struct ip address, address6; /* address6 may be unset */
	uint16_t to_http, to_tls, to_quic;
	enum client_address client_address; /* never CLIENT_DEFAULT */
	bool redirect_https;
};

/* One rule: who has the name, and where the file says so. */
struct route {
	const struct route_guest *guest;
	const char *name; /* as in struct domain; "" for the default */
	enum domain_kind kind;
	struct place place;
};

struct routes;

/* NULL: out of memory. Two equal rules: the first one counts (the checks of the file refuse them). */
struct routes *routes_plan(const struct conf *);
void routes_free(struct routes *);

/* name: what name_judge made. NULL: nobody's, not even the default's. */
const struct route *routes_find(const struct routes *, struct span name);
/* Where a connection goes that names nobody. NULL: rejected. */
const struct route *routes_default(const struct routes *);

size_t routes_names(const struct routes *);
const struct route *routes_rules(const struct routes *); /* one for each name */
size_t routes_guests(const struct routes *, const struct route_guest **out);

#endif
