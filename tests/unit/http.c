/* Request heads: what routes, what is refused, what the guest gets of them. */
#include "proxy/http.h"
#include "tests/unit/guard.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

#define H "Host: a.example\r\n"

static struct sniff
sniff_once(const char *bytes, size_t n, struct http_head *head)
{
	*head = (struct http_head){0};
	return http_sniff(span_of(bytes, n), head);
}

/* Whole at once and byte by byte say the same; nothing before the end names a host. */
static void
expect(const char *text, size_t n, enum verdict verdict, const char *host, unsigned answer)
{
	const char *copy = guard_copy(text, n);
	struct http_head head, slow = {0};
	struct sniff got = sniff_once(copy, n, &head), last = {0};

	for (size_t i = 1; i <= n && last.verdict == SNIFF_MORE; i++) {
		const char *cut = guard_copy(text, i);

		last = http_sniff(span_of(cut, i), &slow);
		if (last.verdict == SNIFF_HOST || last.verdict == SNIFF_NONE)
			assert_int_equal(slow.length, head.length);
		if (last.verdict == SNIFF_HOST)
			assert_true(span_is(last.host, host));
		guard_free(cut, i);
	}
	if (got.verdict != verdict || last.verdict != verdict)
		print_error("%s: %d %s\n", text, got.verdict, got.why ? got.why : "");
	assert_int_equal(got.verdict, verdict);
	assert_int_equal(last.verdict, verdict);
	if (verdict == SNIFF_HOST)
		assert_true(span_is(got.host, host));
	if (verdict == SNIFF_BAD || verdict == SNIFF_NONE) {
		assert_int_equal(got.answer, answer);
		assert_string_equal(got.why, last.why);
	}
	guard_free(copy, n);
}

