/* Texts to one conf: the keys of the top level, and those of proxy, billing and web. */
#include "conf/parse.h"

#include <stdlib.h>

#define COUNT(list) (sizeof(list) / sizeof(*(list)))

static void
take_wan(struct parse *p, const struct key *key, yaml_node_t *node, void *into)
{
	struct span text;

	if (node->type == YAML_SCALAR_NODE) {
		text = span_of(node->data.scalar.value, node->data.scalar.length);
		if (span_is(text, "auto"))
			return;
	}
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
	take_path(p, key, node, into);
	if (strlen(p->conf->run) > CONF_RUN_BYTES)
		take_wrong(p, key, node, "is too long for the sockets in it; 60 bytes are the most");
}

static void
reserve_add(struct parse *p, const struct key *key, yaml_node_t *node, void *into)
{
	struct conf *c = into;
	struct port_range *list, range = {.proto = PROTO_BOTH};
	struct span text;
	const char *why;

	if (!node_text(p, key->name, node, &text))
		return;
	why = scalar_ports(text, &range.lo, &range.hi);
	if (why) {
		take_wrong(p, key, node, why);
		return;
	}
	range.place = node_place(p, node);
	list = value_grow(p->report, c->reserve, c->n_reserve, sizeof(*list));
	if (!list)
		return;
	c->reserve = list;
	list[c->n_reserve++] = range;
}

static void
take_reserve(struct parse *p, const struct key *key, yaml_node_t *node, void *into)
{
	p->conf->n_reserve = 0;
	node_list(p, key, node, into, reserve_add);
}

static void
take_redis(struct parse *p, const struct key *key, yaml_node_t *node, void *into)
{
	struct redis_conf redis;
	struct conf *c = into;
	struct span text;
	const char *why;

	if (!node_text(p, key->name, node, &text))
		return;
	why = redis_parse(p->report, text, &redis);
	if (why)
		take_wrong(p, key, node, why);
	else
		c->redis = redis;
}

static void
take_name(struct parse *p, const struct key *key, yaml_node_t *node, void *into)
{
	struct span text;
	const char *why;

	if (!node_text(p, key->name, node, &text))
		return;
	why = key->max ? name_user(text) : name_host(text);
	if (why)
		take_wrong(p, key, node, why);
	else
		value_set(p->report, (char **)((char *)into + key->offset), text);
}

/* ---- billing, web ---- */

static void
take_billing(struct parse *p, const struct key *key, yaml_node_t *node, void *into)
{
	static const char *const counts[] = {"wire", "tap", NULL}, *const scopes[] = {"wan", "all", NULL},
				 *const directions[] = {"both", "to-guest", "from-guest", "max", NULL};
	static const struct key keys[] = {
	    {"count", take_choice, offsetof(struct billing, count), 0, 0, counts},
	    {"scope", take_choice, offsetof(struct billing, scope), 0, 0, scopes},
	    {"direction", take_choice, offsetof(struct billing, direction), 0, 0, directions},
	    {"day", take_number8, offsetof(struct billing, day), 1, 31, NULL},
	};
	struct conf *c = into;

	node_map(p, key->name, node, keys, COUNT(keys), NULL, &c->billing);
}

static void
take_listen(struct parse *p, const struct key *key, yaml_node_t *node, void *into)
{
	struct web_conf *web = into;
	struct span text;

	if (!node_text(p, key->name, node, &text))
		return;
	if (addr_parse(text, &web->listen) == -1 || web->listen.port == 0)
		take_wrong(p, key, node, "is no address with a port; write 127.0.0.1:8077 or [::1]:8077");
}

static void
take_web_name(struct parse *p, const struct key *key, yaml_node_t *node, void *into)
{
	char name[CONF_DOMAIN_MAX + 1];
	struct web_conf *web = into;
	enum domain_kind kind;
	struct span text;
	const char *why;

	if (!node_text(p, key->name, node, &text))
		return;
	web->name_place = node_place(p, node);
	why = name_domain(text, &kind, name);
	if (!why && kind != DOMAIN_EXACT)
		why = "stands for more than one name; the page has one";
	if (why)
		take_wrong(p, key, node, why);
	else
		value_set(p->report, &web->name, span_str(name));
}

static void
take_web(struct parse *p, const struct key *key, yaml_node_t *node, void *into)
{
	static const struct key keys[] = {
	    {"listen", take_listen, 0, 0, 0, NULL},
	    {"name", take_web_name, 0, 0, 0, NULL},
	    {"cert", take_path, offsetof(struct web_conf, cert), 0, 0, NULL},
	    {"key", take_path, offsetof(struct web_conf, key), 0, 0, NULL},
	};
	struct web_conf *web = &((struct conf *)into)->web;
	size_t before = p->report->errors->n_fatal;

	if (node_is_empty(node))
		return;
	web->place = node_place(p, node);
	node_map(p, key->name, node, keys, COUNT(keys), NULL, web);
	if (p->report->errors->n_fatal > before)
		return;
	if (!ip_is_set(&web->listen.ip))
		error_add(p->report, web->place, "web: listen is missing; write listen: 127.0.0.1:8077");
	else if (!web->cert != !web->key)
		error_add(p->report, web->place, "web: cert and key go together; write both or none");
	else
		error_warn(
		    p->report, web->place, "web: this version has no lodge-web; nothing will listen there");
}

