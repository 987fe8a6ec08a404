/* A guest that is not in the file yet; see draft.h. */
#include "conf/draft.h"
#include "conf/parse.h"

#include <stdlib.h>

enum {
	FIRST_NUMBER = 2, /* of a guest's address; 1 is the host's */
	PORTS = 65536,
	SSH = 22, /* in the guest */
	MEMORY_MIN = 16 << 20,
	DISK_MIN = 16 << 20,
};

static const char no_memory[] = "finds no memory";

static void
draft_start(struct guest *g, const char *name, const char **why)
{
	*why = name_guest(span_str(name));
	*g = (struct guest){.to_http = 80,
	    .to_tls = 443,
	    .to_quic = 443,
	    .autostart = true,
	    .health_port = CONF_HEALTH_PORT,
	    .grace_ms = CONF_GRACE_MS};
	if (!*why)
		memcpy(g->name, name, strlen(name) + 1);
}

static const char *
text_set(char **at, const char *text)
{
	char *copy = strdup(text);

	if (!copy)
		return no_memory;
	free(*at);
	*at = copy;
	return NULL;
}

static const char *
image_default(struct guest *g)
{
	char image[CONF_GUEST_NAME_MAX + 8];

	snprintf(image, sizeof(image), "%s.img", g->name);
	return text_set(&g->disk.image, image);
}

void
draft_open(struct guest *g, const char *name, const char **why)
{
	draft_start(g, name, why);
	g->memory_bytes = UINT64_C(512) << 20;
	g->disk.size_bytes = UINT64_C(10) << 30;
	if (!*why)
		*why = text_set(&g->disk.from, "debian-12");
	if (!*why)
		*why = image_default(g);
}

void
draft_copy(const struct guest *from, struct guest *g, const char *name, const char **why)
{
	draft_start(g, name, why);
	g->to_http = from->to_http;
	g->to_tls = from->to_tls;
	g->to_quic = from->to_quic;
	g->redirect_https = from->redirect_https;
	g->client_address = from->client_address;
	g->memory_bytes = from->memory_bytes;
	g->quota = from->quota;
	g->billing_day = from->billing_day;
	g->autostart = from->autostart;
	g->health_port = from->health_port;
	g->grace_ms = from->grace_ms;
	g->seccomp = from->seccomp;
	g->disk.size_bytes = from->disk.size_bytes;
	g->disk.fs = from->disk.fs;
	for (size_t i = 0; i < from->n_ssh_keys && !*why; i++)
		*why = draft_key(g, from->ssh_keys[i]);
	if (!*why && from->disk.from)
		*why = text_set(&g->disk.from, from->disk.from);
	if (!*why)
		*why = image_default(g);
}

static const char *
forwards_copy(const struct guest *from, struct guest *g)
{
	g->forwards = calloc(from->n_forwards + 1, sizeof(*g->forwards));
	if (!g->forwards)
		return no_memory;
	if (from->n_forwards)
		memcpy(g->forwards, from->forwards, from->n_forwards * sizeof(*g->forwards));
	g->n_forwards = from->n_forwards;
	return NULL;
}

static const char *
allows_copy(const struct guest *from, struct guest *g)
{
	g->allows = calloc(from->n_allows + 1, sizeof(*g->allows));
	if (!g->allows)
		return no_memory;
	if (from->n_allows)
		memcpy(g->allows, from->allows, from->n_allows * sizeof(*g->allows));
	g->n_allows = from->n_allows;
	return NULL;
}

void
draft_again(const struct guest *from, struct guest *g, const char **why)
{
	char domain[CONF_DOMAIN_MAX + 3];

	draft_copy(from, g, from->name, why);
	g->address = from->address;
	g->address6 = from->address6;
	g->mac = from->mac;
	g->mac_place = from->mac_place;
	memcpy(g->tap, from->tap, sizeof(g->tap));
	g->tap_place = from->tap_place;
	g->rest = from->rest;
	for (size_t i = 0; i < from->n_domains && !*why; i++) {
		snprintf(domain, sizeof(domain), "%s%s", conf_domain_prefix(from->domains[i].kind),
		    from->domains[i].name);
		*why = draft_domain(g, domain);
	}
	if (!*why)
		*why = forwards_copy(from, g);
	if (!*why)
		*why = allows_copy(from, g);
}