static void
test_hosts(void **state)
{
	static const struct {
		const char *text, *host;
	} cases[] = {
	    {"GET / HTTP/1.1\r\nHost: a.example\r\n\r\n", "a.example"},
	    {"GET / HTTP/1.0\r\nHost: a.example\r\n\r\n", "a.example"},
	    {"GET / HTTP/1.1\r\nhOST:a.example:8080 \t\r\nX: y\r\n\r\nbody", "a.example:8080"},
	    {"GET / HTTP/1.1\r\nX:\r\nHost: \ta.example\r\n\r\n", "a.example"},
	    {"GET /\xc3\xbc?a=\"b\"#c HTTP/1.1\r\nHost: a.example\r\nX: \xff\ty\r\n\r\n", "a.example"},
	    {"GET http://b.example/x HTTP/1.1\r\nHost: b.example\r\n\r\n", "b.example"},
	    {"GET HTTP://b.example:80?x HTTP/1.1\r\nHost: B.example\r\n\r\n", "b.example:80"},
	    {"GET https://b.example HTTP/1.0\r\n\r\n", "b.example"},
	    {"OPTIONS * HTTP/1.1\r\nHost: a.example\r\n\r\n", "a.example"},
	    {"M-SEARCH / HTTP/1.1\r\nHost: a.example\r\n\r\n", "a.example"},
	    {"GET / HTTP/1.1\r\nHost: not a name\r\n\r\n", "not a name"}, /* name.h refuses it */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		expect(cases[i].text, strlen(cases[i].text), SNIFF_HOST, cases[i].host, 0);
}

static void
test_nobody(void **state)
{
	(void)state;
	expect("GET / HTTP/1.0\r\n\r\n", 18, SNIFF_NONE, NULL, 421);
	expect("GET / HTTP/1.1\r\nHost:\r\n\r\n", 25, SNIFF_NONE, NULL, 421);
	expect("GET / HTTP/1.1\r\nHost: a.exam", 28, SNIFF_MORE, NULL, 0);
	expect("GET / HTTP/1.1\r\nHost: a.example\r\n\r", 34, SNIFF_MORE, NULL, 0);
}

static void
test_refused(void **state)
{
	static const struct {
		const char *text;
		unsigned answer;
	} cases[] = {
	    {"GET / HTTP/1.1\r\n\r\n", 400},
	    {"GET / HTTP/1.1\r\n" H H "\r\n", 400},
	    {"GET / HTTP/1.1\r\n" H "host: b.example\r\n\r\n", 400},
	    {"GET / HTTP/1.0\r\n" H H "\r\n", 400},
	    {"GET / HTTP/1.1\r\nHost : a.example\r\n\r\n", 400},
	    {"GET / HTTP/1.1\r\n Host: a.example\r\n\r\n", 400},
	    {"GET / HTTP/1.1\r\n" H " b.example\r\n\r\n", 400},
	    {"GET / HTTP/1.1\r\n" H "\tfolded: x\r\n\r\n", 400},
	    {"GET / HTTP/1.1\r\n" H "no colon\r\n\r\n", 400},
	    {"GET / HTTP/1.1\r\n" H ": x\r\n\r\n", 400},
	    {"GET / HTTP/1.1\r\n" H "X\xc3: y\r\n\r\n", 400},
	    {"GET / HTTP/1.1\n" H "\r\n", 400},
	    {"GET / HTTP/1.1\r\nHost: a.example\n\r\n", 400},
	    {"GET / HTTP/1.1\r\nHost: a.example\rX: y\r\n\r\n", 400},
	    {"GET / HTTP/1.1\r\nHost: a.example\x01\r\n\r\n", 400},
	    {"GET / HTTP/1.1\r\nHost: a.example\x7f\r\n\r\n", 400},
	    {"\r\nGET / HTTP/1.1\r\n" H "\r\n", 400},
	    {"GET /  HTTP/1.1\r\n" H "\r\n", 400},
	    {"GET  / HTTP/1.1\r\n" H "\r\n", 400},
	    {" GET / HTTP/1.1\r\n" H "\r\n", 400},
	    {"GET\t/\tHTTP/1.1\r\n" H "\r\n", 400},
	    {"GET /\tx HTTP/1.1\r\n" H "\r\n", 400},
	    {"GET /\r\n" H "\r\n", 400},
	    {"GET / HTTP/1.1 \r\n" H "\r\n", 400},
	    {"GET / http/1.1\r\n" H "\r\n", 400},
	    {"G(T / HTTP/1.1\r\n" H "\r\n", 400},
	    {"GET x HTTP/1.1\r\n" H "\r\n", 400},
	    {"GET * HTTP/1.1\r\n" H "\r\n", 400},
	    {"GET ftp://a.example/ HTTP/1.1\r\n" H "\r\n", 400},
	    {"GET http:///x HTTP/1.1\r\n" H "\r\n", 400},
	    {"GET http://u@a.example/ HTTP/1.1\r\nHost: u@a.example\r\n\r\n", 400},
	    {"GET http://b.example/ HTTP/1.1\r\n" H "\r\n", 400},
	    {"GET http://b.example/ HTTP/1.1\r\n\r\n", 400},
	    {"GET / HTTP/1.2\r\n" H "\r\n", 505},
	    {"GET / HTTP/2.0\r\n" H "\r\n", 505},
	    {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 421},
	    {"PRI * HTTP/2.0\r\n" H "\r\n", 421},
	    {"PRI / HTTP/2.0\r\n\r\n", 505},
	    {"PRI * HTTP/1.1\r\n" H "\r\n", 400},
	    {"CONNECT a.example:443 HTTP/1.1\r\n" H "\r\n", 405},
	    {"POST / HTTP/1.1\r\n" H "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
	    {"POST / HTTP/1.1\r\n" H "Content-Length: 1\r\nContent-Length: 1\r\n\r\n", 400},
	    {"POST / HTTP/1.1\r\n" H "Content-Length: 1, 1\r\n\r\n", 400},
	    {"POST / HTTP/1.1\r\n" H "Content-Length: +1\r\n\r\n", 400},
	    {"POST / HTTP/1.1\r\n" H "Content-Length: 0x1\r\n\r\n", 400},
	    {"POST / HTTP/1.1\r\n" H "Content-Length:\r\n\r\n", 400},
	    {"POST / HTTP/1.1\r\n" H "Content-Length: 1234567890123456789\r\n\r\n", 400},
	    {"POST / HTTP/1.1\r\n" H "Transfer-Encoding: gzip\r\n\r\n", 400},
	    {"POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked, gzip\r\n\r\n", 400},
	    {"POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked, chunked\r\n\r\n", 400},
	    {"POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked,\r\n\r\n", 400},
	    {"POST / HTTP/1.1\r\n" H "Transfer-Encoding: xchunked\r\n\r\n", 400},
	    {"POST / HTTP/1.1\r\n" H "Transfer-Encoding: \"chunked\"\r\n\r\n", 400},
	    {"POST / HTTP/1.1\r\n" H "Transfer-Encoding:\r\n\r\n", 400},
	    {"POST / HTTP/1.1\r\n" H "Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
	    {"POST / HTTP/1.0\r\n" H "Transfer-Encoding: chunked\r\n\r\n", 400},
	    {"GET / HTTP/1.1\r\n" H "Upgrade: a\r\nUpgrade: b\r\n\r\n", 400},
	    {"GET / HTTP/1.10\r\n" H "\r\n", 400},
	    {"GET / HTTP/01.1\r\n" H "\r\n", 400},
	    {"GET / HTTP/1.1x\r\n" H "\r\n", 400},
	    {"GET / HTTP/1.1\r\n\r" H "\r\n", 400},
	    {"GET / HTTP/1.1\r\n" H "\r\r\n", 400},
	    {"GET / x HTTP/1.1\r\n" H "\r\n", 400},
	    {"\nGET / HTTP/1.1\r\n" H "\r\n", 400},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		expect(cases[i].text, strlen(cases[i].text), SNIFF_BAD, NULL, cases[i].answer);
	expect("GET / HTTP/1.1\r\nHost: a\0b\r\n\r\n", 30, SNIFF_BAD, NULL, 400);
	expect("\x16\x03\x01\x02", 4, SNIFF_BAD, NULL, 400);
}

/* Each of these beside a good Host: what it might hide is a body, or that there is none. */
static void
test_smuggled(void **state)
{
	static const char *const fields[] = {
	    "Content-Length: -1",
	    "Content-Length: 1,",
	    "Content-Length: ,1",
	    "Content-Length: 1 1",
	    "Content-Length: 1;",
	    "Content-Length: 1e1",
	    "Content-Length: 1.0",
	    "Content-Length: 0x10",
	    "Content-Length: \xb9",
	    "Content-Length: \"1\"",
	    "Content-Length : 1",
	    "Content-Length\t: 1",
	    "Content-Length\x0b: 1",
	    "Content-Length: 1\r\nContent-Length: 2",
	    "content-length: 1\r\nCONTENT-LENGTH: 1",
	    "Transfer-Encoding: chunked\r\nContent-Length: 1",
	    "Content-Length: 0\r\nTransfer-Encoding: chunked",
	    "Content-Length: x\r\nTransfer-Encoding: chunked",
	    "Transfer-Encoding: identity",
	    "Transfer-Encoding: chunked, identity",
	    "Transfer-Encoding: chunkedx",
	    "Transfer-Encoding: chunked;q=1",
	    "Transfer-Encoding: chun ked",
	    "Transfer-Encoding: ,chunked",
	    "Transfer-Encoding: chunked,,",
	    "Transfer-Encoding: \x0bchunked",
	    "Transfer-Encoding: chunked\x0c",
	    "Transfer-Encoding : chunked",
	    "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
	    "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
	    "X: y\r\n Content-Length: 1",
	    "X: y\r\n\tTransfer-Encoding: chunked",
	    "X:\r\n\r\r\n",
	    "X: y\rContent-Length: 1",
	    "X: y\nTransfer-Encoding: chunked",
	    "X: y\n\n",
	    "(X): y",
	    "X y: z",
	    "\x80: y",
	};
	char text[512];

	(void)state;
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		for (int before = 0; before < 2; before++) {
			snprintf(text, sizeof(text), "POST / HTTP/1.1\r\n%s%s\r\n%s\r\n", before ? "" : H,
			    fields[i], before ? H : "");
			expect(text, strlen(text), SNIFF_BAD, NULL, 400);
		}
	}
}

static void
test_size(void **state)
{
	static char text[HTTP_HEAD_MAX + 100];
	struct http_head head;
	int n = snprintf(text, sizeof(text), "GET / HTTP/1.1\r\n" H "X: ");

	(void)state;
	memset(text + n, 'x', sizeof(text) - (size_t)n);
	assert_int_equal(sniff_once(text, HTTP_HEAD_MAX - 1, &head).verdict, SNIFF_MORE);
	assert_int_equal(sniff_once(text, HTTP_HEAD_MAX, &head).answer, 431);
	assert_int_equal(sniff_once(text, sizeof(text), &head).answer, 431);
	memcpy(text + HTTP_HEAD_MAX - 4, "\r\n\r\n", 4);
	assert_int_equal(sniff_once(text, sizeof(text), &head).verdict, SNIFF_HOST);
	assert_int_equal(head.length, HTTP_HEAD_MAX);
}

static void
test_framing(void **state)
{
	static const struct {
		const char *fields;
		enum body_framing framing;
		uint64_t bytes;
		bool upgrade;
	} cases[] = {
	    {"", BODY_NONE, 0, false},
	    {"Content-Length: 0\r\n", BODY_LENGTH, 0, false},
	    {"Content-Length: 999999999999999999\r\n", BODY_LENGTH, 999999999999999999, false},
	    {"Transfer-Encoding: Chunked\r\n", BODY_CHUNKED, 0, false},
	    {"Transfer-Encoding: gzip ,\tchunked \r\n", BODY_CHUNKED, 0, false},
	    {"Connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n", BODY_NONE, 0, true},
	    {"Upgrade: websocket\r\n", BODY_NONE, 0, false},
	    {"Connection: upgrade\r\n", BODY_NONE, 0, false},
	    {"Connection: upgrade\r\nUpgrade: h2c\r\n", BODY_NONE, 0, false},
	    {"Connection: upgrade\r\nUpgrade: websocket, H2C\r\n", BODY_NONE, 0, false},
	    {"Connection: upgrade\r\nUpgrade: h2c/1\r\n", BODY_NONE, 0, false},
	    {"Connection: upgrade\r\nUpgrade: x\r\nContent-Length: 1\r\n", BODY_LENGTH, 1, true},
	};
	char text[512];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int n = snprintf(text, sizeof(text), "POST / HTTP/1.1\r\n" H "%s\r\n", cases[i].fields);
		struct http_head head;

		assert_int_equal(sniff_once(text, (size_t)n, &head).verdict, SNIFF_HOST);
		assert_int_equal(head.length, n);
		assert_int_equal(head.framing, cases[i].framing);
		assert_int_equal(head.body_bytes, cases[i].bytes);
		assert_int_equal(head.upgrade, cases[i].upgrade);
	}
}

static void
test_persistence(void **state)
{
	static const struct {
		const char *text;
		bool keep;
	} cases[] = {
	    {"GET / HTTP/1.1\r\n" H "\r\n", true},
	    {"GET / HTTP/1.1\r\n" H "Connection: close\r\n\r\n", false},
	    {"GET / HTTP/1.1\r\n" H "Connection: TE\r\nconnection: x, Close\r\n\r\n", false},
	    {"GET / HTTP/1.1\r\n" H "Connection: keep-alive, close\r\n\r\n", false},
	    {"GET / HTTP/1.1\r\n" H "Connection: closed\r\n\r\n", true},
	    {"GET / HTTP/1.0\r\n" H "\r\n", false},
	    {"GET / HTTP/1.0\r\n" H "Connection: Keep-Alive\r\n\r\n", true},
	    {"GET / HTTP/1.0\r\n" H "Connection: Keep-Alive\r\nConnection: close\r\n\r\n", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct http_head head;

		assert_int_equal(sniff_once(cases[i].text, strlen(cases[i].text), &head).verdict, SNIFF_HOST);
		assert_int_equal(head.keep, cases[i].keep);
	}
}

static void
test_h2c(void **state)
{
	static const char *const cases[][2] = {
	    {"GET / HTTP/1.1\r\n" H
	     "Connection: upgrade, http2-settings\r\nUpgrade: h2c\r\nHTTP2-Settings: A\r\nX: y\r\n\r\n",
		"GET / HTTP/1.1\r\n" H "X: y\r\n\r\n"},
	    {"GET / HTTP/1.1\r\nUpgrade: h2c\r\n" H "\r\n", "GET / HTTP/1.1\r\n" H "\r\n"},
	    {"GET / HTTP/1.1\r\nUpgrade: websocket, H2C\r\nconnection:close\r\n" H "\r\n",
		"GET / HTTP/1.1\r\n" H "Connection: close\r\n\r\n"},
	    {"GET / HTTP/1.0\r\nUpgrade: h2c\r\nConnection: keep-alive\r\n" H "\r\n",
		"GET / HTTP/1.0\r\n" H "Connection: keep-alive\r\n\r\n"},
	};
	char out[1024];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t n = strlen(cases[i][0]), wrote;
		const char *copy = guard_copy(cases[i][0], n);
		struct http_head head;
		struct sniff got = sniff_once(copy, n, &head);

		assert_int_equal(got.verdict, SNIFF_HOST);
		assert_true(head.offers_h2c && !head.upgrade);
		wrote = http_without_h2c(span_of(copy, head.length), &head, out);
		assert_true(wrote <= n + HTTP_REWRITE_EXTRA);
		assert_true(span_is(span_of(out, wrote), cases[i][1]));
		guard_free(copy, n);
	}
}

static void
test_paths(void **state)
{
	static const char *const cases[][2] = {
	    {"GET /a?b=c HTTP/1.1\r\n", "/a?b=c"},
	    {"OPTIONS * HTTP/1.1\r\n", "/"},
	    {"GET http://a.example/x?y HTTP/1.1\r\n", "/x?y"},
	    {"GET http://a.example HTTP/1.1\r\n", "/"},
	    {"GET http://a.example?q HTTP/1.1\r\n", "?q"},
	    {"GET http://a.example#f HTTP/1.1\r\n", "/"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_true(span_is(http_path(span_str(cases[i][0])), cases[i][1]));
}

/* Which heads are the beginning of HTTP/2's preface, and which only look like it. */
static void
test_prefaces(void **state)
{
	struct http_head head;

	(void)state;
	assert_int_equal(sniff_once("PRI * HTTP/2.0\r\n\r\n", 18, &head).verdict, SNIFF_BAD);
	assert_true(head.is_h2c);
	sniff_once("PRI * HTTP/2.0\r\n" H "\r\n", 35, &head);
	assert_false(head.is_h2c);
	sniff_once("PRI / HTTP/2.0\r\n\r\n", 18, &head);
	assert_false(head.is_h2c);
	sniff_once("GET * HTTP/2.0\r\n\r\n", 18, &head);
	assert_false(head.is_h2c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_hosts),
	    cmocka_unit_test(test_nobody),
	    cmocka_unit_test(test_refused),
	    cmocka_unit_test(test_smuggled),
	    cmocka_unit_test(test_size),
	    cmocka_unit_test(test_framing),
	    cmocka_unit_test(test_persistence),
	    cmocka_unit_test(test_h2c),
	    cmocka_unit_test(test_paths),
	    cmocka_unit_test(test_prefaces),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
