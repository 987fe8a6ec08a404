/* PROXY headers, byte for byte. */
#include "proxy/haproxy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static struct addr
addr(const char *ip, uint16_t port)
{
	struct addr out = {.port = port};

	assert_int_equal(ip_parse(span_str(ip), &out.ip), 0);
	return out;
}

static void
test_v1(void **state)
{
	char out[HAPROXY_MAX];
	struct addr a = addr("203.0.113.9", 65535), b = addr("192.0.2.1", 80);
	const char *want = "PROXY TCP4 203.0.113.9 192.0.2.1 65535 80\r\n";
	const char *longest = "PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff "
			      "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n";

	(void)state;
	assert_true(span_is(span_of(out, haproxy_v1(&a, &b, out)), want));
	a = b = addr("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 65535);
	assert_true(span_is(span_of(out, haproxy_v1(&a, &b, out)), longest));
}

static void
test_v2(void **state)
{
	static const char v4[] = "\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xcb\0\x71\x09\xc0\0\2\1\x12\x34\0\x50";
	static const char v6[] = "\r\n\r\n\0\r\nQUIT\n\x21\x21\0\x24"
				 "\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\7"
				 "\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1\0\1\1\xbb";
	char out[HAPROXY_MAX];
	struct addr a = addr("203.0.113.9", 0x1234), b = addr("192.0.2.1", 80);

	(void)state;
	assert_true(span_eq(span_of(out, haproxy_v2(&a, &b, out)), span_of(v4, sizeof(v4) - 1)));
	a = addr("2001:db8::7", 1);
	b = addr("2001:db8::1", 443);
	assert_true(span_eq(span_of(out, haproxy_v2(&a, &b, out)), span_of(v6, sizeof(v6) - 1)));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_v1), cmocka_unit_test(test_v2)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
