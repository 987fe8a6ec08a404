/* Whether two confs say the same, field by field; places, files and includes are where it is said, not what. */
#ifndef TESTS_CONFSAME_H
#define TESTS_CONFSAME_H

#include "conf/conf.h"

#include <stdlib.h>

static inline bool
same_text(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

static inline const char *
differ_lists(const struct guest *a, const struct guest *b)
{
	if (a->n_domains != b->n_domains || a->n_forwards != b->n_forwards || a->n_ssh_keys != b->n_ssh_keys)
		return "counts";
	for (size_t i = 0; i < a->n_domains; i++) {
		if (a->domains[i].kind != b->domains[i].kind ||
		    !same_text(a->domains[i].name, b->domains[i].name))
			return "domains";
	}
	for (size_t i = 0; i < a->n_forwards; i++) {
		const struct forward *f = &a->forwards[i], *g = &b->forwards[i];

		if (f->lo != g->lo || f->hi != g->hi || f->to != g->to || f->proto != g->proto)
			return "forwards";
	}
	if (a->n_allows != b->n_allows)
		return "allow";
	for (size_t i = 0; i < a->n_allows; i++) {
		const struct allow *f = &a->allows[i], *g = &b->allows[i];

		if (!same_text(f->who, g->who) || f->lo != g->lo || f->hi != g->hi || f->proto != g->proto)
			return "allow";
	}
	for (size_t i = 0; i < a->n_ssh_keys; i++) {
		if (!same_text(a->ssh_keys[i], b->ssh_keys[i]))
			return "ssh_keys";
	}
	return NULL;
}

static inline const char *
differ_guests(const struct guest *a, const struct guest *b)
{
	if (strcmp(a->name, b->name) != 0)
		return "name";
	if (ip_cmp(&a->address, &b->address) != 0 || ip_cmp(&a->address6, &b->address6) != 0)
		return "address";
	if (memcmp(&a->mac, &b->mac, sizeof(a->mac)) != 0 || strcmp(a->tap, b->tap) != 0 || a->uid != b->uid)
		return "mac, tap, uid";
	if (a->rest != b->rest || a->to_http != b->to_http || a->to_tls != b->to_tls ||
	    a->to_quic != b->to_quic)
		return "rest, proxy-to";
	if (a->client_address != b->client_address || a->redirect_https != b->redirect_https ||
	    a->memory_bytes != b->memory_bytes)
		return "client-address, redirect-https, memory";
	if (!same_text(a->disk.image, b->disk.image) || a->disk.size_bytes != b->disk.size_bytes ||
	    !same_text(a->disk.from, b->disk.from) || a->disk.fs != b->disk.fs ||
	    !same_text(a->disk.base, b->disk.base))
		return "disk";
	if (a->quota.then != b->quota.then || a->quota.month_bytes != b->quota.month_bytes ||
	    a->quota.throttle_bit_s != b->quota.throttle_bit_s)
		return "quota";
	if (a->billing_day != b->billing_day || a->autostart != b->autostart)
		return "billing-day, autostart";
	if (a->health_port != b->health_port || a->grace_ms != b->grace_ms || a->seccomp != b->seccomp)
		return "health, grace, seccomp";
	return differ_lists(a, b);
}

static inline bool
same_ports(const uint16_t *a, size_t n, const uint16_t *b, size_t m)
{
	return n == m && (n == 0 || memcmp(a, b, n * sizeof(*a)) == 0);
}

static inline const char *
differ_proxy(const struct proxy_conf *a, const struct proxy_conf *b)
{
	if (!same_ports(a->http, a->n_http, b->http, b->n_http) ||
	    !same_ports(a->tls, a->n_tls, b->tls, b->n_tls) ||
	    !same_ports(a->quic, a->n_quic, b->quic, b->n_quic))
		return "proxy ports";
	if (!same_text(a->fallback ? a->fallback->name : NULL, b->fallback ? b->fallback->name : NULL))
		return "proxy.default";
	if (a->client_address != b->client_address || a->workers != b->workers ||
	    a->per_client != b->per_client || a->client_rate != b->client_rate ||
	    a->per_guest != b->per_guest || a->total != b->total)
		return "proxy numbers";
	if (a->n_proxy_in != b->n_proxy_in)
		return "proxy-in";
	for (size_t i = 0; i < a->n_proxy_in; i++) {
		if (memcmp(&a->proxy_in[i], &b->proxy_in[i], sizeof(*a->proxy_in)) != 0)
			return "proxy-in";
	}
	if (a->hello_ms != b->hello_ms || a->connect_ms != b->connect_ms || a->idle_ms != b->idle_ms ||
	    a->half_open_ms != b->half_open_ms || a->drain_ms != b->drain_ms)
		return "proxy.timeouts";
	return NULL;
}

static inline const char *
differ_rest(const struct conf *a, const struct conf *b)
{
	if (a->n_redis != b->n_redis)
		return "redis";
	for (size_t i = 0; i < a->n_redis; i++) {
		const struct redis_conf *r = &a->redis[i], *s = &b->redis[i];

		if (r->kind != s->kind || !same_text(r->path, s->path) || !same_text(r->host, s->host) ||
		    r->port != s->port || r->db != s->db || !same_text(r->user, s->user) ||
		    !same_text(r->password, s->password))
			return "redis";
	}
	if (memcmp(&a->billing, &b->billing, sizeof(a->billing)) != 0 ||
	    !same_text(a->time_zone, b->time_zone))
		return "billing";
	if (ip_cmp(&a->web.listen.ip, &b->web.listen.ip) != 0 || a->web.listen.port != b->web.listen.port ||
	    !same_text(a->web.name, b->web.name) || !same_text(a->web.cert, b->web.cert) ||
	    !same_text(a->web.key, b->web.key))
		return "web";
	if (a->n_reserve != b->n_reserve)
		return "reserve";
	for (size_t i = 0; i < a->n_reserve; i++) {
		if (a->reserve[i].lo != b->reserve[i].lo || a->reserve[i].hi != b->reserve[i].hi)
			return "reserve";
	}
	return NULL;
}

/* NULL: the same; else the first thing that differs. */
static inline const char *
conf_differ(const struct conf *a, const struct conf *b)
{
	const char *what = differ_proxy(&a->proxy, &b->proxy);

	if (strcmp(a->wan, b->wan) != 0 || memcmp(&a->network, &b->network, sizeof(a->network)) != 0 ||
	    memcmp(&a->network6, &b->network6, sizeof(a->network6)) != 0)
		return "wan, network, network6";
	if (a->masquerade6 != b->masquerade6)
		return "masquerade6";
	if (a->guard != b->guard)
		return "guard";
	if (!same_text(a->state, b->state) || !same_text(a->run, b->run) ||
	    !same_text(a->kernel, b->kernel) || !same_text(a->user, b->user) ||
	    !same_text(a->host, b->host) || a->uids != b->uids)
		return "state, run, kernel, user, host, uids";
	what = what ? what : differ_rest(a, b);
	if (a->n_guests != b->n_guests)
		return "guests";
	for (size_t i = 0; i < a->n_guests && !what; i++)
		what = differ_guests(&a->guests[i], &b->guests[i]);
	return what;
}

static inline char *
conf_text_of(const struct conf *c)
{
	char *text = NULL;
	size_t n = 0;
	FILE *out = open_memstream(&text, &n);

	conf_print(c, out);
	fclose(out);
	return text;
}

/* Its parts stand in its text, in that order, and the first is the mistake itself. */
static inline bool
conf_is_said(const struct conf_error *e)
{
	const char *at = e->text;

	for (size_t i = 0; at && i < e->n_said; i++) {
		const struct conf_remark *said = &e->said[i];

		at = said->file ? strstr(at, said->file) : at;
		at = at ? strstr(at, said->text) : NULL;
	}
	return at && e->n_said > 0 && e->said[0].kind == (e->warning ? REMARK_WARNING : REMARK_ERROR) &&
	       e->said[0].place.line == e->place.line && e->said[0].place.col == e->place.col;
}

/*
 * The laws of a parse, whatever went in: 0 and fatal mistakes exclude each other, a refused conf is empty, each
 * mistake is whole lines, and what print writes parses to the same and prints the same. NULL, or what is broken.
 */
static inline const char *
conf_law(int result, const struct conf *c, const struct conf_errors *errors)
{
	static const struct conf empty;
	const char *what = NULL;
	struct conf again;
	struct conf_errors none;
	char *first, *second = NULL;

	for (size_t i = 0; i < errors->n; i++) {
		const char *text = errors->list[i].text;

		if (!text[0] || text[strlen(text) - 1] != '\n')
			return "a mistake is not whole lines";
		if (!conf_is_said(&errors->list[i]))
			return "a mistake's parts are not what is printed of it";
	}
	if ((result == 0) != (errors->n_fatal == 0 && !errors->no_memory))
		return "accepted with mistakes, or refused without";
	if (result == -1)
		return memcmp(c, &empty, sizeof(empty)) == 0 ? NULL : "a refused conf is not empty";
	first = conf_text_of(c);
	if (conf_parse(&(struct conf_text){"print", span_str(first)}, 1, NULL, &again, &none) == -1) {
		what = "what print writes is refused";
		fputs(first, stderr);
		conf_report(&none, stderr);
	} else {
		second = conf_text_of(&again);
		what = conf_differ(c, &again);
		if (!what && strcmp(first, second) != 0)
			what = "print of print differs";
	}
	conf_free(&again);
	conf_errors_free(&none);
	free(first);
	free(second);
	return what;
}

#endif
