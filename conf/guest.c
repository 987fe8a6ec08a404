/* The keys of a guest, and the defaults that its address gives it. */
#include "conf/parse.h"

#include <stdlib.h>

#define COUNT(list) (sizeof(list) / sizeof(*(list)))

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
	struct domain *list;
	struct span text;
	const char *why;

	if (!node_text(p, key->name, node, &text))
		return;
	why = name_domain(text, &kind, name);
	if (why) {
		take_wrong(p, key, node, why);
		return;
	}
	list = value_grow(p->report, g->domains, g->n_domains, sizeof(*list));
	if (!list)
		return;
	g->domains = list;
	list[g->n_domains] =
	    (struct domain){kind, value_text(p->report, span_str(name)), node_place(p, node)};
	g->n_domains += list[g->n_domains].name != NULL;
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
	struct forward f, *list;
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
	list = value_grow(p->report, g->forwards, g->n_forwards, sizeof(*list));
	if (!list)
		return;
	g->forwards = list;
	list[g->n_forwards++] = f;
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
	    {"http", take_number16, offsetof(struct guest, to_http), 1, UINT16_MAX, NULL},
	    {"tls", take_number16, offsetof(struct guest, to_tls), 1, UINT16_MAX, NULL},
	    {"quic", take_number16, offsetof(struct guest, to_quic), 1, UINT16_MAX, NULL},
	};

	node_map(p, key->name, node, keys, COUNT(keys), NULL, into);
}

static void
take_memory(struct parse *p, const struct key *key, yaml_node_t *node, void *into)
{
	((struct guest *)into)->memory_place = node_place(p, node);
	take_size(p, key, node, into);
}

/* Whole, or parts below the state directory. */
static const char *
image_fault(struct span s)
{
	char whole[1024] = "/";

	if (s.len == 0 || s.len > 1000)
		return "is no path";
	if (s.ptr[0] == '/')
		return name_path(s);
	memcpy(whole + 1, s.ptr, s.len);
	return name_path(span_of(whole, s.len + 1));
}

static void
take_image(struct parse *p, const struct key *key, yaml_node_t *node, void *into)
{
	struct guest *g = into;
	struct span text;
	const char *why;

	if (!node_text(p, key->name, node, &text))
		return;
	g->disk.place = node_place(p, node);
	why = image_fault(text);
	if (why)
		take_wrong(p, key, node, why);
	else
		value_set(p->report, &g->disk.image, text);
}

/* A base's name, or a path. */
static void
take_from(struct parse *p, const struct key *key, yaml_node_t *node, void *into)
{
	struct guest *g = into;
	const char *why = NULL;
	struct span text;

	if (!node_text(p, key->name, node, &text))
		return;
	if (text.len > 0 && text.ptr[0] == '/')
		why = name_path(text);
	else if (name_host(text))
		why = "is no name of a base, like debian-12, and no whole path";
	if (why)
		take_wrong(p, key, node, why);
	else
		value_set(p->report, &g->disk.from, text);
}

static void
take_disk(struct parse *p, const struct key *key, yaml_node_t *node, void *into)
{
	static const struct key keys[] = {
	    {"image", take_image, 0, 0, 0, NULL},
	    {"size", take_size, offsetof(struct guest, disk.size_bytes), 1 << 20, UINT64_C(64) << 40, NULL},
	    {"from", take_from, 0, 0, 0, NULL},
	};

	node_map(p, key->name, node, keys, COUNT(keys), NULL, into);
}

static void
ssh_key_add(struct parse *p, const struct key *key, yaml_node_t *node, void *into)
{
	struct guest *g = into;
	struct span text;
	const char *why;
	char **list;

	if (!node_text(p, key->name, node, &text))
		return;
	why = name_ssh_key(text);
	if (why) {
		take_wrong(p, key, node, why);
		return;
	}
	list = value_grow(p->report, g->ssh_keys, g->n_ssh_keys, sizeof(*list));
	if (!list)
		return;
	g->ssh_keys = list;
	list[g->n_ssh_keys] = value_text(p->report, text);
	g->n_ssh_keys += list[g->n_ssh_keys] != NULL;
}

static void
take_ssh_keys(struct parse *p, const struct key *key, yaml_node_t *node, void *into)
{
	node_list(p, key, node, into, ssh_key_add);
}

