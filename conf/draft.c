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
	*g = (struct guest){.to_http = 80, .to_tls = 443, .to_quic = 443, .autostart = true};
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
	g->disk.size_bytes = from->disk.size_bytes;
	g->disk.fs = from->disk.fs;
	for (size_t i = 0; i < from->n_ssh_keys && !*why; i++)
		*why = draft_key(g, from->ssh_keys[i]);
	if (!*why && from->disk.from)
		*why = text_set(&g->disk.from, from->disk.from);
	if (!*why)
		*why = image_default(g);
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

const char *
draft_place(const struct conf *c, const uint8_t *taken, struct guest *g)
{
	uint32_t number = FIRST_NUMBER, last = CONF_GUESTS_MAX + FIRST_NUMBER;
	unsigned port = DRAFT_SSH_PORT;

	while (number <= last && !number_take(c, number, g))
		number++;
	if (number > last)
		return "no address of the network is free; name a larger `network:`";
	while (port < PORTS && (!port_is_free(c, taken, port) || port_is_door(c, port)))
		port++;
	if (port == PORTS)
		return "no port from 2201 on is free";
	if (!g->forwards && !(g->forwards = calloc(1, sizeof(*g->forwards))))
		return no_memory;
	g->n_forwards = 1;
	g->forwards[0] =
	    (struct forward){.lo = (uint16_t)port, .hi = (uint16_t)port, .to = SSH, .proto = PROTO_TCP};
	return NULL;
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
