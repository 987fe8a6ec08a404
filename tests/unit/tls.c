/* The server name in a ClientHello: what clients send, however cut; and nothing out of what none should. */
#include "proxy/tls.h"
#include "tests/unit/guard.h"
#include "tests/unit/hello.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>
#include <cmocka.h>

static struct hello exts, message, wire;
static uint8_t room[SNIFF_BYTES];

static struct sniff
sniff_once(const void *bytes, size_t n)
{
	struct tls_scan scan = {0};

	return tls_sniff(span_of(bytes, n), &scan, room);
}

/* As sniff_once, with the input at an unreadable page; the host is compared and then gone. */
static void
expect(const struct hello *in, enum verdict verdict, const char *host, unsigned alert)
{
	const char *copy = guard_copy(in->b, in->n);
	struct sniff got = sniff_once(copy, in->n);

	assert_int_equal(got.verdict, verdict);
	if (verdict == SNIFF_HOST)
		assert_true(span_is(got.host, host));
	if (verdict == SNIFF_BAD || verdict == SNIFF_NONE) {
		assert_non_null(got.why);
		assert_int_equal(got.answer, alert);
	}
	guard_free(copy, in->n);
}

static void
usual_exts(const char *name)
{
	exts.n = 0;
	hello_ext(&exts, 0x2a2a, "", 0); /* GREASE */
	hello_ext(&exts, 43, "\x04\x03\x04\x03\x03", 5);
	if (name)
		hello_sni(&exts, name, strlen(name));
	hello_ext(&exts, 16, "\0\x03\x02h2", 5);
	hello_ext(&exts, 0xfe0d, "\0\0\1\0\1\0\0\2xx", 10); /* ECH: its inner hello is not ours to read */
	hello_ext(&exts, 0x7a7a, "\0", 1);
}

static void
usual(const char *name, size_t record)
{
	usual_exts(name);
	hello_message(&message, 0x0303, &exts);
	hello_records(&wire, &message, record);
}

static void
test_names(void **state)
{
	(void)state;
	usual("alice.example.org", 16384);
	expect(&wire, SNIFF_HOST, "alice.example.org", 0);
	hello_put(&wire, "\x14\x03\x03\0\1\1\x17\x03\x03\0\1x", 12); /* 0-RTT behind it */
	expect(&wire, SNIFF_HOST, "alice.example.org", 0);
	usual(NULL, 16384);
	expect(&wire, SNIFF_NONE, NULL, ALERT_MISSING_EXTENSION);
	hello_message(&message, 0x0301, NULL);
	hello_records(&wire, &message, 16384);
	expect(&wire, SNIFF_NONE, NULL, ALERT_MISSING_EXTENSION);
}

/* Records of every size say the same, and no prefix says anything. */
static void
test_every_cut(void **state)
{
	(void)state;
	for (size_t record = 1; record < 300; record += record < 20 ? 1 : 23) {
		struct tls_scan scan = {0};

		usual("alice.example.org", record);
		for (size_t n = 0; n < wire.n; n++) {
			const char *copy = guard_copy(wire.b, n);

			assert_int_equal(sniff_once(copy, n).verdict, SNIFF_MORE);
			assert_int_equal(tls_sniff(span_of(copy, n), &scan, room).verdict, SNIFF_MORE);
			guard_free(copy, n);
		}
		expect(&wire, SNIFF_HOST, "alice.example.org", 0);
		assert_true(
		    span_is(tls_sniff(span_of(wire.b, wire.n), &scan, room).host, "alice.example.org"));
	}
}

/* No flipped bit reads past the end; the name is the name, or it is not found. */
static void
test_every_flip(void **state)
{
	(void)state;
	usual("alice.example.org", 50);
	for (size_t i = 0; i < wire.n * 8; i++) {
		const char *copy;
		struct sniff got;

		wire.b[i / 8] ^= (uint8_t)(1 << i % 8);
		copy = guard_copy(wire.b, wire.n);
		got = sniff_once(copy, wire.n);
		if (got.verdict == SNIFF_HOST)
			assert_true(got.host.len > 0 && got.host.len < 100);
		guard_free(copy, wire.n);
		wire.b[i / 8] ^= (uint8_t)(1 << i % 8);
	}
}

