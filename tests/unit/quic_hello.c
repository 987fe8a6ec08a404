/* The name in a client's Initials, however the hello was cut, ordered and repeated; and nothing out of less than all. */
#include "proxy/quic_hello.h"
#include "tests/unit/guard.h"
#include "tests/unit/hello.h"
#include "tests/unit/initial.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

enum { DATAGRAMS = 64, NAME_AT_END = 400, PAYLOAD = 1162 };

static struct quic_crypto *crypto;
static struct hello exts, message;
static uint8_t room[SNIFF_BYTES];

static struct {
	uint8_t b[INITIAL_ROOM];
	size_t n;
} sent[DATAGRAMS];

static const char host[] = "alice.example.org";

static struct initial
initial(uint32_t version)
{
	static uint32_t number;

	return (struct initial){
	    .version = version, .dcid = "\1\2\3\4\5\6\7\x8", .dcid_len = 8, .number = number++ % 200};
}

static void
make_message(size_t padding)
{
	static uint8_t zeros[SNIFF_BYTES];

	exts.n = 0;
	hello_ext(&exts, 21, zeros, padding);
	hello_sni(&exts, host, strlen(host));
	hello_message(&message, 0x0303, &exts);
}

static void
seal(size_t i, const struct initial *p)
{
	sent[i].n = initial_write(p, crypto, QUIC_DATAGRAM_MIN, sent[i].b);
}

/* The message in so many datagrams, each with pieces of so many bytes, every other piece first. */
static size_t
send_cut(uint32_t version, size_t per_datagram, size_t piece)
{
	size_t n = 0;

	for (size_t at = 0; at < message.n; at += per_datagram, n++) {
		size_t end = at + per_datagram < message.n ? at + per_datagram : message.n;
		struct initial p = initial(version);

		for (size_t odd = 0; odd < 2; odd++) {
			for (size_t i = at + odd * piece; i < end; i += 2 * piece)
				initial_crypto(&p, i, message.b + i, end - i < piece ? end - i : piece);
			initial_put(&p, "\1\0\1", 3);
		}
		seal(n, &p);
	}
	return n;
}

static struct sniff
feed(struct quic_scan *s, size_t i, enum quic_use *use)
{
	const char *copy = guard_copy(sent[i].b, sent[i].n);
	struct sniff got = quic_sniff(s, crypto, span_of(copy, sent[i].n), room, use);

	guard_free(copy, sent[i].n);
	return got;
}

/* These datagrams in this order: MORE until the last one that is new, then the host. */
static void
expect_order(const size_t *order, size_t n, size_t different)
{
	struct quic_scan s = {0};
	unsigned seen = 0;

	for (size_t i = 0; i < n; i++) {
		enum quic_use use;
		struct sniff got = feed(&s, order[i], &use);

		seen |= 1u << order[i];
		assert_int_equal(use, QUIC_USED);
		assert_int_equal(got.verdict, seen == (1u << different) - 1 ? SNIFF_HOST : SNIFF_MORE);
		if (got.verdict == SNIFF_HOST)
			assert_true(span_is(got.host, host));
	}
	quic_scan_free(&s);
}

static void
permute(size_t *order, size_t fixed, size_t n)
{
	if (fixed == n)
		expect_order(order, n, n);
	for (size_t i = fixed; i < n; i++) {
		size_t was = order[fixed];

		order[fixed] = order[i], order[i] = was;
		permute(order, fixed + 1, n);
		was = order[fixed], order[fixed] = order[i], order[i] = was;
	}
}

static void
test_orders(void **state)
{
	static const size_t repeated[] = {0, 0, 2, 1, 0, 2, 3, 3, 1};

	(void)state;
	for (size_t piece = 1000; piece > 5; piece /= 3) {
		size_t order[] = {0, 1, 2, 3};

		make_message(NAME_AT_END);
		assert_int_equal(send_cut(piece % 2 ? QUIC_V1 : QUIC_V2, message.n / 4 + 1, piece), 4);
		permute(order, 0, 4);
		expect_order(repeated, 9, 4);
	}
}