void
draft_close(struct guest *g)
{
	guest_free(g);
	*g = (struct guest){0};
}

const char *
draft_from(struct guest *g, const char *word)
{
	const char *why = name_from(span_str(word));

	return why ? why : text_set(&g->disk.from, word);
}

static const char *
size_set(const char *word, uint64_t min, const char *small, uint64_t *out)
{
	uint64_t bytes;
	const char *why = scalar_size(span_str(word), &bytes);

	if (why)
		return why;
	if (bytes < min)
		return small;
	*out = bytes;
	return NULL;
}

const char *
draft_disk(struct guest *g, const char *word)
{
	return size_set(word, DISK_MIN, "is less than 16M", &g->disk.size_bytes);
}

const char *
draft_memory(struct guest *g, const char *word)
{
	return size_set(word, MEMORY_MIN, "is less than 16M", &g->memory_bytes);
}

const char *
draft_fs(struct guest *g, const char *word)
{
	for (unsigned i = 0; word_filesystems[i]; i++) {
		if (strcmp(word, word_filesystems[i]) != 0)
			continue;
		g->disk.fs = (enum disk_fs)i;
		return NULL;
	}
	return "is neither ext4 nor xfs";
}

const char *
draft_domain(struct guest *g, const char *word)
{
	char name[CONF_DOMAIN_MAX + 1];
	enum domain_kind kind;
	const char *why = name_domain(span_str(word), &kind, name);
	struct domain *list;

	if (why)
		return why;
	list = realloc(g->domains, (g->n_domains + 1) * sizeof(*list));
	if (!list)
		return no_memory;
	g->domains = list;
	list[g->n_domains] = (struct domain){.kind = kind, .name = strdup(name)};
	if (!list[g->n_domains].name)
		return no_memory;
	g->n_domains++;
	return NULL;
}

const char *
draft_key(struct guest *g, const char *line)
{
	const char *why = name_ssh_key(span_str(line));
	char **list;

	if (why)
		return why;
	for (size_t i = 0; i < g->n_ssh_keys; i++)
		if (strcmp(g->ssh_keys[i], line) == 0)
			return NULL;
	list = realloc(g->ssh_keys, (g->n_ssh_keys + 1) * sizeof(*list));
	if (!list)
		return no_memory;
	g->ssh_keys = list;
	list[g->n_ssh_keys] = strdup(line);
	if (!list[g->n_ssh_keys])
		return no_memory;
	g->n_ssh_keys++;
	return NULL;
}

const char *
draft_image(struct guest *g, const char *path)
{
	return text_set(&g->disk.image, path);
}

/* ---- what is free ---- */

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
	return address_is_free(c, &g->address6);
}

static bool
forward_is_free(const struct conf *c, const uint8_t *taken, const struct forward *f)
{
	for (unsigned port = f->lo; port <= f->hi; port++)
		if (!port_is_free(c, taken, port) || port_is_door(c, port))
			return false;
	return true;
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
		ssh |= (f.proto & PROTO_TCP) && f.to <= SSH && SSH - f.to <= f.hi - f.lo;
		g->forwards[n++] = f;
	}
	g->n_forwards = n;
	return ssh;
}

static const char *
ssh_port_find(const struct conf *c, const uint8_t *taken, struct guest *g)
{
	struct forward *list;
	unsigned port = DRAFT_SSH_PORT;

	while (port < PORTS && (!port_is_free(c, taken, port) || port_is_door(c, port)))
		port++;
	if (port == PORTS)
		return "no port from 2201 on is free";
	list = realloc(g->forwards, (g->n_forwards + 1) * sizeof(*list));
	if (!list)
		return no_memory;
	g->forwards = list;
	list[g->n_forwards++] =
	    (struct forward){.lo = (uint16_t)port, .hi = (uint16_t)port, .to = SSH, .proto = PROTO_TCP};
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

		if ((f->proto & PROTO_TCP) && f->to <= SSH && SSH - f->to <= f->hi - f->lo)
			return f->lo + (unsigned)(SSH - f->to);
	}
	return 0;
}

void
draft_print(const struct conf *c, const struct guest *g, FILE *out)
{
	struct guest shown = *g;

	if (shown.billing_day == 0)
		shown.billing_day = c->billing.day;
	fputs("guests:\n", out);
	guest_print(&shown, c, out);
}
