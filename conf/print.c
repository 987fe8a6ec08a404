/* struct conf → text that parses to the same, with every default written out. */
#include "conf/parse.h"

#include <inttypes.h>

void
text_print(const char *s, FILE *out)
{
	static const char safe[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._/-";

	if (s[0] && s[0] != '-' && s[strspn(s, safe)] == '\0') {
		fputs(s, out);
		return;
	}
	fputc('"', out);
	for (; *s; s++) {
		if (*s == '"' || *s == '\\')
			fputc('\\', out);
		fputc(*s, out);
	}
	fputc('"', out);
}

void
line_print(FILE *out, const char *key, const char *value)
{
	fprintf(out, "%s: ", key);
	text_print(value, out);
	fputc('\n', out);
}

const char *
conf_domain_prefix(enum domain_kind kind)
{
	static const char *const prefix[] = {
	    [DOMAIN_EXACT] = "", [DOMAIN_SUFFIX] = ".", [DOMAIN_BELOW] = "*."};

	return prefix[kind];
}

const char *
conf_client_address(enum client_address how)
{
	return word_clients[how - CLIENT_TRANSPARENT];
}

static void
ports_print(FILE *out, const char *key, const uint16_t *ports, size_t n)
{
	fprintf(out, "  %s: [", key);
	for (size_t i = 0; i < n; i++)
		fprintf(out, "%s%u", i ? ", " : "", ports[i]);
	fputs("]\n", out);
}

static void
trusted_print(const struct proxy_conf *c, FILE *out)
{
	char net[NET_TEXT];

	fputs("  proxy-in: [", out);
	for (size_t i = 0; i < c->n_proxy_in; i++)
		fprintf(out, "%s\"%s\"", i ? ", " : "", net_print(&c->proxy_in[i], net));
	fputs("]\n", out);
}

static void
timeouts_print(const struct proxy_conf *c, FILE *out)
{
	const struct {
		const char *name;
		uint32_t ms;
	} list[] = {
	    {"hello", c->hello_ms},
	    {"connect", c->connect_ms},
	    {"idle", c->idle_ms},
	    {"half-open", c->half_open_ms},
	    {"drain", c->drain_ms},
	};
	char text[VALUE_TEXT];

	fputs("  timeouts: {", out);
	for (size_t i = 0; i < COUNT(list); i++)
		fprintf(
		    out, "%s%s: %s", i ? ", " : "", list[i].name, scalar_duration_print(list[i].ms, text));
	fputs("}\n", out);
}

static void
proxy_print(const struct proxy_conf *c, FILE *out)
{
	fputs("\nproxy:\n", out);
	ports_print(out, "http", c->http, c->n_http);
	ports_print(out, "tls", c->tls, c->n_tls);
	ports_print(out, "quic", c->quic, c->n_quic);
	fprintf(out, "  client-address: %s\n", conf_client_address(c->client_address));
	trusted_print(c, out);
	fprintf(out, "  default: %s\n", c->fallback ? c->fallback->name : "reject");
	if (c->workers)
		fprintf(out, "  workers: %u\n", c->workers);
	else
		fputs("  workers: auto\n", out);
	fprintf(out, "  per-client: %u\n  per-client-rate: %u\n  per-guest: %u\n  total: %u\n", c->per_client,
	    c->client_rate, c->per_guest, c->total);
	timeouts_print(c, out);
}

static void
percent_print(const char *s, FILE *out)
{
	for (; *s; s++) {
		if ((unsigned char)*s > 0x20 && (unsigned char)*s < 0x7f && !strchr("%:@/\"\\", *s))
			fputc(*s, out);
		else
			fprintf(out, "%%%02X", (unsigned char)*s);
	}
}

static void
login_print(const struct redis_conf *c, FILE *out)
{
	if (!c->password)
		return;
	if (c->user)
		percent_print(c->user, out);
	fputc(':', out);
	percent_print(c->password, out);
	fputc('@', out);
}

static void
redis_print(const struct redis_conf *c, FILE *out)
{
	bool six = c->host && strchr(c->host, ':');

	if (c->kind == REDIS_PRIVATE) {
		fputs("private", out);
	} else if (c->kind == REDIS_UNIX) {
		fputs(c->password ? "\"unix://" : "\"unix:", out);
		login_print(c, out);
		for (const char *s = c->path; *s; s++)
			fprintf(out, "%s%c", *s == '"' || *s == '\\' ? "\\" : "", *s);
		fputc('"', out);
	} else {
		fputs("\"redis://", out);
		login_print(c, out);
		fprintf(out, "%s%s%s:%u/%u\"", six ? "[" : "", c->host, six ? "]" : "", c->port, c->db);
	}
}

static void
redises_print(const struct conf *c, FILE *out)
{
	fputs(c->n_redis > 1 ? "redis:" : "redis: ", out);
	for (size_t i = 0; i < c->n_redis; i++) {
		fputs(c->n_redis > 1 ? "\n  - " : "", out);
		redis_print(&c->redis[i], out);
	}
	fputc('\n', out);
}

static void
billing_print(const struct billing *c, const char *time_zone, FILE *out)
{
	fprintf(out,
	    "\nbilling: {count: %s, scope: %s, direction: %s, day: %u, time-zone: ", word_counts[c->count],
	    word_scopes[c->scope], word_directions[c->direction], c->day);
	text_print(time_zone, out);
	fputs("}\n", out);
}

static void
web_print(const struct web_conf *c, FILE *out)
{
	char listen[ADDR_TEXT];

	if (!ip_is_set(&c->listen.ip))
		return;
	fputs("\nweb:\n", out);
	line_print(out, "  listen", addr_print(&c->listen, listen));
	if (c->name)
		line_print(out, "  name", c->name);
	if (c->cert)
		line_print(out, "  cert", c->cert);
	if (c->key)
		line_print(out, "  key", c->key);
}

static void
reserve_print(const struct conf *c, FILE *out)
{
	fputs("reserve: [", out);
	for (size_t i = 0; i < c->n_reserve; i++) {
		const struct port_range *r = &c->reserve[i];

		fprintf(out, "%s%u", i ? ", " : "", r->lo);
		if (r->hi != r->lo)
			fprintf(out, "-%u", r->hi);
	}
	fputs("]\n", out);
}

void
conf_print(const struct conf *c, FILE *out)
{
	char net[NET_TEXT];

	line_print(out, "wan", c->wan[0] ? c->wan : "auto");
	fprintf(out, "network: %s\n", net_print(&c->network, net));
	if (ip_is_set(&c->network6.ip))
		fprintf(out, "network6: \"%s\"\n", net_print(&c->network6, net));
	if (c->guard)
		fputs("guard: yes\n", out);
	if (c->masquerade6)
		fputs("masquerade6: yes\n", out);
	line_print(out, "state", c->state);
	line_print(out, "run", c->run);
	reserve_print(c, out);
	redises_print(c, out);
	line_print(out, "kernel", c->kernel);
	line_print(out, "user", c->user);
	line_print(out, "host", c->host);
	fprintf(out, "uids: %u\n", c->uids);
	proxy_print(&c->proxy, out);
	billing_print(&c->billing, c->time_zone, out);
	web_print(&c->web, out);
	fputs(c->n_guests ? "\nguests:\n" : "\nguests: {}\n", out);
	for (size_t i = 0; i < c->n_guests; i++)
		guest_print(&c->guests[i], NULL, out);
}
