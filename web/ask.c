/* What a request asks for; see ask.h. */
#include "web/ask.h"

static const char *const bys[] = {
    [BY_NOTHING] = "", [BY_HOUR] = "hour", [BY_DAY] = "day", [BY_MONTH] = "month"};

/* A step of the path, up to the next slash, which goes, too. */
static struct span
step(struct span *path)
{
	size_t n = span_find(*path, '/');
	struct span word = span_first(*path, n);

	*path = span_from(*path, n < path->len ? n + 1 : n);
	return word;
}

static bool
take_name(struct span word, struct ask *out)
{
	if (name_guest(word) != NULL)
		return false;
	memcpy(out->name, word.ptr, word.len);
	return true;
}

static bool
take_by(struct span word, const char *behind, struct ask *out)
{
	for (int by = BY_HOUR; by <= BY_MONTH; by++) {
		size_t n = strlen(bys[by]);

		if (word.len >= n && span_is(span_first(word, n), bys[by]) &&
		    span_is(span_from(word, n), behind)) {
			out->by = (enum by)by;
			return true;
		}
	}
	return false;
}

/* Behind /g/: NAME and what is wanted of it. */
static enum want
of_guest(struct span path, struct ask *out)
{
	struct span name = step(&path);

	if (!take_name(name, out) || span_find(path, '/') < path.len)
		return WANT_NOTHING;
	if (path.len == 0)
		return WANT_GUEST;
	if (span_is(path, "live"))
		return WANT_LIVE;
	if (span_is(path, "text"))
		return WANT_TEXT;
	return take_by(path, ".csv", out) ? WANT_CSV : WANT_NOTHING;
}

/* Behind /api/. */
static enum want
of_api(struct span path, struct ask *out)
{
	if (!span_is(step(&path), "v1") || !span_is(step(&path), "guests"))
		return WANT_NOTHING;
	if (path.len == 0)
		return WANT_JSON;
	if (!take_name(step(&path), out))
		return WANT_NOTHING;
	return path.len == 0 || take_by(path, "", out) ? WANT_JSON : WANT_NOTHING;
}

static bool
is_tap(struct span word)
{
	if (word.len < 4 || word.len >= CONF_IFNAME || memcmp(word.ptr, "tap", 3) != 0)
		return false;
	for (size_t i = 3; i < word.len; i++)
		if (word.ptr[i] < '0' || word.ptr[i] > '9')
			return false;
	return true;
}

static enum want
of_word(struct span word, struct ask *out)
{
	static const struct {
		const char *word;
		enum want want;
	} words[] = {
	    {"", WANT_HOME},
	    {"metrics", WANT_METRICS},
	    {"healthz", WANT_HEALTH},
	    {"style.css", WANT_STYLE},
	    {"live.js", WANT_SCRIPT},
	    {"guests.csv", WANT_CSV},
	    {"leave", WANT_LEAVE},
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (span_is(word, words[i].word))
			return words[i].want;
	if (is_tap(word)) {
		memcpy(out->name, word.ptr, word.len);
		out->tap = true;
		return WANT_TEXT;
	}
	return take_name(word, out) ? WANT_GUEST : WANT_NOTHING;
}

/* Behind /page/: 2 and so on, for the first is / itself. */
static enum want
of_part(struct span number, struct ask *out)
{
	unsigned n = 0;

	if (number.len == 0 || number.len > 2 || number.ptr[0] == '0')
		return WANT_NOTHING;
	for (size_t i = 0; i < number.len; i++) {
		if (number.ptr[i] < '0' || number.ptr[i] > '9')
			return WANT_NOTHING;
		n = n * 10 + (unsigned)(number.ptr[i] - '0');
	}
	if (n < 2 || n > ASK_PARTS)
		return WANT_NOTHING;
	out->part = n - 1;
	return WANT_HOME;
}

static enum want
find(struct span path, struct ask *out)
{
	struct span first, rest;

	if (path.len == 0 || path.ptr[0] != '/')
		return WANT_NOTHING;
	rest = span_from(path, 1);
	if (span_find(rest, '/') == rest.len)
		return of_word(rest, out);
	first = step(&rest);
	if (span_is(first, "g"))
		return of_guest(rest, out);
	if (span_is(first, "api"))
		return of_api(rest, out);
	if (span_is(first, "page"))
		return of_part(rest, out);
	if (!span_is(first, "k") || !link_is_token(rest))
		return WANT_NOTHING;
	memcpy(out->token, rest.ptr, rest.len);
	return WANT_ENTER;
}

struct ask
ask_parse(struct span path)
{
	struct ask out = {0};

	out.want = find(path, &out);
	if (out.want == WANT_NOTHING)
		return (struct ask){0};
	return out;
}

int
ask_status(const struct ask *ask, const struct viewer *viewer, bool known)
{
	bool own = viewer->who == WHO_TENANT && ask->name[0] && strcmp(ask->name, viewer->guest) == 0;

	switch (viewer->who) {
	case WHO_OWNER:
		return ask->want == WANT_NOTHING || (ask->name[0] && !known) ? 404 : 200;
	case WHO_TENANT:
		if (ask->want == WANT_NOTHING || (own && !known) || ask->part > 0)
			return 404; /* all that is theirs is one page */
		return !ask->name[0] || own ? 200 : 403;
	case WHO_LOCAL:
		return ask->want == WANT_HEALTH ? 200 : 403;
	default:
		return 403;
	}
}

struct span
ask_bearer(struct span field)
{
	static const char word[] = "Bearer ";
	size_t n = sizeof(word) - 1;

	if (field.len < n || !span_is_nocase(span_first(field, n), word))
		return span_of("", 0);
	field = span_from(field, n);
	while (field.len > 0 && field.ptr[0] == ' ')
		field = span_from(field, 1);
	return field;
}
