/* Answers: where they end, what of them goes on, and that no cut changes it. */
#include "proxy/exchange.h"
#include "tests/unit/guard.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

/* What a request's head says, as far as an exchange asks. */
enum { KEEP = 1, UPGRADE = 2, HEAD_ONLY = 4 };

static struct exchange
begun(unsigned how)
{
	struct http_head head = {.keep = how & KEEP, .upgrade = how & UPGRADE, .is_head = how & HEAD_ONLY};
	struct exchange x;

	exchange_begin(&x, &head);
	return x;
}

/* As the shell does it: pieces of so many bytes, behind what is left of a head. Returns what went on. */
static size_t
feed(struct exchange *x, struct span all, size_t piece)
{
	size_t at = 0, passed = 0;

	for (size_t come = 0; come < all.len;) {
		size_t n, end = come + piece < all.len ? come + piece : all.len;
		const char *copy = guard_copy(all.ptr + at, end - at);

		n = exchange_answer(x, span_of(copy, end - at));
		guard_free(copy, end - at);
		come = end;
		passed += n;
		at += n;
		if (x->phase == EXCHANGE_OVER)
			break;
		if (x->phase != EXCHANGE_HEAD)
			assert_int_equal(at, end);
	}
	return passed;
}

#define OK200 "HTTP/1.1 200 OK\r\n"

