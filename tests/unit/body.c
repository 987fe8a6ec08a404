/* Where a body ends, however it is cut. */
#include "proxy/body.h"
#include "tests/unit/guard.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

/* Bytes of the body in this text, fed in pieces of so many; -1: refused; done says whether it ended. */
static ptrdiff_t
feed(struct body body, const char *text, size_t n, size_t piece, bool *done)
{
	ptrdiff_t sum = 0;

	for (size_t at = 0; at < n; at += piece) {
		size_t len = n - at < piece ? n - at : piece;
		const char *copy = guard_copy(text + at, len);
		ptrdiff_t took = body_take(&body, span_of(copy, len));

		guard_free(copy, len);
		if (took == -1)
			return -1;
		sum += took;
		if ((size_t)took < len)
			assert_true(body_done(&body));
	}
	*done = body_done(&body);
	return sum;
}

static void
expect(enum body_framing framing, uint64_t bytes, const char *text, ptrdiff_t want, bool ends)
{
	size_t n = strlen(text);

	for (size_t piece = 1; piece <= n; piece++) {
		bool done = false;
		ptrdiff_t got = feed(body_of(framing, bytes), text, n, piece, &done);

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
	expect(BODY_NONE, 0, "GET / HTTP/1.1\r\n\r\n", 0, true);
	expect(BODY_LENGTH, 0, "GET", 0, true);
	expect(BODY_LENGTH, 5, "12345GET", 5, true);
	expect(BODY_LENGTH, 5, "12345", 5, true);
	expect(BODY_LENGTH, 5, "1234", 4, false);
}

static void
test_chunks(void **state)
{
	static const struct {
		const char *text;
		ptrdiff_t want;
		bool ends;
	} cases[] = {
	    {"0\r\n\r\nGET", 5, true}, {"000\r\n\r\n", 7, true}, {"5\r\nhello\r\n0\r\n\r\nX", 15, true},
	    {"5;a=b;c=\"d e\"\r\nhello\r\n0;x\r\n\r\n", 29, true},
	    {"A\r\n0\r\n\r\n56789\r\n0\r\n\r\n", 20, true},
	    {"1\r\nx\r\n0\r\nTrailer: y\r\nAnother: z\r\n\r\nGET", 35, true}, {"5\r\nhel", 6, false},
	    {"5\r\nhello\r\n0\r\n", 13, false}, {"\r\n", -1, false}, {"x\r\n", -1, false},
	    {"-1\r\n", -1, false}, {" 5\r\nhello", -1, false}, {"5 \r\nhello", -1, false},
	    {"0x5\r\nhello", -1, false}, {"5\nhello\r\n", -1, false}, {"5\rhello", -1, false},
	    {"5\r\nhello0\r\n\r\n", -1, false}, {"5\r\nhello\n0\r\n\r\n", -1, false},
	    {"5;a\nb\r\n", -1, false}, {"5;a\x01\r\n", -1, false}, {"1234567890123456\r\n", -1, false},
	    {"0\r\n folded\r\n\r\n", -1, false}, {"0\r\nA: b\n\r\n", -1, false}, {"0\r\n\rX", -1, false},
	    {"+5\r\nhello", -1, false}, {"5_\r\nhello", -1, false}, {"5,\r\nhello", -1, false},
	    {"5\t\r\nhello", -1, false}, {"\t5\r\nhello", -1, false}, {"5.0\r\nhello", -1, false},
	    {"5\r\r\nhello", -1, false}, {"5\n", -1, false}, {"5;\n", -1, false}, {"5;a\r\r\n", -1, false},
	    {"5;a\rhello", -1, false}, {"5\r\nhello\r\r\n", -1, false}, {"5\r\nhello\r0\r\n\r\n", -1, false},
	    {"5\r\nhellox\r\n", -1, false}, {"5\r\nhello\r\n\r\n", -1, false},
	    {"10000000000000000\r\n", -1, false}, {"fffffffffffffffff\r\n", -1, false},
	    {"00000000000000000\r\n", -1, false}, {"0\n\r\n", -1, false}, {"0\r\n\n", -1, false},
	    {"0\r\nA: b\r\r\n", -1, false}, {"0\r\nA: b\rC: d\r\n", -1, false},
	    {"0\r\nA: b\r\n\tfolded\r\n\r\n", -1, false}, {"0\r\nA: \x01\r\n\r\n", -1, false},
	    {"0;\x7f\r\n\r\n", -1, false}, {";x\r\n", -1, false}, {"\n5\r\nhello", -1, false},
	    {"fffffffffffffff\r\nx", 18, false}, {"5;\r\nhello\r\n0;\r\n\r\nX", 17, true},
	    {"0\r\nContent-Length: 5\r\n\r\nhello", 24, true},
	    {"0\r\nno colon\r\n\r\nX", 15, true}, /* the guest's to judge */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		expect(BODY_CHUNKED, 0, cases[i].text, cases[i].want, cases[i].ends);
}

/* Extensions and trailers have a ceiling together. */
static void
test_extra(void **state)
{
	struct body body = body_of(BODY_CHUNKED, 0);
	ptrdiff_t took = 0;
	int chunks = 0;

	(void)state;
	while (took != -1 && chunks < 100000) {
		took = body_take(&body, span_str("1;x=yyyyyyyyyyyy\r\nz\r\n"));
		chunks++;
	}
	assert_int_equal(took, -1);
	assert_int_equal(chunks, BODY_EXTRA_MAX / 15 + 1);
}

/* What is skipped unseen ends where it would have ended looked at. */
static void
test_plain(void **state)
{
	struct body length = body_of(BODY_LENGTH, 10), chunks = body_of(BODY_CHUNKED, 0);
	struct body endless = body_of(BODY_UNTIL_END, 0), none = body_of(BODY_LENGTH, 0);

	(void)state;
	assert_int_equal(body_plain(&length), 10);
	body_skip(&length, 9);
	assert_false(body_done(&length));
	body_skip(&length, 1);
	assert_true(body_done(&length));

	assert_int_equal(body_plain(&chunks), 0);
	assert_int_equal(body_take(&chunks, span_str("20\r\nab")), 6);
	assert_int_equal(body_plain(&chunks), 30);
	body_skip(&chunks, 30);
	assert_int_equal(body_plain(&chunks), 0);
	assert_int_equal(body_take(&chunks, span_str("\r\n0\r\n\r\nX")), 7);
	assert_true(body_done(&chunks));

	assert_true(body_plain(&endless) == UINT64_MAX);
	body_skip(&endless, 1000);
	assert_int_equal(body_take(&endless, span_str("abc")), 3);
	assert_true(body_plain(&endless) == UINT64_MAX && !body_done(&endless));
	assert_true(body_done(&none) && body_plain(&none) == 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_lengths),
	    cmocka_unit_test(test_chunks),
	    cmocka_unit_test(test_extra),
	    cmocka_unit_test(test_plain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
