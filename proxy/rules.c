/* What a worker has to know of the file; see rules.h. A head, networks, then each guest with its names behind it. */
#include "proxy/rules.h"

#include <stdlib.h>

enum { RULES_MARK = 0x10d6e001, NO_FALLBACK = UINT32_MAX };

struct head {
	uint32_t mark, n_guests, n_proxy_in, fallback;
	uint32_t hello_ms, connect_ms, idle_ms, half_open_ms, drain_ms;
	uint32_t per_client, per_guest, total, client_rate;
	uint32_t client_address;
	struct net network, network6;
};

struct record {
	char name[CONF_GUEST_NAME_MAX + 1];
	struct ip address, address6;
	uint16_t to_http, to_tls, to_quic;
	uint8_t client_address, redirect_https;
	uint32_t n_domains;
};

/* A byte of its kind, one of its length, its bytes. */
enum { DOMAIN_HEAD = 2 };
_Static_assert(CONF_DOMAIN_MAX <= UINT8_MAX, "the length of a name is one byte");

static void
write_guest(const struct guest *g, FILE *out)
{
	struct record r = {.address = g->address,
	    .address6 = g->address6,
	    .to_http = g->to_http,
	    .to_tls = g->to_tls,
	    .to_quic = g->to_quic,
	    .client_address = (uint8_t)g->client_address,
	    .redirect_https = g->redirect_https,
	    .n_domains = (uint32_t)g->n_domains};

	memcpy(r.name, g->name, sizeof(r.name));
	fwrite(&r, sizeof(r), 1, out);
	for (size_t i = 0; i < g->n_domains; i++) {
		uint8_t n = (uint8_t)strlen(g->domains[i].name);

		fputc(g->domains[i].kind, out);
		fputc(n, out);
		fwrite(g->domains[i].name, n, 1, out);
	}
}

void
rules_write(const struct conf *conf, FILE *out)
{
	const struct proxy_conf *p = &conf->proxy;
	struct head h = {.mark = RULES_MARK,
	    .n_guests = (uint32_t)conf->n_guests,
	    .n_proxy_in = (uint32_t)p->n_proxy_in,
	    .fallback = p->fallback ? (uint32_t)(p->fallback - conf->guests) : NO_FALLBACK,
	    .hello_ms = p->hello_ms,
	    .connect_ms = p->connect_ms,
	    .idle_ms = p->idle_ms,
	    .half_open_ms = p->half_open_ms,
	    .drain_ms = p->drain_ms,
	    .per_client = p->per_client,
	    .per_guest = p->per_guest,
	    .total = p->total,
	    .client_rate = p->client_rate,
	    .client_address = p->client_address,
	    .network = conf->network,
	    .network6 = conf->network6};

	fwrite(&h, sizeof(h), 1, out);
	if (p->n_proxy_in)
		fwrite(p->proxy_in, sizeof(*p->proxy_in), p->n_proxy_in, out);
	for (size_t i = 0; i < conf->n_guests; i++)
		write_guest(&conf->guests[i], out);
}

static bool
take(struct span *from, void *out, size_t n)
{
	if (from->len < n)
		return false;
	if (n)
		memcpy(out, from->ptr, n);
	*from = span_from(*from, n);
	return true;
}

static bool
is_family(uint8_t family, bool may_be_unset)
{
	return family == 4 || family == 6 || (family == 0 && may_be_unset);
}

static bool
take_domain(struct span *from, struct domain *out)
{
	uint8_t head[DOMAIN_HEAD];

	if (!take(from, head, sizeof(head)) || head[0] > DOMAIN_BELOW || head[1] > CONF_DOMAIN_MAX ||
	    head[1] > from->len || memchr(from->ptr, '\0', head[1]))
		return false;
	out->kind = (enum domain_kind)head[0];
	out->name = malloc((size_t)head[1] + 1);
	if (!out->name)
		return false;
	take(from, out->name, head[1]);
	out->name[head[1]] = '\0';
	return true;
}

/* n_domains counts what is there to be freed. */
static bool
take_guest(struct span *from, struct guest *g)
{
	struct record r;

	if (!take(from, &r, sizeof(r)) || memchr(r.name, '\0', sizeof(r.name)) == NULL ||
	    !is_family(r.address.family, false) || !is_family(r.address6.family, true) ||
	    r.client_address > CLIENT_NONE || r.n_domains > from->len / DOMAIN_HEAD)
		return false;
	memcpy(g->name, r.name, sizeof(g->name));
	g->address = r.address;
	g->address6 = r.address6;
	g->to_http = r.to_http;
	g->to_tls = r.to_tls;
	g->to_quic = r.to_quic;
	g->client_address = (enum client_address)r.client_address;
	g->redirect_https = r.redirect_https != 0;
	g->domains = calloc((size_t)r.n_domains + 1, sizeof(*g->domains));
	if (!g->domains)
		return false;
	for (uint32_t i = 0; i < r.n_domains; i++) {
		if (!take_domain(from, &g->domains[i]))
			return false;
		g->n_domains++;
	}
	return true;
}

static bool
is_net(const struct net *net)
{
	return is_family(net->ip.family, true) && net->bits <= 8 * ip_len(&net->ip);
}

static bool
take_head(struct span *from, struct conf *conf, struct head *h)
{
	struct proxy_conf *p = &conf->proxy;

	if (!take(from, h, sizeof(*h)) || h->mark != RULES_MARK || h->n_guests > CONF_GUESTS_MAX + 1 ||
	    h->n_proxy_in > CONF_TRUSTED_MAX || h->client_address > CLIENT_NONE ||
	    (h->fallback != NO_FALLBACK && h->fallback >= h->n_guests) || !is_net(&h->network) ||
	    !is_net(&h->network6))
		return false;
	p->hello_ms = h->hello_ms;
	p->connect_ms = h->connect_ms;
	p->idle_ms = h->idle_ms;
	p->half_open_ms = h->half_open_ms;
	p->drain_ms = h->drain_ms;
	p->per_client = h->per_client;
	p->per_guest = h->per_guest;
	p->total = h->total;
	p->client_rate = h->client_rate;
	p->client_address = (enum client_address)h->client_address;
	conf->network = h->network;
	conf->network6 = h->network6;
	p->proxy_in = calloc(h->n_proxy_in + 1u, sizeof(*p->proxy_in));
	conf->guests = calloc(h->n_guests + 1u, sizeof(*conf->guests));
	p->n_proxy_in = h->n_proxy_in;
	if (!p->proxy_in || !conf->guests || !take(from, p->proxy_in, h->n_proxy_in * sizeof(*p->proxy_in)))
		return false;
	for (size_t i = 0; i < p->n_proxy_in; i++)
		if (!is_family(p->proxy_in[i].ip.family, false) ||
		    p->proxy_in[i].bits > 8 * ip_len(&p->proxy_in[i].ip))
			return false;
	return true;
}

int
rules_read(struct span bytes, struct conf *conf)
{
	struct head h;
	bool good;

	*conf = (struct conf){0};
	good = take_head(&bytes, conf, &h);
	for (uint32_t i = 0; good && i < h.n_guests; i++) {
		conf->n_guests++; /* also of a half one the half is freed */
		good = take_guest(&bytes, &conf->guests[i]);
	}
	if (good && h.fallback != NO_FALLBACK)
		conf->proxy.fallback = &conf->guests[h.fallback];
	if (good && bytes.len == 0)
		return 0;
	conf_free(conf);
	return -1;
}