/* Every place to cut it in two, the end first; a byte of overlap; and one datagram for both packets. */
static void
test_every_cut(void **state)
{
	(void)state;
	make_message(10);
	for (size_t cut = 2; cut < message.n; cut++) {
		struct initial a = initial(QUIC_V1), b = initial(QUIC_V1);
		struct quic_scan s = {0};
		enum quic_use use;
		size_t n;

		initial_crypto(&a, cut - 1, message.b + cut - 1, message.n - cut + 1);
		initial_crypto(&b, 0, message.b, cut);
		seal(0, &a);
		seal(1, &b);
		assert_int_equal(feed(&s, 0, &use).verdict, SNIFF_MORE);
		assert_true(span_is(feed(&s, 1, &use).host, host));
		quic_scan_free(&s);
		n = initial_write(&a, crypto, 0, sent[2].b);
		sent[2].n = n + initial_write(&b, crypto, QUIC_DATAGRAM_MIN - n, sent[2].b + n);
		assert_true(span_is(feed(&s, 2, &use).host, host));
		quic_scan_free(&s);
	}
}

/* No part of the hello says a name, whatever is behind the gap. */
static void
test_every_gap(void **state)
{
	(void)state;
	make_message(10);
	for (size_t gap = 0; gap < message.n; gap++) {
		struct initial p = initial(QUIC_V1);
		struct quic_scan s = {0};
		enum quic_use use;

		initial_crypto(&p, 0, message.b, gap);
		initial_crypto(&p, gap + 1, message.b + gap + 1, message.n - gap - 1);
		seal(0, &p);
		assert_int_equal(feed(&s, 0, &use).verdict, SNIFF_MORE);
		assert_int_equal(use, QUIC_USED);
		quic_scan_free(&s);
	}
}

/* 64 KiB of hello, not one byte more, over datagrams in the wrong order. */
static void
test_long_hello(void **state)
{
	size_t order[DATAGRAMS];
	struct quic_scan s = {0};
	enum quic_use use;
	struct initial p = initial(QUIC_V1);

	(void)state;
	make_message(60000);
	assert_int_equal(send_cut(QUIC_V1, 1100, 1100), 55);
	for (size_t i = 0; i < 55; i++)
		order[i] = 54 - i;
	for (size_t i = 0; i < 55; i++) {
		struct sniff got = feed(&s, order[i], &use);

		assert_int_equal(use, QUIC_USED);
		assert_int_equal(got.verdict, i == 54 ? SNIFF_HOST : SNIFF_MORE);
	}
	initial_crypto(&p, SNIFF_BYTES, "x", 1);
	seal(0, &p);
	assert_int_equal(feed(&s, 0, &use).verdict, SNIFF_MORE);
	assert_int_equal(use, QUIC_MALFORMED);
	quic_scan_free(&s);
}

