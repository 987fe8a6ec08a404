/* Texts to one conf: the keys of the top level, and those of billing. */
#include "conf/parse.h"

#include <stdlib.h>

static void
take_wan(struct parse *p, const struct key *key, yaml_node_t *node, void *into)
{
	if (!node_is(node, "auto"))
		take_interface(p, key, node, into);
}

/* Networks whose addresses no guest can have: own, loopback, link, multicast. */
static bool
net_is_special(const struct net *net)
{
	static const char *const special[] = {
	    "0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/3", "::/8", "fe80::/10", "ff00::/8"};
	struct net other;

	for (size_t i = 0; i < COUNT(special); i++) {
		if (net_parse(span_str(special[i]), &other) == 0 && net_overlaps(net, &other))
			return true;
	}
	return false;
}

static void
take_net(struct parse *p, const struct key *key, yaml_node_t *node, void *into)
{
	bool six = key->max == 6;
	struct conf *c = into;
	struct net net;
	struct span text;

	if (!node_text(p, key->name, node, &text))
		return;
	*(six ? &c->network6_place : &c->network_place) = node_place(p, node);
	*(six ? &c->network6 : &c->network) = (struct net){0}; /* where it is wrong, nothing is outside it */
	if (net_parse(text, &net) == -1)
		take_wrong(p, key, node, "is no network; write ADDRESS/BITS with no bit set past BITS");
	else if (net.ip.family != (six ? 6 : 4))
		take_wrong(p, key, node,
		    six ? "is no IPv6 network" : "is no IPv4 network; an IPv6 one goes to network6");
	else if (!six && (net.bits < 8 || net.bits > 30))
		take_wrong(p, key, node, "has no room for the guests; /8 to /30 have");
	else if (six && (net.bits < 32 || net.bits > 126))
		take_wrong(p, key, node, "has no room for the guests; /32 to /126 have");
	else if (net_is_special(&net))
		take_wrong(p, key, node,
		    "overlaps a network that has a meaning of its own; 10.77.0.0/16 or fd77::/64 are free");
	else
		*(six ? &c->network6 : &c->network) = net;
}

static void
take_run(struct parse *p, const struct key *key, yaml_node_t *node, void *into)
{
	take_text(p, key, node, into);
	if (strlen(p->conf->run) > CONF_RUN_BYTES)
		take_wrong(p, key, node, "is too long for the sockets in it; 54 bytes are the most");
}

static void
reserve_add(struct parse *p, const struct key *key, yaml_node_t *node, void *into)
{
	struct port_range *slot, range = {.proto = PROTO_BOTH, .place = node_place(p, node)};
	struct conf *c = into;
	struct span text;
	const char *why;

	if (!node_text(p, key->name, node, &text))
		return;
	why = scalar_ports(text, &range.lo, &range.hi);
	if (why) {
		take_wrong(p, key, node, why);
		return;
	}
	slot = value_append(p->report, &c->reserve, &c->n_reserve, sizeof(*slot));
	if (slot)
		*slot = range;
}

static void
take_reserve(struct parse *p, const struct key *key, yaml_node_t *node, void *into)
{
	if (node_is_empty(node))
		return;
	p->conf->n_reserve = 0;
	node_list(p, key, node, into, reserve_add);
}

static void
take_zone(struct parse *p, const struct key *key, yaml_node_t *node, void *into)
{
	struct conf *c = into;

	c->time_zone_place = node_place(p, node);
	take_text(p, key, node, c);
}

static void
take_billing(struct parse *p, const struct key *key, yaml_node_t *node, void *into)
{
	static const struct key keys[] = {
	    {"count", take_choice, .offset = offsetof(struct conf, billing.count), .words = word_counts},
	    {"scope", take_choice, .offset = offsetof(struct conf, billing.scope), .words = word_scopes},
	    {"direction", take_choice, .offset = offsetof(struct conf, billing.direction),
		.words = word_directions},
	    {"day", take_number8, .offset = offsetof(struct conf, billing.day), .min = 1, .max = 31},
	    {"time-zone", take_zone, .offset = offsetof(struct conf, time_zone), .fault = name_zone},
	};

	node_map(p, key->name, node, keys, COUNT(keys), NULL, into);
}

/* ---- the whole ---- */

/* What is included was loaded already; here only its shape matters. */
static void
include_check(struct parse *p, const struct key *key, yaml_node_t *node, void *into)
{
	struct span text;

	(void)into;
	node_text(p, key->name, node, &text);
}

static void
take_include(struct parse *p, const struct key *key, yaml_node_t *node, void *into)
{
	node_list(p, key, node, into, include_check);
}

enum { KEY_INCLUDE, KEY_GUESTS }; /* first in the table: the two that each file may have */

static const struct key top_keys[] = {
    [KEY_INCLUDE] = {.name = "include", .take = take_include},
    [KEY_GUESTS] = {.name = "guests", .take = take_guests},
    {"wan", take_wan, .offset = offsetof(struct conf, wan)},
    {"guard", take_bool, .offset = offsetof(struct conf, guard)},
    {"masquerade6", take_bool, .offset = offsetof(struct conf, masquerade6)},
    {.name = "network", .take = take_net, .max = 4},
    {.name = "network6", .take = take_net, .max = 6},
    {"state", take_text, .offset = offsetof(struct conf, state), .fault = name_path},
    {"run", take_run, .offset = offsetof(struct conf, run), .fault = name_path},
    {.name = "reserve", .take = take_reserve},
    {.name = "redis", .take = take_redis},
    {"kernel", take_text, .offset = offsetof(struct conf, kernel), .fault = name_path},
    {"user", take_text, .offset = offsetof(struct conf, user), .fault = name_user},
    {"host", take_text, .offset = offsetof(struct conf, host), .fault = name_host},
    {"uids", take_number, .offset = offsetof(struct conf, uids), .min = 1000, .max = 2000000000},
    {.name = "proxy", .take = take_proxy},
    {.name = "billing", .take = take_billing},
    {.name = "web", .take = take_web},
};

