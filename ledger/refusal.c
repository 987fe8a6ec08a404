/* What an error that Redis answers means; see refusal.h. */
#include "ledger/refusal.h"
#include "ledger/record.h"

static bool
is_host(struct span text)
{
	static const char others[] = ".-_:%"; /* of names, IPv6 and its zones */

	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i], letter = (char)(c | 0x20);

		if ((c < '0' || c > '9') && (letter < 'a' || letter > 'z') &&
		    (c == '\0' || !strchr(others, c)))
			return false;
	}
	return text.len <= PLACE_HOST_MAX;
}

static int
number(struct span text, uint64_t max, uint16_t *out)
{
	uint64_t n;

	if (number_parse(text, &n) == -1 || n > max)
		return -1;
	*out = (uint16_t)n;
	return 0;
}

/* SLOT HOST:PORT; the port is behind the last colon, since an IPv6 address stands bare. */
static int
take_place(struct span text, struct refusal *out)
{
	size_t blank = span_find(text, ' '), colon = text.len;

	while (colon > blank && text.ptr[colon - 1] != ':')
		colon--;
	if (colon <= blank + 1)
		return -1;
	out->host = span_of(text.ptr + blank + 1, colon - blank - 2);
	if (!is_host(out->host) || number(span_from(text, colon), UINT16_MAX, &out->port) == -1)
		return -1;
	return out->port == 0 ? -1 : number(span_first(text, blank), PLACE_SLOTS - 1, &out->slot);
}

static bool
is_passing(struct span word)
{
	static const char *const words[] = {
	    "TRYAGAIN", "CLUSTERDOWN", "LOADING", "MASTERDOWN", "BUSY", "OOM", "MISCONF", "READONLY"};

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (span_is(word, words[i]))
			return true;
	return false;
}

struct refusal
refusal_parse(struct span error)
{
	size_t n = span_find(error, ' ');
	struct span word = span_first(error, n), rest = span_from(error, n < error.len ? n + 1 : n);
	struct refusal out = {.kind = REFUSED}, none = out;

	if (span_is(word, "NOSCRIPT"))
		out.kind = REFUSED_SCRIPT;
	else if (span_is(word, "MOVED"))
		out.kind = REFUSED_MOVED;
	else if (span_is(word, "ASK"))
		out.kind = REFUSED_ASK;
	else if (is_passing(word))
		out.kind = REFUSED_LATER;
	if (out.kind != REFUSED_MOVED && out.kind != REFUSED_ASK)
		return out;
	return take_place(rest, &out) == 0 ? out : none;
}