/* Payloads: what may be in them and what not. None of those that are refused changes anything. */
static void
test_frames(void **state)
{
	static const struct {
		const char *bytes;
		size_t n;
		enum quic_use use;
	} cases[] = {
	    {"\0\1\1\0", 4, QUIC_USED}, {"\2\0\0\0\0", 5, QUIC_USED},
	    {"\3\x40\1\0\2\0\0\0\0\0\1\2\3", 13, QUIC_USED}, {"\x1c\1\6\3abc", 7, QUIC_USED},
	    {"\6\0\0", 3, QUIC_USED}, /* CRYPTO of nothing */
	    {"\2\0\0\xc0", 4, QUIC_MALFORMED}, /* ACK, cut short by the end of the packet */
	    {"\2\0\0\xff\xff\xff\xff\xff\xff\xff\xff\0", 12, QUIC_MALFORMED},
	    {"\6\0\x7f\xff", 4, QUIC_MALFORMED},
	    {"\6\xff\xff\xff\xff\xff\xff\xff\xff\1x", 11, QUIC_MALFORMED}, {"\x1d\1\1x", 4, QUIC_MALFORMED},
	    {"\x08\0\1x", 4, QUIC_MALFORMED}, /* STREAM */
	    {"\x40\1", 2, QUIC_MALFORMED}, /* PING, not the short way */
	    {"\x1e", 1, QUIC_MALFORMED}, /* HANDSHAKE_DONE */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct quic_scan s = {0};
		struct initial p = initial(QUIC_V1);
		enum quic_use use;

		initial_put(&p, "\6\0\1\1", 4); /* the first byte of a hello, which must not stay */
		while (p.n < PAYLOAD - cases[i].n)
			initial_put(&p, "", 1);
		initial_put(&p, cases[i].bytes, cases[i].n); /* to the end of the packet */
		seal(0, &p);
		assert_int_equal(feed(&s, 0, &use).verdict, SNIFF_MORE);
		assert_int_equal(use, cases[i].use);
		assert_int_equal(s.len, use == QUIC_USED);
		assert_int_equal(s.version, use == QUIC_USED ? QUIC_V1 : 0);
		quic_scan_free(&s);
	}
}

/* Bytes at odds with those that came are refused, and the packet that has them with all it has. */
static void
test_overlap(void **state)
{
	struct quic_scan s = {0};
	struct initial p[4] = {initial(QUIC_V1), initial(QUIC_V1), initial(QUIC_V1), initial(QUIC_V1)};
	enum quic_use use;

	(void)state;
	make_message(10);
	initial_crypto(&p[0], 10, message.b + 10, 20);
	initial_crypto(&p[1], 0, message.b, 10);
	initial_crypto(&p[1], 25, "XXXXXXXXXX", 10);
	initial_crypto(&p[2], 0, message.b, 40);
	initial_crypto(&p[2], 5, "YYY", 3); /* at odds with itself */
	initial_crypto(&p[3], 0, message.b, message.n);
	for (size_t i = 0; i < 4; i++)
		seal(i, &p[i]);
	assert_int_equal(feed(&s, 0, &use).verdict, SNIFF_MORE);
	for (size_t i = 1; i < 3; i++) {
		assert_int_equal(feed(&s, i, &use).verdict, SNIFF_MORE);
		assert_int_equal(use, QUIC_MALFORMED);
		assert_int_equal(s.len, 20);
	}
	assert_true(span_is(feed(&s, 3, &use).host, host));
	quic_scan_free(&s);
}

/* More gaps than are kept: as though lost, and found again when there is room. */
static void
test_pieces(void **state)
{
	struct quic_scan s = {0};
	enum quic_use use;
	size_t at = 1;

	(void)state;
	make_message(NAME_AT_END);
	for (size_t d = 0; d < 4; d++) {
		struct initial p = initial(QUIC_V1);

		for (size_t i = 0; i < QUIC_PIECES_MAX / 4; i++, at += 2)
			initial_crypto(&p, at, message.b + at, 1);
		seal(0, &p);
		assert_int_equal(feed(&s, 0, &use).verdict, SNIFF_MORE);
		assert_int_equal(use, QUIC_USED);
	}
	for (size_t d = 0; d < 2; d++) {
		struct initial p = initial(QUIC_V1);

		initial_crypto(&p, d ? 0 : at, message.b + (d ? 0 : at), d ? message.n : 1);
		seal(d, &p);
	}
	assert_int_equal(feed(&s, 0, &use).verdict, SNIFF_MORE);
	assert_int_equal(use, QUIC_NO_ROOM);
	assert_int_equal(feed(&s, 1, &use).verdict, SNIFF_MORE);
	quic_scan_free(&s);
}

