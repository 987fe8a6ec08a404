/*
 * Any first bytes on an HTTP port. Laws: only MORE changes as bytes come; no strict prefix yields a host; what the
 * guest gets is accepted again, for the same host, with the same framing; a body ends at the same byte however it
 * is cut, and so does the answer to an Upgrade.
 */
#include "proxy/http.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
check(int good)
{
	if (!good)
		abort();
}

static void
check_rewrite(struct span in, const struct http_head *head, const struct sniff *got)
{
	static char out[HTTP_HEAD_MAX + HTTP_REWRITE_EXTRA];
	struct http_head again = {0};
	size_t n = http_rewrite(span_first(in, head->length), head, out);
	struct sniff twice;

	check(n <= head->length + HTTP_REWRITE_EXTRA);
	twice = http_sniff(span_of(out, n), &again);
	if (n > HTTP_HEAD_MAX)
		return;
	check(twice.verdict == got->verdict && again.length == n);
	check(twice.verdict != SNIFF_HOST || span_eq(twice.host, got->host));
	check(again.framing == head->framing && again.body_bytes == head->body_bytes);
	check(again.upgrade == head->upgrade);
}

static void
check_body(struct span body, const struct http_head *head)
{
	struct http_body once = http_body(head), slow = once;
	ptrdiff_t want = http_body_take(&once, body), got = 0;

	for (size_t i = 0; i < body.len && got != -1; i++) {
		ptrdiff_t one = http_body_take(&slow, span_of(body.ptr + i, 1));

		got = one == -1 ? -1 : got + one;
	}
	check(got == want);
	check(want == -1 || http_body_done(&once) == http_body_done(&slow));
	check(want == -1 || (size_t)want == body.len || http_body_done(&once));
}

/* The same bytes as a guest's answer to an Upgrade. */
static void
check_reply(struct span in)
{
	struct http_reply_scan once = {0}, slow = {0};
	enum http_reply want = http_reply(&once, in), got = REPLY_MORE;

	for (size_t i = 0; i < in.len && got == REPLY_MORE; i++)
		got = http_reply(&slow, span_of(in.ptr + i, 1));
	check(got == want);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct http_head head = {0}, slow = {0};
	struct span in = span_of(bytes, n);
	struct sniff whole = http_sniff(in, &head), last = {0};

	check_reply(in);
	for (size_t i = 0; i <= n && last.verdict == SNIFF_MORE; i++) {
		last = http_sniff(span_first(in, i), &slow);
		if (last.verdict == SNIFF_HOST || last.verdict == SNIFF_NONE)
			check(i == head.length);
	}
	check(whole.verdict == last.verdict && whole.why == last.why && whole.answer == last.answer);
	if (whole.verdict == SNIFF_HOST)
		check(span_eq(whole.host, last.host));
	if (whole.verdict != SNIFF_HOST && whole.verdict != SNIFF_NONE)
		return 0;
	check(head.length >= 4 && memcmp(bytes + head.length - 4, "\r\n\r\n", 4) == 0);
	check_rewrite(in, &head, &whole);
	check_body(span_from(in, head.length), &head);
	return 0;
}
