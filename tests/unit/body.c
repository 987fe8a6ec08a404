/* Where a body ends, however it is cut; and whether an answer is 101. */
#include "proxy/http.h"
#include "tests/unit/guard.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

/* Bytes of the body in this text, fed in pieces of so many; -1: refused; done says whether it ended. */
static ptrdiff_t
feed(struct http_body body, const char *text, size_t n, size_t piece, bool *done)
{
	ptrdiff_t sum = 0;

	for (size_t at = 0; at < n; at += piece) {
		size_t len = n - at < piece ? n - at : piece;
		const char *copy = guard_copy(text + at, len);
		ptrdiff_t took = http_body_take(&body, span_of(copy, len));

		guard_free(copy, len);
		if (took == -1)
			return -1;
		sum += took;
		if ((size_t)took < len)
			assert_true(http_body_done(&body));
	}
	*done = http_body_done(&body);
	return sum;
}

static void
expect(enum http_framing framing, uint64_t bytes, const char *text, ptrdiff_t want, bool ends)
{
	struct http_head head = {.framing = framing, .body_bytes = bytes};
	size_t n = strlen(text);

	for (size_t piece = 1; piece <= n; piece++) {
		bool done = false;
		ptrdiff_t got = feed(http_body(&head), text, n, piece, &done);

		if (got != want)
			print_error("%s in pieces of %zu: %td\n", text, piece, got);
		assert_int_equal(got, want);
		if (want != -1)
			assert_int_equal(done, ends);
	}
}

static void
test_lengths(void **state)
{
	(void)state;
	expect(HTTP_NO_BODY, 0, "GET / HTTP/1.1\r\n\r\n", 0, true);
	expect(HTTP_LENGTH, 0, "GET", 0, true);
	expect(HTTP_LENGTH, 5, "12345GET", 5, true);
	expect(HTTP_LENGTH, 5, "12345", 5, true);
	expect(HTTP_LENGTH, 5, "1234", 4, false);
}

static void
test_chunks(void **state)
{
	static const struct {
		const char *text;
		ptrdiff_t want;
		bool ends;
	} cases[] = {
	    {"0\r\n\r\nGET", 5, true},
	    {"000\r\n\r\n", 7, true},
	    {"5\r\nhello\r\n0\r\n\r\nX", 15, true},
	    {"5;a=b;c=\"d e\"\r\nhello\r\n0;x\r\n\r\n", 29, true},
	    {"A\r\n0\r\n\r\n56789\r\n0\r\n\r\n", 20, true},
	    {"1\r\nx\r\n0\r\nTrailer: y\r\nAnother: z\r\n\r\nGET", 35, true},
	    {"5\r\nhel", 6, false},
	    {"5\r\nhello\r\n0\r\n", 13, false},
	    {"\r\n", -1, false},
	    {"x\r\n", -1, false},
	    {"-1\r\n", -1, false},
	    {" 5\r\nhello", -1, false},
	    {"5 \r\nhello", -1, false},
	    {"0x5\r\nhello", -1, false},
	    {"5\nhello\r\n", -1, false},
	    {"5\rhello", -1, false},
	    {"5\r\nhello0\r\n\r\n", -1, false},
	    {"5\r\nhello\n0\r\n\r\n", -1, false},
	    {"5;a\nb\r\n", -1, false},
	    {"5;a\x01\r\n", -1, false},
	    {"1234567890123456\r\n", -1, false},
	    {"0\r\n folded\r\n\r\n", -1, false},
	    {"0\r\nA: b\n\r\n", -1, false},
	    {"0\r\n\rX", -1, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		expect(HTTP_CHUNKED, 0, cases[i].text, cases[i].want, cases[i].ends);
}

/* Extensions and trailers have a ceiling together. */
static void
test_extra(void **state)
{
	struct http_head head = {.framing = HTTP_CHUNKED};
	struct http_body body = http_body(&head);
	ptrdiff_t took = 0;
	int chunks = 0;

	(void)state;
	while (took != -1 && chunks < 100000) {
		took = http_body_take(&body, span_str("1;x=yyyyyyyyyyyy\r\nz\r\n"));
		chunks++;
	}
	assert_int_equal(took, -1);
	assert_int_equal(chunks, HTTP_CHUNK_EXTRA_MAX / 15 + 1);
}

static void
test_replies(void **state)
{
	static const struct {
		const char *text;
		size_t decides; /* after so many bytes; 0: never */
		enum http_reply want;
	} cases[] = {
	    {"HTTP/1.1 101 Switching Protocols", 12, REPLY_SWITCHING},
	    {"HTTP/1.1 200 OK", 10, REPLY_OTHER},
	    {"HTTP/1.1 10", 0, REPLY_MORE},
	    {"HTTP/1.1 1x1", 11, REPLY_OTHER},
	    {"HTTP/1.0 101", 8, REPLY_OTHER},
	    {"x", 1, REPLY_OTHER},
	    {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 101 x", 37, REPLY_SWITCHING},
	    {"HTTP/1.1 103 Hints\r\nLink: a\r\n\r\nHTTP/1.1 102\r\n\r\nHTTP/1.1 101", 59, REPLY_SWITCHING},
	    {"HTTP/1.1 103 Hints\r\nLink: HTTP/1.1 101\r\n", 0, REPLY_MORE},
	    {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 404 x", 35, REPLY_OTHER},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct span all = span_str(cases[i].text);
		struct http_reply_scan slow = {0};
		enum http_reply reply = REPLY_MORE;

		for (size_t n = 0; n <= all.len; n++) { /* every prefix at once, and byte by byte */
			struct http_reply_scan at_once = {0};

			assert_int_equal(http_reply(&at_once, span_first(all, n)),
			    cases[i].decides && n >= cases[i].decides ? cases[i].want : REPLY_MORE);
			if (n < all.len && reply == REPLY_MORE)
				reply = http_reply(&slow, span_of(all.ptr + n, 1));
		}
		assert_int_equal(reply, cases[i].want);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_lengths),
	    cmocka_unit_test(test_chunks),
	    cmocka_unit_test(test_extra),
	    cmocka_unit_test(test_replies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
