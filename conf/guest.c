/* The keys of a guest, and the defaults that its address gives it. */
#include "conf/parse.h"

#include <stdlib.h>

/* The address number 1 of each network is the host's, so a guest's number is 2 or more, and below 2^24. */
static void
take_ip(struct parse *p, const struct key *key, yaml_node_t *node, void *into)
{
	bool six = key->max == 6;
	struct guest *g = into;
	struct span text;
	struct ip ip;

	if (!node_text(p, key->name, node, &text))
		return;
	*(six ? &g->address6_place : &g->address_place) = node_place(p, node);
	if (ip_parse(text, &ip) == -1 || ip.family != (six ? 6 : 4))
		take_wrong(p, key, node, six ? "is no IPv6 address" : "is no IPv4 address");
	else
		*(six ? &g->address6 : &g->address) = ip;
}

static void
take_mac(struct parse *p, const struct key *key, yaml_node_t *node, void *into)
{
	static const struct mac zero;
	struct guest *g = into;
	struct span text;
	struct mac mac;

	if (!node_text(p, key->name, node, &text))
		return;
	g->mac_place = node_place(p, node);
	if (mac_parse(text, &mac) == -1) {
		take_wrong(p, key, node, "is no MAC; write six pairs like 02:00:c0:a8:4d:02");
	} else if (mac_is_multicast(&mac)) {
		take_wrong(p, key, node, "is a multicast address, which no interface can have");
		error_hint(
		    p->report, "the first pair must be even; without mac: it is derived from the address");
	} else if (memcmp(&mac, &zero, sizeof(mac)) == 0) {
		take_wrong(p, key, node, "is no address of an interface");
	} else {
		g->mac = mac;
	}
}

static void
take_tap(struct parse *p, const struct key *key, yaml_node_t *node, void *into)
{
	((struct guest *)into)->tap_place = node_place(p, node);
	take_interface(p, key, node, into);
}

static void
domain_add(struct parse *p, const struct key *key, yaml_node_t *node, void *into)
{
	char name[CONF_DOMAIN_MAX + 1];
	struct guest *g = into;
	enum domain_kind kind;
	struct domain *slot;
	struct span text;
	const char *why;

	if (!node_text(p, key->name, node, &text))
		return;
	why = name_domain(text, &kind, name);
	if (why) {
		take_wrong(p, key, node, why);
		return;
	}
	slot = value_append(p->report, &g->domains, &g->n_domains, sizeof(*slot));
	if (slot)
		*slot = (struct domain){kind, value_text(p->report, span_str(name)), node_place(p, node)};
}

static void
take_domains(struct parse *p, const struct key *key, yaml_node_t *node, void *into)
{
	node_list(p, key, node, into, domain_add);
}

static void
forward_add(struct parse *p, const struct key *key, yaml_node_t *node, void *into)
{
	struct guest *g = into;
	struct forward f, *slot;
	struct span text;
	const char *why;

	if (!node_text(p, key->name, node, &text))
		return;
	if (span_is(text, "rest")) {
		if (g->rest) {
			take_wrong(p, key, node, "is given twice");
			error_note(p->report, g->rest_place, "here it was given first; keep one of the two");
		} else {
			g->rest = true;
			g->rest_place = node_place(p, node);
		}
		return;
	}
	why = scalar_forward(text, &f);
	if (why) {
		take_wrong(p, key, node, why);
		return;
	}
	f.place = node_place(p, node);
	slot = value_append(p->report, &g->forwards, &g->n_forwards, sizeof(*slot));
	if (slot)
		*slot = f;
}

static void
take_forwards(struct parse *p, const struct key *key, yaml_node_t *node, void *into)
{
	node_list(p, key, node, into, forward_add);
}

static void
take_proxy_to(struct parse *p, const struct key *key, yaml_node_t *node, void *into)
{
	static const struct key keys[] = {
	    {"http", take_number16, .offset = offsetof(struct guest, to_http), .min = 1, .max = UINT16_MAX},
	    {"tls", take_number16, .offset = offsetof(struct guest, to_tls), .min = 1, .max = UINT16_MAX},
	    {"quic", take_number16, .offset = offsetof(struct guest, to_quic), .min = 1, .max = UINT16_MAX},
	};

	node_map(p, key->name, node, keys, COUNT(keys), NULL, into);
}

static void
take_memory(struct parse *p, const struct key *key, yaml_node_t *node, void *into)
{
	((struct guest *)into)->memory_place = node_place(p, node);
	take_size(p, key, node, into);
}

static void
take_health(struct parse *p, const struct key *key, yaml_node_t *node, void *into)
{
	struct span text;

	if (node->type == YAML_SCALAR_NODE && node_text(p, key->name, node, &text) && span_is(text, "none"))
		((struct guest *)into)->health_port = 0;
	else
		take_number16(p, key, node, into);
}

static void
ssh_key_add(struct parse *p, const struct key *key, yaml_node_t *node, void *into)
{
	struct guest *g = into;
	struct span text;
	char **slot;

	if (!take_value(p, key, node, name_ssh_key, &text))
		return;
	slot = value_append(p->report, &g->ssh_keys, &g->n_ssh_keys, sizeof(*slot));
	if (slot)
		*slot = value_text(p->report, text);
}