static void
test_answers(void **state)
{
	static const struct {
		unsigned how;
		const char *text;
		size_t stray; /* bytes at the end that do not go on */
		enum exchange_phase phase;
		bool keep;
	} cases[] = {
	    {KEEP, OK200 "Content-Length: 3\r\n\r\nabc", 0, EXCHANGE_OVER, true},
	    {KEEP, OK200 "Content-Length: 3\r\n\r\nabcHTTP/1.1 200", 12, EXCHANGE_OVER, true},
	    {KEEP, OK200 "Content-Length: 3\r\n\r\nab", 0, EXCHANGE_BODY, true},
	    {KEEP, OK200 "Content-Length: 0\r\n\r\n", 0, EXCHANGE_OVER, true},
	    {0, OK200 "Content-Length: 0\r\n\r\n", 0, EXCHANGE_OVER, false},
	    {KEEP, OK200 "Content-Length: 0\r\nConnection: close\r\n\r\n", 0, EXCHANGE_OVER, false},
	    {KEEP, "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", 0, EXCHANGE_OVER, false},
	    {KEEP, "HTTP/1.0 200 OK\r\nContent-Length: 0\r\nConnection: keep-alive\r\n\r\n", 0, EXCHANGE_OVER,
		true},
	    {KEEP, OK200 "Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\nX", 1, EXCHANGE_OVER, true},
	    {KEEP, OK200 "Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n", 0, EXCHANGE_BODY, true},
	    {KEEP, OK200 "\r\nuntil it ends", 0, EXCHANGE_BODY, false},
	    {KEEP, OK200 "Transfer-Encoding: gzip\r\n\r\nx", 0, EXCHANGE_BODY, false},
	    {KEEP | HEAD_ONLY, OK200 "Content-Length: 300\r\n\r\n", 0, EXCHANGE_OVER, true},
	    {KEEP | HEAD_ONLY, OK200 "Transfer-Encoding: chunked\r\n\r\n", 0, EXCHANGE_OVER, true},
	    {KEEP, "HTTP/1.1 204 No Content\r\n\r\n", 0, EXCHANGE_OVER, true},
	    {KEEP, "HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n", 0, EXCHANGE_OVER, true},
	    {KEEP, "HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", 0, EXCHANGE_OVER, true},
	    {KEEP, "HTTP/1.1 100 Continue\r\n\r\n" OK200 "Content-Length: 1\r\n\r\nx", 0, EXCHANGE_OVER,
		true},
	    {KEEP, "HTTP/1.1 103 Hints\r\nLink: x\r\n\r\nHTTP/1.1 102 P\r\n\r\n", 0, EXCHANGE_HEAD, true},
	    {KEEP | UPGRADE, "HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\nanything", 0, EXCHANGE_SWITCHED,
		true},
	    {KEEP | UPGRADE, OK200 "Content-Length: 0\r\n\r\n", 0, EXCHANGE_OVER, true},
	    {KEEP, "HTTP/1.1 204 No Content\r\nContent-Length: 3\r\n\r\nabc", 3, EXCHANGE_OVER, true},
	    {KEEP, "HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 5, EXCHANGE_OVER,
		true},
	    {KEEP, "HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n", 0, EXCHANGE_OVER, true},
	    {KEEP, "HTTP/1.1 100 Continue\r\nContent-Length: 3\r\n\r\n" OK200 "Content-Length: 1\r\n\r\nx", 0,
		EXCHANGE_OVER, true},
	    {KEEP, "HTTP/1.1 205 Reset\r\nContent-Length: 1\r\n\r\nxy", 1, EXCHANGE_OVER, true},
	    {KEEP | HEAD_ONLY, "HTTP/1.1 103 Hints\r\n\r\n" OK200 "\r\nbody", 4, EXCHANGE_OVER, true},
	    {KEEP | UPGRADE, "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 101 S\r\n\r\nx", 0, EXCHANGE_SWITCHED,
		true},
	    {KEEP, OK200 "Connection: keep-alive, close\r\nContent-Length: 0\r\n\r\n", 0, EXCHANGE_OVER,
		false},
	    {KEEP, OK200 "Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n", 0, EXCHANGE_BODY, false},
	    {KEEP, OK200 "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\nX", 1, EXCHANGE_OVER, true},
	    /* Not HTTP, or not the same to everybody: as it comes, until the guest ends. */
	    {KEEP, "HTTP/1.1 101 Switching\r\n\r\nanything", 0, EXCHANGE_OPAQUE, false},
	    {KEEP, "SSH-2.0-x\r\n", 0, EXCHANGE_OPAQUE, false},
	    {KEEP, "HTTP/2 200\r\n\r\n", 0, EXCHANGE_OPAQUE, false},
	    {KEEP, "HTTP/1.1 2000 OK\r\n\r\n", 0, EXCHANGE_OPAQUE, false},
	    {KEEP, "HTTP/1.1 099 x\r\n\r\n", 0, EXCHANGE_OPAQUE, false},
	    {KEEP, "HTTP/1.1 200 OK\nContent-Length: 0\n\n", 0, EXCHANGE_OPAQUE, false},
	    {KEEP, OK200 "Content-Length: 1\r\nContent-Length: 1\r\n\r\nx", 0, EXCHANGE_OPAQUE, false},
	    {KEEP, OK200 "Content-Length: 1, 1\r\n\r\nx", 0, EXCHANGE_OPAQUE, false},
	    {KEEP, OK200 "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 0,
		EXCHANGE_OPAQUE, false},
	    {KEEP, "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 0, EXCHANGE_OPAQUE,
		false},
	    {KEEP, OK200 "X: a\r\n folded\r\n\r\n", 0, EXCHANGE_OPAQUE, false},
	    {KEEP, OK200 "Transfer-Encoding: chunked\r\n\r\nnot a size\r\n", 0, EXCHANGE_OPAQUE, false},
	    {KEEP, OK200 "Content-Length: +1\r\n\r\nx", 0, EXCHANGE_OPAQUE, false},
	    {KEEP, OK200 "Content-Length: -1\r\n\r\nx", 0, EXCHANGE_OPAQUE, false},
	    {KEEP, OK200 "Content-Length: 0x1\r\n\r\nx", 0, EXCHANGE_OPAQUE, false},
	    {KEEP, OK200 "Content-Length: \r\n\r\nx", 0, EXCHANGE_OPAQUE, false},
	    {KEEP, OK200 "Content-Length : 1\r\n\r\nx", 0, EXCHANGE_OPAQUE, false},
	    {KEEP, OK200 "Content-Length: 1\nX: y\r\n\r\nx", 0, EXCHANGE_OPAQUE, false},
	    {KEEP, OK200 "Content-Length: 1\rX: y\r\n\r\nx", 0, EXCHANGE_OPAQUE, false},
	    {KEEP, OK200 "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\nx", 0,
		EXCHANGE_OPAQUE, false},
	    {KEEP, OK200 "Transfer-Encoding : chunked\r\n\r\nx", 0, EXCHANGE_OPAQUE, false},
	    {KEEP, OK200 "Content-Length: 1\r\nContent-Length: 2\r\n\r\nx", 0, EXCHANGE_OPAQUE, false},
	    {KEEP, OK200 "X\r\n\r\nx", 0, EXCHANGE_OPAQUE, false},
	    {KEEP, OK200 "Content-Length: 1\r\n folded\r\n\r\nx", 0, EXCHANGE_OPAQUE, false},
	    {KEEP, OK200 "Content-Length: ", 16 + 17, EXCHANGE_HEAD, true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct span all = span_str(cases[i].text);

		for (size_t piece = 1; piece <= all.len; piece++) {
			struct exchange x = begun(cases[i].how);
			size_t passed = feed(&x, all, piece);

			if (passed != all.len - cases[i].stray || x.phase != cases[i].phase)
				print_error("%s in pieces of %zu: %zu\n", cases[i].text, piece, passed);
			assert_int_equal(passed, all.len - cases[i].stray);
			assert_int_equal(x.phase, cases[i].phase);
			assert_int_equal(x.keep, cases[i].keep);
		}
	}
}

/* A head without an end is not waited for, nor kept, for ever. */
static void
test_size(void **state)
{
	static const char start[] = OK200 "X: ";
	char *text = malloc(REPLY_HEAD_MAX);
	struct exchange x = begun(KEEP);

	(void)state;
	assert_non_null(text);
	memset(text, 'x', REPLY_HEAD_MAX);
	memcpy(text, start, sizeof(start) - 1);
	assert_int_equal(exchange_answer(&x, span_of(text, REPLY_HEAD_MAX - 1)), 0);
	assert_int_equal(x.phase, EXCHANGE_HEAD);
	assert_int_equal(exchange_answer(&x, span_of(text, REPLY_HEAD_MAX)), REPLY_HEAD_MAX);
	assert_int_equal(x.phase, EXCHANGE_OPAQUE);
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_answers),
	    cmocka_unit_test(test_size),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
