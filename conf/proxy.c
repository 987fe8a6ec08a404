/* The keys of proxy. */
#include "conf/parse.h"

#include <stdlib.h>

struct port_list {
	uint16_t *ports;
	size_t n;
};

static void
port_add(struct parse *p, const struct key *key, yaml_node_t *node, void *into)
{
	struct key one = {.name = key->name, .min = 1, .max = UINT16_MAX};
	struct port_list *to = into;
	uint16_t port = 0, *slot;

	take_number16(p, &one, node, &port);
	if (port == 0)
		return;
	for (size_t i = 0; i < to->n; i++) {
		if (to->ports[i] == port) {
			take_wrong(p, key, node, "is in this list twice; keep one");
			return;
		}
	}
	if (to->n == CONF_DOORS_MAX) {
		take_wrong(p, key, node, "is one port too many; 64 are the most");
		return;
	}
	slot = value_append(p->report, &to->ports, &to->n, sizeof(*slot));
	if (slot)
		*slot = port;
}

static void
take_ports(struct parse *p, const struct key *key, yaml_node_t *node, uint16_t **ports, size_t *n,
    struct place *place)
{
	struct port_list to = {*ports, 0};

	if (node_is_empty(node))
		return;
	*place = node_place(p, node);
	node_list(p, key, node, &to, port_add);
	*ports = to.ports;
	*n = to.n;
}

static void
take_http(struct parse *p, const struct key *key, yaml_node_t *node, void *into)
{
	struct proxy_conf *c = into;

	take_ports(p, key, node, &c->http, &c->n_http, &c->http_place);
}

static void
take_tls(struct parse *p, const struct key *key, yaml_node_t *node, void *into)
{
	struct proxy_conf *c = into;

	take_ports(p, key, node, &c->tls, &c->n_tls, &c->tls_place);
}

static void
take_quic(struct parse *p, const struct key *key, yaml_node_t *node, void *into)
{
	struct proxy_conf *c = into;

	take_ports(p, key, node, &c->quic, &c->n_quic, &c->quic_place);
}

/* A bare address is a network of one. */
static bool
trusted_parse(struct span text, struct net *out)
{
	struct ip ip;

	if (net_parse(text, out) == 0)
		return true;
	if (ip_parse(text, &ip) == -1)
		return false;
	*out = (struct net){ip, (uint8_t)(8 * ip_len(&ip))};
	return true;
}

static void
trusted_add(struct parse *p, const struct key *key, yaml_node_t *node, void *into)
{
	struct proxy_conf *c = into;
	struct net net, *slot;
	struct span text;

	if (!node_text(p, key->name, node, &text))
		return;
	if (!trusted_parse(text, &net)) {
		take_wrong(p, key, node,
		    "is no address and no network; write ADDRESS, or ADDRESS/BITS with no bit set past BITS");
		return;
	}
	for (size_t i = 0; i < c->n_proxy_in; i++) {
		if (net_overlaps(&c->proxy_in[i], &net)) {
			take_wrong(p, key, node, "is in this list already; keep the wider one");
			return;
		}
	}
	if (c->n_proxy_in == CONF_TRUSTED_MAX) {
		take_wrong(p, key, node, "is one too many; 64 are the most");
		return;
	}
	slot = value_append(p->report, &c->proxy_in, &c->n_proxy_in, sizeof(*slot));
	if (slot)
		*slot = net;
}

static void
take_trusted(struct parse *p, const struct key *key, yaml_node_t *node, void *into)
{
	node_list(p, key, node, into, trusted_add);
}

static void
take_fallback(struct parse *p, const struct key *key, yaml_node_t *node, void *into)
{
	struct proxy_conf *c = into;
	struct span text;

	if (!node_text(p, key->name, node, &text) || span_is(text, "reject"))
		return;
	c->fallback_place = node_place(p, node);
	if (name_guest(text))
		take_wrong(p, key, node, "is neither reject nor the name of a guest");
	else
		value_set(p->report, &p->fallback, text);
}

static void
take_workers(struct parse *p, const struct key *key, yaml_node_t *node, void *into)
{
	if (!node_is(node, "auto"))
		take_number(p, key, node, into);
}

static void
take_timeouts(struct parse *p, const struct key *key, yaml_node_t *node, void *into)
{
	static const struct key keys[] = {
	    {"hello", take_duration, .offset = offsetof(struct proxy_conf, hello_ms), .min = 10,
		.max = 600000},
	    {"connect", take_duration, .offset = offsetof(struct proxy_conf, connect_ms), .min = 10,
		.max = 600000},
	    {"idle", take_duration, .offset = offsetof(struct proxy_conf, idle_ms), .min = 1000,
		.max = 7 * 86400000u},
	    {"half-open", take_duration, .offset = offsetof(struct proxy_conf, half_open_ms), .min = 10,
		.max = 7 * 86400000u},
	    {"drain", take_duration, .offset = offsetof(struct proxy_conf, drain_ms), .min = 10,
		.max = 86400000},
	};

	node_map(p, key->name, node, keys, COUNT(keys), NULL, into);
}

void
take_proxy(struct parse *p, const struct key *key, yaml_node_t *node, void *into)
{
	static const struct key keys[] = {
	    {.name = "http", .take = take_http},
	    {.name = "tls", .take = take_tls},
	    {.name = "quic", .take = take_quic},
	    {"client-address", take_client_address, .offset = offsetof(struct proxy_conf, client_address)},
	    {.name = "proxy-in", .take = take_trusted},
	    {.name = "default", .take = take_fallback},
	    {"workers", take_workers, .offset = offsetof(struct proxy_conf, workers), .min = 1,
		.max = CONF_WORKERS_MAX},
	    {"per-client", take_number, .offset = offsetof(struct proxy_conf, per_client), .min = 0,
		.max = 10000000},
	    {"per-guest", take_number, .offset = offsetof(struct proxy_conf, per_guest), .min = 0,
		.max = 10000000},
	    {"per-client-rate", take_number, .offset = offsetof(struct proxy_conf, client_rate), .min = 0,
		.max = 10000000},
	    {"total", take_number, .offset = offsetof(struct proxy_conf, total), .min = 0, .max = 10000000},
	    {.name = "timeouts", .take = take_timeouts},
	};
	struct conf *c = into;

	node_map(p, key->name, node, keys, COUNT(keys), NULL, &c->proxy);
}