/* Datagrams that are none of a client's first, and those of another connection. */
static void
test_datagrams(void **state)
{
	struct initial p = initial(QUIC_V1);
	struct quic_scan s = {0};
	enum quic_use use;
	size_t n;

	(void)state;
	make_message(10);
	initial_crypto(&p, 0, message.b, message.n);
	sent[0].n = initial_write(&p, crypto, QUIC_DATAGRAM_MIN - 1, sent[0].b);
	feed(&s, 0, &use);
	assert_int_equal(use, QUIC_TOO_SHORT);
	p.dcid_len = QUIC_CLIENT_CID_MIN - 1;
	seal(0, &p);
	feed(&s, 0, &use);
	assert_int_equal(use, QUIC_MALFORMED);
	p.dcid_len = QUIC_CLIENT_CID_MIN;
	seal(0, &p);
	sent[0].b[4] = 9;
	feed(&s, 0, &use);
	assert_int_equal(use, QUIC_UNKNOWN_VERSION);
	seal(0, &p);
	sent[0].b[0] &= 0x7f;
	feed(&s, 0, &use);
	assert_int_equal(use, QUIC_MALFORMED);
	sent[0].n = 0;
	feed(&s, 0, &use);
	assert_int_equal(use, QUIC_MALFORMED);
	assert_int_equal(s.version, 0);
	p.n = 0;
	initial_crypto(&p, 0, message.b, 5);
	seal(0, &p);
	feed(&s, 0, &use);
	assert_int_equal(use, QUIC_USED);
	p.dcid = "otherone";
	seal(0, &p);
	feed(&s, 0, &use);
	assert_int_equal(use, QUIC_MALFORMED);
	memcpy(sent[1].b, "\xd0\0\0\0\1\x08\1\2\3\4\5\6\7\x8\0\1x", 17); /* 0-RTT */
	sent[1].n = 17;
	feed(&s, 1, &use);
	assert_int_equal(use, QUIC_NOT_READ);
	/* Behind an Initial, what cannot be read does not matter. */
	p = initial(QUIC_V1);
	initial_crypto(&p, 0, message.b, message.n);
	n = initial_write(&p, crypto, QUIC_DATAGRAM_MIN, sent[0].b);
	memcpy(sent[0].b + n, "\xd0\0\0\0\1\x08\1\2\3\4\5\6\7\x8\0\1x\xc0!", 19);
	sent[0].n = n + 19;
	assert_true(span_is(feed(&s, 0, &use).host, host));
	quic_scan_free(&s);
}

static void
test_no_hello(void **state)
{
	static const struct {
		const char *bytes;
		size_t n;
		enum verdict verdict;
	} cases[] = {
	    {"\2", 1, SNIFF_BAD},
	    {"\1", 1, SNIFF_MORE},
	    {"\1\0\xff\xfc", 4, SNIFF_MORE},
	    {"\1\0\xff\xfd", 4, SNIFF_BAD},
	    {"\1\0\0\0", 4, SNIFF_BAD},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct quic_scan s = {0};
		struct initial p = initial(QUIC_V1);
		enum quic_use use;
		struct sniff got;

		initial_crypto(&p, 0, cases[i].bytes, cases[i].n);
		seal(0, &p);
		got = feed(&s, 0, &use);
		assert_int_equal(got.verdict, cases[i].verdict);
		assert_int_equal(got.why != NULL, got.verdict == SNIFF_BAD);
		quic_scan_free(&s);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_orders),
	    cmocka_unit_test(test_every_cut),
	    cmocka_unit_test(test_every_gap),
	    cmocka_unit_test(test_long_hello),
	    cmocka_unit_test(test_frames),
	    cmocka_unit_test(test_overlap),
	    cmocka_unit_test(test_pieces),
	    cmocka_unit_test(test_datagrams),
	    cmocka_unit_test(test_no_hello),
	};
	int failed;

	crypto = quic_crypto_new();
	if (!crypto)
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	quic_crypto_free(crypto);
	return failed;
}