static uint16_t *
one_port(struct report *r, uint16_t port, size_t *n)
{
	uint16_t *list = NULL, *slot = value_append(r, &list, n, sizeof(*slot));

	if (slot)
		*slot = port;
	return list;
}

/* What a file that says nothing means. */
static void
defaults_set(struct report *r, const struct conf_host *host, struct conf *c)
{
	struct port_range *ssh;

	net_parse(span_str("192.168.77.0/24"), &c->network);
	value_set(r, &c->state, span_str("/var/lib/lodge"));
	value_set(r, &c->run, span_str("/run/lodge"));
	value_set(r, &c->kernel, span_str("/usr/bin/linux.uml"));
	value_set(r, &c->user, span_str(host->account ? host->account : "nobody"));
	value_set(r, &c->time_zone, span_str("UTC"));
	c->uids = 770000;
	ssh = value_append(r, &c->reserve, &c->n_reserve, sizeof(*ssh));
	if (ssh)
		*ssh = (struct port_range){.lo = 22, .hi = 22, .proto = PROTO_BOTH};
	c->proxy = (struct proxy_conf){.client_address = CLIENT_TRANSPARENT,
	    .per_client = 256,
	    .per_guest = 4096,
	    .total = 65536,
	    .client_rate = 200,
	    .hello_ms = 5000,
	    .connect_ms = 5000,
	    .idle_ms = 600000,
	    .half_open_ms = 60000,
	    .drain_ms = 60000};
	c->proxy.http = one_port(r, 80, &c->proxy.n_http);
	c->proxy.tls = one_port(r, 443, &c->proxy.n_tls);
	c->proxy.quic = one_port(r, 443, &c->proxy.n_quic);
	c->billing.day = 1;
}

/* The hostname's first label, as far as a key may carry it. */
static void
host_complete(struct report *r, const char *hostname, struct conf *c)
{
	char name[64];
	size_t n = 0;

	if (c->host)
		return;
	for (; hostname && hostname[n] && hostname[n] != '.' && n < sizeof(name) - 1; n++)
		name[n] = name_host(span_of(&hostname[n], 1)) && hostname[n] != '-' ? '_' : hostname[n];
	if (n == 0 || name_host(span_of(name, n)))
		value_set(r, &c->host, span_str("localhost"));
	else
		value_set(r, &c->host, span_of(name, n));
}

static void
redis_complete(struct report *r, struct conf *c)
{
	if (c->n_redis == 0 && !value_append(r, &c->redis, &c->n_redis, sizeof(*c->redis)))
		return;
	if (c->redis->kind != REDIS_PRIVATE || c->redis->path)
		return;
	c->redis->path = conf_run_path(c, "redis/redis.sock");
	if (!c->redis->path)
		r->no_memory = true;
}

static void
files_name(struct report *r, struct conf *c)
{
	for (size_t i = 0; i < r->n_texts; i++) {
		char **slot = value_append(r, &c->files, &c->n_files, sizeof(*slot));

		if (slot)
			*slot = value_text(r, span_str(r->texts[i].name));
	}
}

static void
text_walk(struct parse *p, uint32_t file, struct place *seen)
{
	struct document doc;
	yaml_node_t *root;

	if (!document_load(p->report, file, &doc)) {
		p->report->incomplete = true;
		return;
	}
	p->doc = &doc;
	p->file = file;
	seen[KEY_INCLUDE] = seen[KEY_GUESTS] = (struct place){0};
	root = document_node(&doc, 1);
	if (root)
		node_map(p, "the file", root, top_keys, COUNT(top_keys), seen, p->conf);
	document_close(&doc);
	p->doc = NULL;
}

void
parse_texts(struct report *r, const struct conf_host *host, struct conf *c)
{
	static const struct conf_host unknown;
	struct place seen[COUNT(top_keys)] = {0};
	struct parse p = {.report = r, .host = host ? host : &unknown, .conf = c};

	*c = (struct conf){0};
	defaults_set(r, p.host, c);
	if (r->no_memory)
		return;
	files_name(r, c);
	for (uint32_t i = 0; i < r->n_texts; i++)
		text_walk(&p, i, seen);
	host_complete(r, p.host->hostname, c);
	redis_complete(r, c);
	guests_complete(&p);
	if (!r->no_memory && !r->incomplete)
		check_all(&p);
	free(p.fallback);
}

int
conf_parse(const struct conf_text *texts, size_t n, const struct conf_host *host, struct conf *c,
    struct conf_errors *errors)
{
	struct report r = {.texts = texts, .n_texts = n, .errors = errors};
	int result;

	*errors = (struct conf_errors){0};
	parse_texts(&r, host, c);
	result = report_end(&r);
	if (result == -1)
		conf_free(c);
	return result;
}
