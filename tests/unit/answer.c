/* What refused clients are told is well formed, and short enough for its room. */
#include "proxy/answer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

static void
test_http(void **state)
{
	static const unsigned statuses[] = {400, 405, 408, 421, 431, 503, 505};
	char out[ANSWER_MAX], why[400], line[32];
	size_t length;

	(void)state;
	memset(why, 'w', sizeof(why) - 1);
	why[sizeof(why) - 1] = '\0';
	for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
		for (int head_only = 0; head_only < 2; head_only++) {
			size_t n = answer_http(statuses[i], why, head_only, out);
			char *body = strstr(out, "\r\n\r\n") + 4,
			     *said = strstr(out, "Content-Length: ") + 16;

			assert_true(n < ANSWER_MAX && strlen(out) == n);
			snprintf(line, sizeof(line), "HTTP/1.1 %u ", statuses[i]);
			assert_memory_equal(out, line, strlen(line));
			assert_int_equal(strlen(body), head_only ? 0 : atoi(said));
			assert_non_null(strstr(out, "Connection: close\r\n"));
		}
	}
	answer_http(503, "x", false, out);
	assert_non_null(strstr(out, "Retry-After: "));
	answer_http(405, "x", false, out);
	assert_non_null(strstr(out, "Allow: "));
	length = answer_page(421, why, out);
	assert_true(length == strlen(out) && length < ANSWER_PAGE_MAX);
	answer_http(999, "x", false, out);
	assert_memory_equal(out, "HTTP/1.1 503 ", 13);
}

/* However long the URL: one field of it, and an end. */
static void
test_redirect(void **state)
{
	static char url[60000], out[sizeof(url) + ANSWER_MAX];

	(void)state;
	for (size_t n = 10; n < sizeof(url); n = n * 3 + 1) {
		memset(url, 'u', n);
		for (int head_only = 0; head_only < 2; head_only++) {
			size_t length = answer_redirect(308, url, head_only, out);
			char *field = strstr(out, "\r\nLocation: ") + 12, *end = strstr(out, "\r\n\r\n") + 4;

			assert_int_equal(length, strlen(out));
			assert_memory_equal(out, "HTTP/1.1 308 Permanent Redirect\r\n", 33);
			assert_memory_equal(field, url, n);
			assert_memory_equal(field + n, "\r\nConnection: close\r\n\r\n", 23);
			assert_int_equal(
			    strlen(end), head_only ? 0 : atoi(strstr(out, "Content-Length: ") + 16));
		}
	}
}

static void
test_tls(void **state)
{
	char out[ANSWER_MAX];

	(void)state;
	assert_int_equal(answer_tls(112, out), 7);
	assert_memory_equal(out, "\x15\x03\x03\0\2\2\x70", 7);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_http), cmocka_unit_test(test_redirect), cmocka_unit_test(test_tls)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
