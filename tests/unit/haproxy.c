/* PROXY headers, as they are written and as they are read. */
#include "base/haproxy.h"
#include "tests/unit/guard.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
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

/* What is read, with more behind it: the verdict of the bytes alone, and of every prefix of them. */
#define V2 "\r\n\r\n\0\r\nQUIT\n"
#define HERE4 "\xcb\0\x71\x09\xc0\0\2\1\x12\x34\0\x50"
#define HERE6 "\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\7\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1\0\1\1\xbb"
#define MAPPED6 "\0\0\0\0\0\0\0\0\0\0\xff\xff\xcb\0\x71\x09\0\0\0\0\0\0\0\0\0\0\xff\xff\xc0\0\2\1\0\1\1\xbb"
#define MIXED6 "\0\0\0\0\0\0\0\0\0\0\xff\xff\xcb\0\x71\x09\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1\0\1\1\xbb"
#define BYTES(text) text, sizeof(text) - 1

static const struct {
	const char *bytes;
	size_t len;
	enum verdict verdict;
	const char *from; /* or why, in part */
} reads[] = {
    {BYTES("PROXY TCP4 203.0.113.9 192.0.2.1 65535 80\r\n"), SNIFF_HOST, "203.0.113.9:65535"},
    {BYTES("PROXY TCP4 203.0.113.9 192.0.2.1 0 0\r\n"), SNIFF_HOST, "203.0.113.9:0"},
    {BYTES("PROXY TCP6 2001:db8::7 2001:db8::1 1 443\r\n"), SNIFF_HOST, "[2001:db8::7]:1"},
    {BYTES("PROXY TCP6 ::ffff:203.0.113.9 ::ffff:192.0.2.1 1 443\r\n"), SNIFF_HOST, "203.0.113.9:1"},
    {BYTES("PROXY TCP6 ::ffff:203.0.113.9 2001:db8::1 1 443\r\n"), SNIFF_BAD, "mixes"},
    {BYTES("PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff "
	   "65535 65535\r\n"),
	SNIFF_HOST, "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535"},
    {BYTES("PROXY UNKNOWN\r\n"), SNIFF_NONE, ""},
    {BYTES("PROXY UNKNOWN ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff "
	   "65535 65535\r\n"),
	SNIFF_NONE, ""},
    {BYTES("PROXY UNKNOWNS\r\n"), SNIFF_BAD, "malformed"},
    {BYTES("PROXY UNKNOWN\n"), SNIFF_BAD, "malformed"},
    {BYTES("PROXY TCP4 203.0.113.9 192.0.2.1 1 80\n"), SNIFF_BAD, "malformed"},
    {BYTES("PROXY TCP4 203.0.113.9 192.0.2.1 1 80 \r\n"), SNIFF_BAD, "malformed"},
    {BYTES("PROXY TCP4 203.0.113.9  192.0.2.1 1 80\r\n"), SNIFF_BAD, "malformed"},
    {BYTES("PROXY  TCP4 203.0.113.9 192.0.2.1 1 80\r\n"), SNIFF_BAD, "malformed"},
    {BYTES("PROXY TCP4 203.0.113.9 192.0.2.1 1 080\r\n"), SNIFF_BAD, "malformed"},
    {BYTES("PROXY TCP4 203.0.113.9 192.0.2.1 1 65536\r\n"), SNIFF_BAD, "malformed"},
    {BYTES("PROXY TCP4 203.0.113.9 192.0.2.1 -1 80\r\n"), SNIFF_BAD, "malformed"},
    {BYTES("PROXY TCP4 203.0.113.9 192.0.2.1 1\r\n"), SNIFF_BAD, "malformed"},
    {BYTES("PROXY TCP4 203.0.113.09 192.0.2.1 1 80\r\n"), SNIFF_BAD, "malformed"},
    {BYTES("PROXY TCP4 203.0.113 192.0.2.1 1 80\r\n"), SNIFF_BAD, "malformed"},
    {BYTES("PROXY TCP4 2001:db8::7 2001:db8::1 1 80\r\n"), SNIFF_BAD, "malformed"},
    {BYTES("PROXY TCP4 ::ffff:203.0.113.9 192.0.2.1 1 80\r\n"), SNIFF_BAD, "malformed"},
    {BYTES("PROXY TCP6 203.0.113.9 192.0.2.1 1 80\r\n"), SNIFF_BAD, "malformed"},
    {BYTES("PROXY TCP6 fe80::1%eth0 2001:db8::1 1 80\r\n"), SNIFF_BAD, "malformed"},
    {BYTES("PROXY TCP5 203.0.113.9 192.0.2.1 1 80\r\n"), SNIFF_BAD, "malformed"},
    {BYTES("PROXY tcp4 203.0.113.9 192.0.2.1 1 80\r\n"), SNIFF_BAD, "malformed"},
    {BYTES("PROXY TCP4 203.0.113.9 192.0.2.1 1 80\0\r\n"), SNIFF_BAD, "malformed"},
    {BYTES("PROXY \r\n"), SNIFF_BAD, "malformed"},
    {BYTES("PROXY\r\n"), SNIFF_BAD, "no PROXY"},
    {BYTES("proxy TCP4 203.0.113.9 192.0.2.1 1 80\r\n"), SNIFF_BAD, "no PROXY"},
    {BYTES("GET / HTTP/1.1\r\n"), SNIFF_BAD, "no PROXY"},
    {BYTES("\x16\x03\x01\x02"), SNIFF_BAD, "no PROXY"},
    {BYTES("PROXY UNKNOWN aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	   "aaaaaaaaaaaaa\r\n"),
	SNIFF_BAD, "endless"},
    {BYTES(V2 "\x21\x11\0\x0c" HERE4), SNIFF_HOST, "203.0.113.9:4660"},
    {BYTES(V2 "\x21\x21\0\x24" HERE6), SNIFF_HOST, "[2001:db8::7]:1"},
    {BYTES(V2 "\x21\x21\0\x24" MAPPED6), SNIFF_HOST, "203.0.113.9:1"},
    {BYTES(V2 "\x21\x21\0\x24" MIXED6), SNIFF_BAD, "mixes"},
    {BYTES(V2 "\x21\x11\0\x15" HERE4 "\4\0\0\1\0\3abc"), SNIFF_HOST, "203.0.113.9:4660"},
    {BYTES(V2 "\x21\x11\0\x14" HERE4 "\4\0\0\1\0\3ab"), SNIFF_BAD, "do not fit"},
    {BYTES(V2 "\x21\x11\0\x0e" HERE4 "\4\0"), SNIFF_BAD, "do not fit"},
    {BYTES(V2 "\x21\x11\0\x0b" HERE4), SNIFF_BAD, "do not fit"},
    {BYTES(V2 "\x21\x21\0\x23" HERE6), SNIFF_BAD, "do not fit"},
    {BYTES(V2 "\x20\x11\0\x0c" HERE4), SNIFF_NONE, ""}, /* LOCAL */
    {BYTES(V2 "\x20\0\0\0"), SNIFF_NONE, ""},
    {BYTES(V2 "\x20\xff\0\3abc"), SNIFF_NONE, ""},
    {BYTES(V2 "\x21\0\0\0"), SNIFF_NONE, ""},
    {BYTES(V2 "\x21\x12\0\x0c" HERE4), SNIFF_BAD, "no stream"},
    {BYTES(V2 "\x21\x10\0\x0c" HERE4), SNIFF_BAD, "no stream"},
    {BYTES(V2 "\x21\x41\0\x0c" HERE4), SNIFF_BAD, "no stream"},
    {BYTES(V2 "\x21\1\0\0"), SNIFF_BAD, "no stream"},
    {BYTES(V2 "\x21\x31\0\1a"), SNIFF_BAD, "do not fit"},
    {BYTES(V2 "\x22\x11\0\x0c" HERE4), SNIFF_BAD, "version"},
    {BYTES(V2 "\x31\x11\0\x0c" HERE4), SNIFF_BAD, "version"},
    {BYTES(V2 "\x11\x11\0\x0c" HERE4), SNIFF_BAD, "version"},
    {BYTES(V2 "\x21\x11\xff\xff"), SNIFF_BAD, "2048"},
    {BYTES(V2 "\x21\x11\x07\xf1"), SNIFF_BAD, "2048"},
    {BYTES("\r\n\r\n\0\r\nQUIT\r"), SNIFF_BAD, "no PROXY"},
};

static struct haproxy
read_guarded(const char *bytes, size_t n)
{
	const char *copy = guard_copy(bytes, n);
	struct haproxy out = haproxy_read(span_of(copy, n));

	guard_free(copy, n);
	return out;
}

static void
test_read(void **state)
{
	char text[ADDR_TEXT];

	(void)state;
	for (size_t i = 0; i < sizeof(reads) / sizeof(*reads); i++) {
		struct haproxy h = read_guarded(reads[i].bytes, reads[i].len);

		if (h.verdict != reads[i].verdict)
			fail_msg("case %zu: verdict %d, %s", i, h.verdict, h.why ? h.why : "");
		if (h.verdict == SNIFF_BAD) {
			if (!strstr(h.why, reads[i].from))
				fail_msg("case %zu: %s", i, h.why);
			continue;
		}
		assert_int_equal(h.length, reads[i].len);
		if (h.verdict == SNIFF_HOST)
			assert_string_equal(addr_print(&h.from, text), reads[i].from);
	}
}

/* No opinion before the last byte of a good one; none changes whatever comes behind. */
static void
test_cuts(void **state)
{
	char more[512];

	(void)state;
	for (size_t i = 0; i < sizeof(reads) / sizeof(*reads); i++) {
		struct haproxy whole = read_guarded(reads[i].bytes, reads[i].len), h;

		for (size_t n = 0; n < reads[i].len; n++) {
			h = read_guarded(reads[i].bytes, n);
			if (h.verdict == SNIFF_MORE)
				continue;
			if (whole.verdict != SNIFF_BAD || h.verdict != SNIFF_BAD ||
			    strcmp(h.why, whole.why) != 0)
				fail_msg("case %zu, %zu bytes: %d", i, n, h.verdict);
		}
		memset(more, 'x', sizeof(more));
		memcpy(more, reads[i].bytes, reads[i].len);
		h = read_guarded(more, sizeof(more));
		assert_int_equal(h.verdict, whole.verdict);
		assert_int_equal(h.length, whole.length);
	}
}

/* The longest that is read, and what is written is read as it was meant. */
static void
test_longest(void **state)
{
	static char in[HAPROXY_IN_MAX];
	struct haproxy h;

	(void)state;
	memcpy(in, V2 "\x21\x11\x07\xf0" HERE4 "\4\x07\xe1", 31);
	h = read_guarded(in, sizeof(in));
	assert_int_equal(h.verdict, SNIFF_HOST);
	assert_int_equal(h.length, HAPROXY_IN_MAX);
	assert_int_equal(read_guarded(in, sizeof(in) - 1).verdict, SNIFF_MORE);
}

static void
test_written_is_read(void **state)
{
	static const char *const pairs[][2] = {{"203.0.113.9", "192.0.2.1"}, {"2001:db8::7", "2001:db8::1"},
	    {"::", "ff02::1"}, {"0.0.0.0", "0.0.0.0"}};

	(void)state;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(*pairs); i++) {
		struct addr a = addr(pairs[i][0], (uint16_t)(i * 21845)), b = addr(pairs[i][1], 443);
		char out[HAPROXY_MAX];

		for (int version = 1; version <= 2; version++) {
			size_t n = version == 1 ? haproxy_v1(&a, &b, out) : haproxy_v2(&a, &b, out);
			struct haproxy h = read_guarded(out, n);

			assert_int_equal(h.verdict, SNIFF_HOST);
			assert_int_equal(h.length, n);
			assert_true(ip_cmp(&h.from.ip, &a.ip) == 0 && h.from.port == a.port);
			assert_true(ip_cmp(&h.to.ip, &b.ip) == 0 && h.to.port == b.port);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_v1),
	    cmocka_unit_test(test_v2),
	    cmocka_unit_test(test_read),
	    cmocka_unit_test(test_cuts),
	    cmocka_unit_test(test_longest),
	    cmocka_unit_test(test_written_is_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