/* ---- the whole ---- */

static void
include_add(struct parse *p, const struct key *key, yaml_node_t *node, void *into)
{
	struct conf *c = into;
	struct span text;
	char **list;

	if (!node_text(p, key->name, node, &text))
		return;
	list = value_grow(p->report, c->includes, c->n_includes, sizeof(*list));
	if (!list)
		return;
	c->includes = list;
	list[c->n_includes] = value_text(p->report, text);
	c->n_includes += list[c->n_includes] != NULL;
}

static void
take_include(struct parse *p, const struct key *key, yaml_node_t *node, void *into)
{
	node_list(p, key, node, into, include_add);
}

enum { KEY_INCLUDE, KEY_GUESTS }; /* first in the table: the two that each file may have */

static const struct key top_keys[] = {
    [KEY_INCLUDE] = {"include", take_include, 0, 0, 0, NULL},
    [KEY_GUESTS] = {"guests", take_guests, 0, 0, 0, NULL},
    {"wan", take_wan, offsetof(struct conf, wan), 0, 0, NULL},
    {"network", take_net, 0, 0, 4, NULL},
    {"network6", take_net, 0, 0, 6, NULL},
    {"state", take_path, offsetof(struct conf, state), 0, 0, NULL},
    {"run", take_run, offsetof(struct conf, run), 0, 0, NULL},
    {"reserve", take_reserve, 0, 0, 0, NULL},
    {"redis", take_redis, 0, 0, 0, NULL},
    {"kernel", take_path, offsetof(struct conf, kernel), 0, 0, NULL},
    {"user", take_name, offsetof(struct conf, user), 0, 1, NULL},
    {"host", take_name, offsetof(struct conf, host), 0, 0, NULL},
    {"uids", take_number, offsetof(struct conf, uids), 1000, 2000000000, NULL},
    {"proxy", take_proxy, 0, 0, 0, NULL},
    {"billing", take_billing, 0, 0, 0, NULL},
    {"web", take_web, 0, 0, 0, NULL},
};

static uint16_t *
one_port(struct report *r, uint16_t port, size_t *n)
{
	uint16_t *list = value_grow(r, NULL, 0, sizeof(*list));

	if (list)
		*list = port;
	*n = list != NULL;
	return list;
}

/* What a file that says nothing means. */
static void
defaults_set(struct report *r, struct conf *c)
{
	net_parse(span_str("192.168.77.0/24"), &c->network);
	value_set(r, &c->state, span_str("/var/lib/lodge"));
	value_set(r, &c->run, span_str("/run/lodge"));
	value_set(r, &c->kernel, span_str("/usr/bin/linux.uml"));
	value_set(r, &c->user, span_str("nobody"));
	c->uids = 770000;
	c->reserve = value_grow(r, NULL, 0, sizeof(*c->reserve));
	if (c->reserve)
		c->reserve[c->n_reserve++] = (struct port_range){.lo = 22, .hi = 22, .proto = PROTO_BOTH};
	c->proxy = (struct proxy_conf){.client_address = CLIENT_NONE,
	    .per_client = 256,
	    .per_guest = 4096,
	    .total = 65536,
	    .hello_ms = 5000,
	    .connect_ms = 5000,
	    .idle_ms = 600000};
	c->proxy.http = one_port(r, 80, &c->proxy.n_http);
	c->proxy.tls = one_port(r, 443, &c->proxy.n_tls);
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
	char *path;

	if (c->redis.kind != REDIS_PRIVATE || c->redis.path)
		return;
	path = conf_run_path(c, "redis/redis.sock");
	if (!path)
		r->no_memory = true;
	c->redis.path = path;
}

static void
files_name(struct report *r, struct conf *c)
{
	for (size_t i = 0; i < r->n_texts; i++) {
		char **list = value_grow(r, c->files, c->n_files, sizeof(*list));

		if (!list)
			return;
		c->files = list;
		list[c->n_files] = value_text(r, span_str(r->texts[i].name));
		c->n_files += list[c->n_files] != NULL;
	}
}

static void
text_walk(struct parse *p, uint32_t file, struct place *seen)
{
	yaml_document_t doc;
	yaml_node_t *root;

	if (!node_load(p->report, file, &doc)) {
		p->report->incomplete = true;
		return;
	}
	p->doc = &doc;
	p->file = file;
	seen[KEY_INCLUDE] = seen[KEY_GUESTS] = (struct place){0};
	root = yaml_document_get_root_node(&doc);
	if (root)
		node_map(p, "the file", root, top_keys, COUNT(top_keys), seen, p->conf);
	yaml_document_delete(&doc);
	p->doc = NULL;
}

void
parse_texts(struct report *r, const struct conf_host *host, struct conf *c)
{
	static const struct conf_host unknown;
	struct place seen[COUNT(top_keys)] = {0};
	struct parse p = {.report = r, .host = host ? host : &unknown, .conf = c};

	*c = (struct conf){0};
	defaults_set(r, c);
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
