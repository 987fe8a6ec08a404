/* What is free for a guest that is not in the file yet; see draft.h. */
#include "conf/draft.h"
#include "conf/parse.h"

enum {
	FIRST_NUMBER = 2, /* of a guest's address; 1 is the host's */
	PORTS = 65536,
	SSH = 22, /* in the guest */
};

static bool
address_is_free(const struct conf *c, const struct ip *ip)
{
	for (size_t i = 0; i < c->n_guests; i++)
		if (ip_cmp(&c->guests[i].address, ip) == 0 || ip_cmp(&c->guests[i].address6, ip) == 0)
			return false;
	return true;
}

/* The number counts for both families, so that who reads one address knows the other. */
static bool
number_take(const struct conf *c, uint32_t number, struct guest *g)
{
	struct ip four = net_nth(&c->network, number), six = {0}, next = net_nth(&c->network, number + 1);

	if (!net_has(&c->network, &next) || !address_is_free(c, &four)) /* the last one is the broadcast's */
		return false;
	if (ip_is_set(&c->network6.ip)) {
		six = net_nth(&c->network6, number);
		if (!net_has(&c->network6, &six) || !address_is_free(c, &six))
			return false;
	}
	g->address = four;
	g->address6 = six;
	return true;
}

static bool
port_is_free(const struct conf *c, const uint8_t *taken, unsigned port)
{
	if (taken[port])
		return false;
	for (size_t i = 0; i < c->n_reserve; i++)
		if (port >= c->reserve[i].lo && port <= c->reserve[i].hi)
			return false;
	for (size_t i = 0; i < c->n_guests; i++)
		for (size_t k = 0; k < c->guests[i].n_forwards; k++)
			if (port >= c->guests[i].forwards[k].lo && port <= c->guests[i].forwards[k].hi)
				return false;
	return true;
}

static bool
is_door(const uint16_t *ports, size_t n, unsigned port)
{
	for (size_t i = 0; i < n; i++)
		if (ports[i] == port)
			return true;
	return false;
}

static bool
port_is_door(const struct conf *c, unsigned port)
{
	return is_door(c->proxy.http, c->proxy.n_http, port) || is_door(c->proxy.tls, c->proxy.n_tls, port) ||
	       is_door(c->proxy.quic, c->proxy.n_quic, port) || c->web.listen.port == port;
}

/* What it has already, where nobody else has it. */
static bool
address_keep(const struct conf *c, struct guest *g)
{
	uint32_t number;

	if (!ip_is_set(&g->address) || !net_has(&c->network, &g->address) || !address_is_free(c, &g->address))
		return false;
	number = net_host(&c->network, &g->address);
	if (!ip_is_set(&c->network6.ip))
		g->address6 = (struct ip){0};
	else if (!ip_is_set(&g->address6) || !net_has(&c->network6, &g->address6))
		g->address6 = net_nth(&c->network6, number);
	return !ip_is_set(&g->address6) || address_is_free(c, &g->address6);
}

static bool
forward_is_free(const struct conf *c, const uint8_t *taken, const struct forward *f)
{
	for (unsigned port = f->lo; port <= f->hi; port++)
		if (!port_is_free(c, taken, port) || port_is_door(c, port))
			return false;
	return true;
}

static bool
leads_to_ssh(const struct forward *f)
{
	return (f->proto & PROTO_TCP) && f->to <= SSH && SSH - f->to <= f->hi - f->lo;
}

/* Drops what others have. Whether one is left that leads to SSH. */
static bool
forwards_keep(const struct conf *c, const uint8_t *taken, struct guest *g)
{
	bool ssh = false;
	size_t n = 0;

	for (size_t i = 0; i < g->n_forwards; i++) {
		const struct forward f = g->forwards[i];

		if (!forward_is_free(c, taken, &f))
			continue;
		ssh |= leads_to_ssh(&f);
		g->forwards[n++] = f;
	}
	g->n_forwards = n;
	for (size_t i = 0; i < c->n_guests; i++)
		g->rest &= !c->guests[i].rest;
	return ssh;
}

static const char *
ssh_port_find(const struct conf *c, const uint8_t *taken, struct guest *g)
{
	struct report report = {0};
	unsigned port = DRAFT_SSH_PORT;
	struct forward *slot;

	while (port < PORTS && (!port_is_free(c, taken, port) || port_is_door(c, port)))
		port++;
	if (port == PORTS)
		return "no port from 2201 on is free; take one from another guest's `ports:`";
	slot = value_append(&report, &g->forwards, &g->n_forwards, sizeof(*slot));
	if (!slot)
		return "finds no memory; free -h shows what is left";
	*slot = (struct forward){.lo = (uint16_t)port, .hi = (uint16_t)port, .to = SSH, .proto = PROTO_TCP};
	return NULL;
}

const char *
draft_place(const struct conf *c, const uint8_t *taken, struct guest *g)
{
	uint32_t number = FIRST_NUMBER, last = CONF_GUESTS_MAX + FIRST_NUMBER;

	if (!address_keep(c, g))
		while (number <= last && !number_take(c, number, g))
			number++;
	if (number > last)
		return "no address of the network is free; name a larger `network:`";
	return forwards_keep(c, taken, g) ? NULL : ssh_port_find(c, taken, g);
}

unsigned
draft_ssh_port(const struct guest *g)
{
	for (size_t i = 0; i < g->n_forwards; i++) {
		const struct forward *f = &g->forwards[i];

		if (leads_to_ssh(f))
			return f->lo + (unsigned)(SSH - f->to);
	}
	return 0;
}