static void
test_records(void **state)
{
	static const struct {
		const char *bytes;
		size_t n;
		enum verdict verdict;
		unsigned alert;
	} cases[] = {
	    {"\x80\x2e\x01\x03\x01", 5, SNIFF_BAD, ALERT_PROTOCOL_VERSION},
	    {"\x80", 1, SNIFF_BAD, ALERT_PROTOCOL_VERSION},
	    {"GET / HTTP/1.1\r\n", 16, SNIFF_BAD, ALERT_UNEXPECTED_MESSAGE},
	    {"\x17\x03\x03\0\1x", 6, SNIFF_BAD, ALERT_UNEXPECTED_MESSAGE},
	    {"\x15\x03\x03\0\2\1\0", 7, SNIFF_BAD, ALERT_UNEXPECTED_MESSAGE},
	    {"\x16\x02\0\0\1", 5, SNIFF_BAD, ALERT_PROTOCOL_VERSION},
	    {"\x16\x03\x01\0\0", 5, SNIFF_BAD, ALERT_UNEXPECTED_MESSAGE},
	    {"\x16\x03\x01\x40\x01", 5, SNIFF_BAD, ALERT_RECORD_OVERFLOW},
	    {"\x16\x03\x01\x40\0", 5, SNIFF_MORE, 0},
	    {"\x16\x03\x01\0\5\x02", 6, SNIFF_BAD, ALERT_UNEXPECTED_MESSAGE}, /* no ClientHello */
	    {"\x16\x03\x01\0\5\1\1\0\0", 9, SNIFF_BAD, ALERT_RECORD_OVERFLOW}, /* 64 KiB of hello */
	    {"\x16\x03\x01\0\5\1\0\0\0\0", 10, SNIFF_BAD, ALERT_DECODE_ERROR}, /* more than the hello in it */
	    {"\x16\x03\x01\0\4\1\0\0\0", 9, SNIFF_BAD, ALERT_DECODE_ERROR}, /* an empty hello */
	    {"\x16\x03\x01\0\1\1\x17\x03", 8, SNIFF_BAD, ALERT_UNEXPECTED_MESSAGE}, /* in the middle of it */
	    {"\x16\x03\x01\0\1\1\x16\x03\x01\0\0", 11, SNIFF_BAD, ALERT_UNEXPECTED_MESSAGE},
	    {"", 0, SNIFF_MORE, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		wire.n = 0;
		hello_put(&wire, cases[i].bytes, cases[i].n);
		expect(&wire, cases[i].verdict, NULL, cases[i].alert);
	}
}

static void
expect_ext(enum verdict verdict, unsigned alert)
{
	hello_message(&message, 0x0303, &exts);
	hello_records(&wire, &message, 1000);
	expect(&wire, verdict, "x", alert);
}

static void
test_server_name(void **state)
{
	static const struct {
		const char *bytes;
		size_t n;
		unsigned alert;
	} cases[] = {
	    {"", 0, ALERT_DECODE_ERROR}, {"\0\0", 2, ALERT_DECODE_ERROR},
	    {"\0\4\0\0\1x!", 7, ALERT_DECODE_ERROR}, /* behind the list */
	    {"\0\5\0\0\1x", 6, ALERT_DECODE_ERROR}, /* list too long */
	    {"\0\4\0\0\2x", 6, ALERT_DECODE_ERROR}, /* name too long */
	    {"\0\3\0\0\0", 5, ALERT_DECODE_ERROR}, /* empty name */
	    {"\0\4\1\0\1x", 6, ALERT_DECODE_ERROR}, /* another type */
	    {"\0\10\0\0\1x\0\0\1y", 10, ALERT_ILLEGAL_PARAMETER}, /* two names */
	    {"\0\6\0\0\3x\0y", 8, ALERT_ILLEGAL_PARAMETER}, /* NUL */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		exts.n = 0;
		hello_ext(&exts, 0, cases[i].bytes, cases[i].n);
		expect_ext(SNIFF_BAD, cases[i].alert);
	}
	exts.n = 0;
	hello_sni(&exts, "x", 1);
	expect_ext(SNIFF_HOST, 0);
	hello_sni(&exts, "x", 1);
	expect_ext(SNIFF_BAD, ALERT_ILLEGAL_PARAMETER);
	exts.n = 0;
	hello_sni(&exts, "x", 1);
	hello_ext(&exts, 0x2a2a, "", 0);
	hello_ext(&exts, 0x2a2a, "", 0);
	expect_ext(SNIFF_BAD, ALERT_ILLEGAL_PARAMETER);
}

/* Types from all over, each once; then any of them, or one in their midst, again. */
static void
test_types(void **state)
{
	enum { TYPES = 12000, STEP = 40503 }; /* odd, so no type comes back */
	static const unsigned again[] = {1, 2, 77, TYPES / 2, TYPES - 1, TYPES};

	(void)state;
	exts.n = 0;
	hello_sni(&exts, "x", 1);
	for (unsigned i = 1; i <= TYPES; i++)
		hello_ext(&exts, i * STEP & 0xffff, "", 0);
	expect_ext(SNIFF_HOST, 0);
	for (size_t i = 0; i < sizeof(again) / sizeof(again[0]); i++) {
		size_t n = exts.n;

		hello_ext(&exts, again[i] * STEP & 0xffff, "", 0);
		expect_ext(SNIFF_BAD, ALERT_ILLEGAL_PARAMETER);
		exts.n = n;
	}
}

/* A length that lies: each of the message's own, by one, either way. */
static void
test_lying_lengths(void **state)
{
	static const size_t at[] = {
	    4 + 34, 4 + 34 + 33 + 1, 4 + 34 + 33 + 2 + 4, 4 + 34 + 33 + 2 + 4 + 2 + 1};

	(void)state;
	for (size_t i = 0; i < sizeof(at) / sizeof(at[0]); i++) {
		for (int step = -1; step <= 1; step += 2) {
			usual_exts("x");
			hello_message(&message, 0x0303, &exts);
			message.b[at[i]] = (uint8_t)(message.b[at[i]] + step);
			hello_records(&wire, &message, 16384);
			expect(&wire, SNIFF_BAD, NULL, ALERT_DECODE_ERROR);
		}
	}
}

static void
test_versions(void **state)
{
	(void)state;
	usual_exts("x");
	for (unsigned version = 0x0200; version <= 0x0400; version++) {
		bool good = version >= 0x0301 && version <= 0x03ff;

		hello_message(&message, version, &exts);
		hello_records(&wire, &message, 16384);
		expect(&wire, good ? SNIFF_HOST : SNIFF_BAD, "x", ALERT_PROTOCOL_VERSION);
	}
}

/* Up to 64 KiB, byte by byte, for no more than a few milliseconds; beyond that never. */
static void
test_long_hello(void **state)
{
	static uint8_t padding[60000];
	struct tls_scan scan = {0};
	clock_t began = clock();

	(void)state;
	exts.n = 0;
	hello_ext(&exts, 21, padding, sizeof(padding));
	hello_sni(&exts, "x", 1);
	hello_message(&message, 0x0303, &exts);
	hello_records(&wire, &message, 100);
	assert_true(wire.n < SNIFF_BYTES);
	for (size_t n = 1; n < wire.n; n++)
		assert_int_equal(tls_sniff(span_of(wire.b, n), &scan, room).verdict, SNIFF_MORE);
	assert_true(span_is(tls_sniff(span_of(wire.b, wire.n), &scan, room).host, "x"));
	assert_true(clock() - began < CLOCKS_PER_SEC / 10);
	hello_records(&wire, &message, 20);
	assert_true(wire.n > SNIFF_BYTES);
	wire.n = SNIFF_BYTES;
	expect(&wire, SNIFF_BAD, NULL, ALERT_RECORD_OVERFLOW);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_names),
	    cmocka_unit_test(test_every_cut),
	    cmocka_unit_test(test_every_flip),
	    cmocka_unit_test(test_records),
	    cmocka_unit_test(test_server_name),
	    cmocka_unit_test(test_types),
	    cmocka_unit_test(test_lying_lengths),
	    cmocka_unit_test(test_versions),
	    cmocka_unit_test(test_long_hello),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
