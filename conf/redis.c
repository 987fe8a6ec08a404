/* Where Redis is: private, or a list of unix://USER:PASSWORD@/PATH and redis://USER:PASSWORD@HOST:PORT/DB. */
#include "conf/parse.h"

#include <stdlib.h>

static int
hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Undoes %XX in place of a fresh copy; NULL: malformed, or a character that no value may have. */
static char *
percent_decode(struct report *r, struct span s)
{
	char *text = value_text(r, s), *to = text;

	for (size_t i = 0; text && i < s.len; i++) {
		int high = -1, low = -1;

		if (text[i] != '%') {
			*to++ = text[i];
			continue;
		}
		if (i + 2 < s.len) {
			high = hex(text[i + 1]);
			low = hex(text[i + 2]);
		}
		if (high == -1 || low == -1 || high << 4 == 0) {
			free(text);
			return NULL;
		}
		*to++ = (char)(high << 4 | low);
		i += 2;
	}
	if (!text)
		return NULL;
	*to = '\0';
	if (!text_plain(span_str(text))) {
		free(text);
		return NULL;
	}
	return text;
}

/* USER:PASSWORD before the @. */
static const char *
redis_login(struct report *r, struct span s, struct redis_conf *out)
{
	size_t colon = span_find(s, ':');

	if (colon == s.len)
		return "has a user but no password; write USER:PASSWORD before the @";
	if (colon > 0)
		out->user = percent_decode(r, span_first(s, colon));
	out->password = percent_decode(r, span_from(s, colon + 1));
	if ((colon > 0 && !out->user) || !out->password || !out->password[0])
		return "has a user or password that cannot be read; write other characters as %XX";
	return NULL;
}

/* HOST[:PORT][/DB]; HOST may be [IPv6]. */
static const char *
redis_where(struct report *r, struct span s, struct redis_conf *out)
{
	static const char why[] = "is no place of a server; write redis://HOST:PORT/DB";
	size_t slash = span_find(s, '/'), colon;
	struct span host = span_first(s, slash);
	struct ip ip;
	uint64_t db = 0;

	if (slash < s.len && (scalar_number(span_from(s, slash + 1), &db) || db > UINT16_MAX))
		return why;
	out->db = (uint16_t)db;
	out->port = 6379;
	if (host.len > 0 && host.ptr[0] == '[') {
		colon = span_find(host, ']') + 1;
		if (colon > host.len || ip_parse(span_of(host.ptr + 1, colon - 2), &ip) == -1)
			return why;
		if (colon < host.len && host.ptr[colon] != ':')
			return why;
		out->host = value_text(r, span_of(host.ptr + 1, colon - 2));
	} else {
		colon = span_find(host, ':');
		if (name_host(span_first(host, colon)))
			return why;
		out->host = value_text(r, span_first(host, colon));
	}
	if (colon < host.len && scalar_port(span_from(host, colon + 1), &out->port))
		return why;
	return NULL;
}

static const char *
redis_url(struct report *r, struct span s, struct redis_conf *out)
{
	size_t at = s.len;
	const char *why;

	out->kind = REDIS_TCP;
	while (at > 0 && s.ptr[at - 1] != '@')
		at--;
	if (at > 0) {
		why = redis_login(r, span_first(s, at - 1), out);
		if (why)
			return why;
	}
	return redis_where(r, span_from(s, at), out);
}

/* PATH, or //USER:PASSWORD@PATH, or //PATH. The path stands as it is, so it may hold an @ itself. */
static const char *
redis_socket(struct report *r, struct span s, struct redis_conf *out)
{
	const char *why = NULL, *at;

	out->kind = REDIS_UNIX;
	if (s.len >= 2 && memcmp(s.ptr, "//", 2) == 0) {
		s = span_from(s, 2);
		at = s.len > 0 && s.ptr[0] != '/' ? memmem(s.ptr, s.len, "@/", 2) : NULL;
		if (at) {
			why = redis_login(r, span_first(s, (size_t)(at - s.ptr)), out);
			s = span_from(s, (size_t)(at - s.ptr) + 1);
		}
	}
	if (!why)
		why = name_path(s);
	if (!why && s.len > 107)
		why = "is too long for a socket; 107 bytes are the most";
	if (!why)
		out->path = value_text(r, s);
	return why;
}

void
redis_free(struct redis_conf *c)
{
	free(c->path);
	free(c->host);
	free(c->user);
	free(c->password);
	*c = (struct redis_conf){0};
}

const char *
redis_parse(struct report *r, struct span s, struct redis_conf *out)
{
	static const char url[] = "redis://", local[] = "unix:";
	struct redis_conf c = {.kind = REDIS_PRIVATE};
	const char *why = NULL;

	if (s.len >= strlen(local) && memcmp(s.ptr, local, strlen(local)) == 0) {
		why = redis_socket(r, span_from(s, strlen(local)), &c);
	} else if (s.len >= strlen(url) && memcmp(s.ptr, url, strlen(url)) == 0) {
		why = redis_url(r, span_from(s, strlen(url)), &c);
	} else if (!span_is(s, "private")) {
		why = "is no Redis; write private, unix:/PATH, or redis://HOST:PORT/DB (without TLS)";
	}
	if (why) {
		redis_free(&c);
		return why;
	}
	*out = c;
	return NULL;
}

/* The message may end in a log, where no password belongs: nothing before the @ is repeated. */
static void
redis_wrong(
    struct parse *p, const struct key *key, const yaml_node_t *node, struct span text, const char *why)
{
	const char *at = memrchr(text.ptr, '@', text.len);
	struct span shown;

	if (!at) {
		take_wrong(p, key, node, why);
		return;
	}
	shown = text_cut(span_from(text, (size_t)(at - text.ptr)), CONF_SHOWN);
	error_add(
	    p->report, node_place(p, node), "%s: \"…%.*s\" %s", key->name, (int)shown.len, shown.ptr, why);
}

static bool
same_text(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

/* What the list does not take behind what is in it, or NULL. */
static const char *
list_fault(const struct conf *c, const struct redis_conf *redis)
{
	if (c->n_redis > 0 && (redis->kind == REDIS_PRIVATE || c->redis->kind == REDIS_PRIVATE))
		return "does not go together: a private one stands alone";
	for (size_t i = 0; i < c->n_redis; i++)
		if (same_text(c->redis[i].path, redis->path) && same_text(c->redis[i].host, redis->host) &&
		    c->redis[i].port == redis->port)
			return "is in this list already";
	return c->n_redis == CONF_REDIS_MAX ? "is one too many; 16 are the most" : NULL;
}

static void
redis_add(struct parse *p, const struct key *key, yaml_node_t *node, void *into)
{
	struct redis_conf redis, *slot;
	struct conf *c = into;
	struct span text;
	const char *why;

	if (!node_text(p, key->name, node, &text))
		return;
	why = redis_parse(p->report, text, &redis);
	if (!why) {
		why = list_fault(c, &redis);
		slot = why ? NULL : value_append(p->report, &c->redis, &c->n_redis, sizeof(*slot));
		if (slot)
			*slot = redis;
		else
			redis_free(&redis);
	}
	if (why)
		redis_wrong(p, key, node, text, why);
}

void
take_redis(struct parse *p, const struct key *key, yaml_node_t *node, void *into)
{
	node_list(p, key, node, into, redis_add);
}
