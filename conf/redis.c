/* Where Redis is: private, unix:/PATH, or redis://USER:PASSWORD@HOST:PORT/DB. */
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
		return "has a user but no password; write redis://USER:PASSWORD@HOST";
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

const char *
redis_parse(struct report *r, struct span s, struct redis_conf *out)
{
	static const char url[] = "redis://", local[] = "unix:";
	struct redis_conf c = {.kind = REDIS_PRIVATE};
	const char *why = NULL;

	if (s.len >= strlen(local) && memcmp(s.ptr, local, strlen(local)) == 0) {
		struct span path = span_from(s, strlen(local));

		c.kind = REDIS_UNIX;
		why = name_path(path);
		if (!why && path.len > 107)
			why = "is too long for a socket; 107 bytes are the most";
		else if (!why)
			c.path = value_text(r, path);
	} else if (s.len >= strlen(url) && memcmp(s.ptr, url, strlen(url)) == 0) {
		why = redis_url(r, span_from(s, strlen(url)), &c);
	} else if (!span_is(s, "private")) {
		why = "is no Redis; write private, unix:/PATH, or redis://HOST:PORT/DB (without TLS)";
	}
	if (why) {
		free(c.user);
		free(c.password);
		free(c.host);
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

void
take_redis(struct parse *p, const struct key *key, yaml_node_t *node, void *into)
{
	struct redis_conf redis;
	struct conf *c = into;
	struct span text;
	const char *why;

	if (!node_text(p, key->name, node, &text))
		return;
	why = redis_parse(p->report, text, &redis);
	if (!why)
		c->redis = redis;
	else
		redis_wrong(p, key, node, text, why);
}