static void
take_ssh_keys(struct parse *p, const struct key *key, yaml_node_t *node, void *into)
{
	node_list(p, key, node, into, ssh_key_add);
}

static const struct key guest_keys[] = {
    {.name = "address", .take = take_ip, .max = 4},
    {.name = "address6", .take = take_ip, .max = 6},
    {.name = "mac", .take = take_mac},
    {"tap", take_tap, .offset = offsetof(struct guest, tap)},
    {.name = "domains", .take = take_domains},
    {.name = "ports", .take = take_forwards},
    {.name = "allow", .take = take_allow},
    {.name = "proxy-to", .take = take_proxy_to},
    {"client-address", take_client_address, .offset = offsetof(struct guest, client_address)},
    {"redirect-https", take_bool, .offset = offsetof(struct guest, redirect_https)},
    {"memory", take_memory, .offset = offsetof(struct guest, memory_bytes), .min = 16 << 20,
	.max = UINT64_C(1) << 40},
    {.name = "disk", .take = take_disk},
    {.name = "ssh-keys", .take = take_ssh_keys},
    {.name = "quota", .take = take_quota},
    {"billing-day", take_number8, .offset = offsetof(struct guest, billing_day), .min = 1, .max = 31},
    {"autostart", take_bool, .offset = offsetof(struct guest, autostart)},
    {"health", take_health, .offset = offsetof(struct guest, health_port), .min = 1, .max = UINT16_MAX},
    {"grace", take_duration, .offset = offsetof(struct guest, grace_ms), .min = 1000, .max = 600000},
    {"seccomp", take_bool, .offset = offsetof(struct guest, seccomp)},
};

struct guest
guest_default(void)
{
	return (struct guest){.to_http = 80,
	    .to_tls = 443,
	    .to_quic = 443,
	    .memory_bytes = 256 << 20,
	    .disk.size_bytes = UINT64_C(2) << 30,
	    .autostart = true,
	    .health_port = CONF_HEALTH_PORT,
	    .grace_ms = CONF_GRACE_MS};
}

static void
guest_add(struct parse *p, const struct key *key, yaml_node_pair_t *pair)
{
	yaml_node_t *name_node = node_get(p, pair->key), *node = node_get(p, pair->value);
	struct conf *c = p->conf;
	char what[CONF_GUEST_NAME_MAX + 16];
	struct span name;
	struct guest *g;
	const char *why;

	if (!node_text(p, "the name of a guest", name_node, &name))
		return;
	why = name_guest(name);
	if (why) {
		take_wrong(p, key, name_node, why);
		return;
	}
	if (c->n_guests == CONF_GUESTS_MAX) {
		error_add(p->report, node_place(p, name_node), "more than %d guests", CONF_GUESTS_MAX);
		return;
	}
	g = value_append(p->report, &c->guests, &c->n_guests, sizeof(*g));
	if (!g)
		return;
	*g = guest_default();
	g->place = node_place(p, name_node);
	memcpy(g->name, name.ptr, name.len);
	snprintf(what, sizeof(what), "guest %s", g->name);
	node_map(p, what, node, guest_keys, COUNT(guest_keys), NULL, g);
	if (g->address_place.line == 0)
		error_add(p->report, g->place,
		    "guest %s has no address; write address: and one of the network", g->name);
}

void
take_guests(struct parse *p, const struct key *key, yaml_node_t *node, void *into)
{
	(void)into;
	if (node_is_empty(node))
		return;
	if (node->type != YAML_MAPPING_NODE) {
		error_add(
		    p->report, node_place(p, node), "guests: names with keys below them are wanted here");
		return;
	}
	for (yaml_node_pair_t *i = node->data.mapping.pairs.start; i < node->data.mapping.pairs.top; i++)
		guest_add(p, key, i);
}

static void
guest_complete(struct parse *p, struct guest *g)
{
	const struct conf *c = p->conf;
	uint32_t number = net_host(&c->network, &g->address);
	char image[CONF_GUEST_NAME_MAX + 8];

	if (!ip_is_set(&g->address) || !net_has(&c->network, &g->address))
		number = 0;
	if (g->mac_place.line == 0)
		g->mac = mac_of_ip(&g->address);
	if (g->tap_place.line == 0)
		snprintf(g->tap, sizeof(g->tap), "tap%u", number);
	g->uid = c->uids + number;
	if (g->billing_day == 0)
		g->billing_day = c->billing.day;
	if (g->disk.image)
		return;
	snprintf(image, sizeof(image), "%s.img", g->name);
	g->disk.image = value_text(p->report, span_str(image));
}

static int
guest_cmp(const void *a, const void *b)
{
	const struct guest *g = a, *h = b;
	int order = strcmp(g->name, h->name);

	return order ? order : place_cmp(&g->place, &h->place);
}

void
guests_complete(struct parse *p)
{
	struct conf *c = p->conf;

	if (c->n_guests > 1)
		qsort(c->guests, c->n_guests, sizeof(*c->guests), guest_cmp);
	for (size_t i = 0; i < c->n_guests; i++)
		guest_complete(p, &c->guests[i]);
}
