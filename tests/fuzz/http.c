/*
 * A stream of HTTP/1 requests. Laws: how the bytes are cut never changes where requests begin and end, whom they
 * name, or what is refused; no strict prefix of a head yields a host; a head that goes on without its h2c is
 * accepted again, for the same host, with the same framing; where it is sent to by a redirect is one visible URL.
 */
#include "proxy/redirect.h"

#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
check(int good)
{
	if (!good)
		abort();
}

/* Of any target: a URL of that name, visible, that is understood again and then stays as it is. */
static void
check_redirect(struct span head)
{
	static char url[REDIRECT_LOCATION_MAX], again[REDIRECT_LOCATION_MAX],
	    text[REDIRECT_LOCATION_MAX + 64];
	struct http_head h = {0};
	struct sniff got;
	size_t n = redirect_location("a.example", 8443, http_path(head), url);
	int length;

	check(n == strlen(url) && n < REDIRECT_LOCATION_MAX &&
	      strncmp(url, "https://a.example:8443/", 23) == 0);
	for (const char *p = url; *p; p++)
		check(*p > ' ' && *p < 0x7f);
	length = snprintf(text, sizeof(text), "GET %s HTTP/1.0\r\n\r\n", url);
	if (length > HTTP_HEAD_MAX)
		return;
	got = http_sniff(span_of(text, (size_t)length), &h);
	check(got.verdict == SNIFF_HOST && span_is(got.host, "a.example:8443"));
	redirect_location("a.example", 8443, http_path(span_of(text, (size_t)length)), again);
	check(strcmp(url, again) == 0);
}

static void
check_h2c(struct span in, const struct http_head *head, const struct sniff *got)
{
	static char out[HTTP_HEAD_MAX + HTTP_REWRITE_EXTRA];
	struct http_head again = {0};
	size_t n = http_without_h2c(span_first(in, head->length), head, out);
	struct sniff twice;

	check(n <= head->length + HTTP_REWRITE_EXTRA);
	twice = http_sniff(span_of(out, n), &again);
	if (n > HTTP_HEAD_MAX)
		return;
	check(twice.verdict == got->verdict && again.length == n);
	check(twice.verdict != SNIFF_HOST || span_eq(twice.host, got->host));
	check(again.framing == head->framing && again.body_bytes == head->body_bytes);
	check(again.keep == head->keep && !again.upgrade && !again.offers_h2c);
}

/* Where a stream is, and what was said of it. */
struct reading {
	uint64_t said; /* mixed from all of it */
	struct http_head head;
	struct body body;
	size_t at; /* bytes that are done with */
	bool refused;
};

static void
say(struct reading *r, uint64_t what)
{
	r->said = (r->said ^ what) * 0x9e3779b97f4a7c15u;
	r->said ^= r->said >> 29;
}

static void
say_span(struct reading *r, struct span s)
{
	for (size_t i = 0; i < s.len; i++)
		say(r, (uint8_t)s.ptr[i]);
}

/* One step with what is here; false: it takes more bytes, or nothing does any more. */
static bool
step(struct reading *r, struct span all)
{
	struct span in = span_from(all, r->at);
	struct sniff sniff;
	ptrdiff_t body;

	if (r->refused)
		return false;
	if (!body_done(&r->body)) {
		body = body_take(&r->body, in);
		r->refused = body == -1;
		r->at += body > 0 ? (size_t)body : 0;
		if (!r->refused && !body_done(&r->body))
			return false;
		say(r, r->refused ? 0 : r->at); /* where it was cut is not said */
		return !r->refused;
	}
	sniff = http_sniff(in, &r->head);
	if (sniff.verdict == SNIFF_MORE)
		return false;
	say(r, sniff.verdict);
	say(r, sniff.answer);
	r->refused = sniff.verdict == SNIFF_BAD;
	if (r->refused)
		return false;
	check(r->head.length >= 4 && memcmp(in.ptr + r->head.length - 4, "\r\n\r\n", 4) == 0);
	if (sniff.verdict == SNIFF_HOST)
		say_span(r, sniff.host);
	say_span(r, http_path(span_first(in, r->head.length)));
	check_redirect(span_first(in, r->head.length));
	check_h2c(in, &r->head, &sniff);
	r->at += r->head.length;
	r->body = body_of((enum body_framing)r->head.framing, r->head.body_bytes);
	r->head = (struct http_head){0};
	return true;
}

/* Cuts by a little generator; seed 0: all at once, 1: byte by byte. */
static struct reading
read_stream(struct span all, unsigned seed)
{
	struct reading r = {0};
	uint32_t random = seed;
	size_t come = seed ? 0 : all.len;

	for (;;) {
		while (step(&r, span_first(all, come)))
			;
		if (come == all.len)
			return r;
		random = random * 1664525 + 1013904223;
		come += seed == 1 ? 1 : 1 + (random >> 16) % 40;
		come = come < all.len ? come : all.len;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct reading whole, cut;
	struct span all;

	if (n == 0)
		return 0;
	all = span_of(bytes + 1, n - 1);
	whole = read_stream(all, 0);
	for (unsigned seed = 1; seed < 4; seed++) {
		cut = read_stream(all, seed == 1 ? 1 : seed + bytes[0]);
		check(cut.refused == whole.refused && cut.said == whole.said);
		check(cut.refused || cut.at == whole.at);
	}
	return 0;
}