static void
take_month(struct parse *p, const struct key *key, yaml_node_t *node, void *into)
{
	struct guest *g = into;
	uint64_t bytes = 0;
	const char *why;
	struct span text;

	if (!node_text(p, key->name, node, &text))
		return;
	why = scalar_traffic(text, &bytes);
	if (!why && bytes == 0)
		why = "would allow nothing; leave quota: out for no limit";
	if (why)
		take_wrong(p, key, node, why);
	g->quota.month_bytes = bytes ? bytes : 1;
}

/* warn, cut, or throttle RATE */
static void
take_then(struct parse *p, const struct key *key, yaml_node_t *node, void *into)
{
	static const char throttle[] = "throttle ";
	struct guest *g = into;
	const char *why = NULL;
	uint64_t rate;
	struct span text;

	if (!node_text(p, key->name, node, &text))
		return;
	if (span_is(text, "warn")) {
		g->quota.then = QUOTA_WARN;
	} else if (span_is(text, "cut")) {
		g->quota.then = QUOTA_CUT;
	} else if (text.len > strlen(throttle) && memcmp(text.ptr, throttle, strlen(throttle)) == 0) {
		g->quota.then = QUOTA_THROTTLE;
		why = scalar_rate(span_from(text, strlen(throttle)), &rate);
		if (!why && (rate < 8000 || rate > UINT64_C(1000000000000)))
			why = "is outside 8kbit to 1000Gbit";
		if (!why)
			g->quota.throttle_bit_s = rate;
	} else {
		why = "is none of warn, cut, throttle 1Mbit";
	}
	if (why)
		take_wrong(p, key, node, why);
}

static void
take_quota(struct parse *p, const struct key *key, yaml_node_t *node, void *into)
{
	static const struct key keys[] = {
	    {"month", take_month, 0, 0, 0, NULL},
	    {"then", take_then, 0, 0, 0, NULL},
	};
	struct guest *g = into;

	if (node_is_empty(node))
		return;
	g->quota.place = node_place(p, node);
	g->quota.then = QUOTA_WARN;
	node_map(p, key->name, node, keys, COUNT(keys), NULL, into);
	if (g->quota.month_bytes == 0 && node->type == YAML_MAPPING_NODE)
		error_add(
		    p->report, g->quota.place, "quota: how much a month is missing; write month: 200GB");
}

static const struct key guest_keys[] = {
    {"address", take_ip, 0, 0, 4, NULL},
    {"address6", take_ip, 0, 0, 6, NULL},
    {"mac", take_mac, 0, 0, 0, NULL},
    {"tap", take_tap, offsetof(struct guest, tap), 0, 0, NULL},
    {"domains", take_domains, 0, 0, 0, NULL},
    {"ports", take_forwards, 0, 0, 0, NULL},
    {"proxy-to", take_proxy_to, 0, 0, 0, NULL},
    {"client-address", take_client_address, offsetof(struct guest, client_address), 0, 0, NULL},
    {"memory", take_memory, offsetof(struct guest, memory_bytes), 16 << 20, UINT64_C(1) << 40, NULL},
    {"disk", take_disk, 0, 0, 0, NULL},
    {"ssh-keys", take_ssh_keys, 0, 0, 0, NULL},
    {"quota", take_quota, 0, 0, 0, NULL},
    {"billing-day", take_number8, offsetof(struct guest, billing_day), 1, 31, NULL},
    {"autostart", take_bool, offsetof(struct guest, autostart), 0, 0, NULL},
};

static void
guest_add(struct parse *p, const struct key *key, yaml_node_pair_t *pair)
{
	yaml_node_t *name_node = node_get(p, pair->key), *node = node_get(p, pair->value);
	struct conf *c = p->conf;
	struct guest *list, *g;
	char what[CONF_GUEST_NAME_MAX + 16];
	struct span name;
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
	list = value_grow(p->report, c->guests, c->n_guests, sizeof(*list));
	if (!list)
		return;
	c->guests = list;
	g = &list[c->n_guests++];
	*g = (struct guest){.place = node_place(p, name_node),
	    .to_http = 80,
	    .to_tls = 443,
	    .to_quic = 443,
	    .memory_bytes = 256 << 20,
	    .disk.size_bytes = UINT64_C(2) << 30,
	    .autostart = true};
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
