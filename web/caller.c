/* Who asks; see caller.h. */
#include "web/caller.h"

#include <stdio.h>

static void
as_link(struct viewer *v, const char *name)
{
	if (strcmp(name, LINK_OWNER) == 0) {
		v->who = WHO_OWNER;
		return;
	}
	v->who = WHO_TENANT;
	snprintf(v->guest, sizeof(v->guest), "%s", name);
}

/* A guest's own address says who asks: natd keeps each guest from the others' addresses. */
static bool
by_address(const struct conf *conf, const struct ip *ip, struct viewer *v)
{
	for (size_t i = 0; i < conf->n_guests; i++) {
		const struct guest *g = &conf->guests[i];

		if (ip_cmp(ip, &g->address) != 0 &&
		    (!ip_is_set(&g->address6) || ip_cmp(ip, &g->address6) != 0))
			continue;
		as_link(v, g->name);
		v->inside = true;
		return true;
	}
	return false;
}

bool
caller_in_the_open(const struct conf *conf, const struct seat *seat)
{
	struct viewer inside;

	return conf->web.cert && !seat->tls && (seat->told || !seat->here) &&
	       !by_address(conf, &seat->client.ip, &inside);
}

struct viewer
caller_of(const struct conf *conf, struct pass *pass, const struct seat *seat, struct span token)
{
	struct viewer v = {WHO_NOBODY, "", false};
	const char *name = caller_in_the_open(conf, seat) ? NULL : pass_find(pass, token);

	if (name)
		as_link(&v, name);
	else if (!by_address(conf, &seat->client.ip, &v) && !seat->told && seat->here)
		v.who = WHO_LOCAL;
	return v;
}
