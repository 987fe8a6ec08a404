/* Packets out of datagrams, and the protection of Initials: what the RFCs print, and nothing out of what was changed. */
#include "proxy/quic_keys.h"
#include "tests/unit/guard.h"
#include "tests/unit/initial.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

static struct quic_crypto *crypto;
static uint8_t room[INITIAL_ROOM], wire[INITIAL_ROOM];

static size_t
unhex(const char *hex, uint8_t *out)
{
	size_t n = strlen(hex) / 2;

	for (size_t i = 0; i < n; i++) {
		unsigned byte;

		assert_int_equal(sscanf(hex + 2 * i, "%2x", &byte), 1);
		out[i] = (uint8_t)byte;
	}
	return n;
}

static void
expect_bytes(const uint8_t *got, const char *hex)
{
	uint8_t want[INITIAL_ROOM];
	size_t n = unhex(hex, want);

	assert_memory_equal(got, want, n);
}

/* Of RFC 9001 A and RFC 9369 A: the id, the frame that the client sends in both, and what comes of it. */
static const char dcid[] = "\x83\x94\xc8\xf0\x3e\x51\x57\x08";
static const char frame[] = "060040f1010000ed0303ebf8fa56f12939b9584a3896472ec40bb863cfd3e86804fe3a47f06a2b69"
			    "484c00000413011302010000c0"
			    "00000010000e00000b6578616d706c652e636f6dff01000100000a00080006001d00170018001000"
			    "07000504616c706e0005000501"
			    "00000000003300260024001d00209370b2c9caa47fbabaf4559fedba753de171fa71f50f1ce15d43"
			    "e994ec74d748002b0003020304"
			    "000d0010000e0403050306030203080408050806002d00020101001c00024001003900320408ffff"
			    "ffffffffffff05048000ffff07"
			    "048000ffff0801100104800075300901100f088394c8f03e51570806048000ffff";

static const struct {
	uint32_t version;
	const char *key, *iv, *hp;
	const char *begins, *ends; /* of the protected packet; its end is the tag over all of it */
} vectors[] = {
    {QUIC_V1, "1f369613dd76d5467730efcbe3b1a22d", "fa044b2f42a3fd3b46fb255c",
	"9f50449e04a0e810283a1e9933adedd2",
	"c000000001088394c8f03e5157080000449e7b9aec34d1b1c98dd7689fb8ec11d242b123dc9bd8bab936b47d92ec356c",
	"e221af44860018ab0856972e194cd934"},
    {QUIC_V2, "8b1a0bc121284290a29e0971b5cd045d", "91f73e2351d8fa91660e909f",
	"45b95e15235d6f45a6b19cbcb0294ba9",
	"d76b3343cf088394c8f03e5157080000449ea0c95e82ffe67b6abcdb4298b485dd04de806071bf03dceebfa162e75d6c",
	"a18b2faa745b6fe189cf772a9f84cbfc"},
};

static void
test_rfc_packets(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct initial p = {.version = vectors[i].version, .dcid = dcid, .dcid_len = 8, .number = 2};
		struct span datagram, payload;
		struct quic_packet packet;
		struct quic_keys keys;
		const char *copy;

		assert_int_equal(quic_keys_client(crypto, p.version, span_of(dcid, 8), &keys), 0);
		expect_bytes(keys.key, vectors[i].key);
		expect_bytes(keys.iv, vectors[i].iv);
		expect_bytes(keys.hp, vectors[i].hp);
		p.n = unhex(frame, p.payload);
		assert_int_equal(initial_write(&p, crypto, 1200, wire), 1200);
		expect_bytes(wire, vectors[i].begins);
		expect_bytes(wire + 1184, vectors[i].ends);
		copy = guard_copy(wire, 1200);
		datagram = span_of(copy, 1200);
		assert_true(quic_take(&datagram, &packet));
		assert_int_equal(packet.kind, QUIC_INITIAL);
		assert_true(quic_open(crypto, &keys, &packet, room, &payload));
		assert_int_equal(payload.len, 1162);
		assert_memory_equal(payload.ptr, p.payload, p.n);
		guard_free(copy, 1200);
	}
}

/* The header of the packet, whatever its length says, is read as far as it is there. */
static void
test_every_prefix(void **state)
{
	struct initial p = {.version = QUIC_V1, .dcid = dcid, .dcid_len = 8, .payload = {1}, .n = 1};
	size_t n = initial_write(&p, crypto, 0, wire);

	(void)state;
	for (size_t i = 0; i <= n; i++) {
		const char *copy = guard_copy(wire, i);
		struct span datagram = span_of(copy, i);
		struct quic_packet packet;

		assert_int_equal(quic_take(&datagram, &packet), i == n);
		assert_int_equal(datagram.len, i == n ? 0 : i);
		guard_free(copy, i);
	}
}

/* Its length made to fit, no beginning of a packet opens. */
static void
test_every_truncation(void **state)
{
	struct initial p = {.version = QUIC_V1, .dcid = dcid, .dcid_len = 8, .payload = {1}, .n = 1};
	size_t n = initial_write(&p, crypto, 60, wire);
	struct quic_keys keys;

	(void)state;
	assert_int_equal(quic_keys_client(crypto, QUIC_V1, span_of(dcid, 8), &keys), 0);
	for (size_t len = 0; len < n - 18; len++) {
		struct span datagram, payload;
		struct quic_packet packet;
		const char *copy;

		wire[16] = 0x40, wire[17] = (uint8_t)len;
		copy = guard_copy(wire, 18 + len);
		datagram = span_of(copy, 18 + len);
		assert_true(quic_take(&datagram, &packet));
		assert_false(quic_open(crypto, &keys, &packet, room, &payload));
		guard_free(copy, 18 + len);
	}
}

static void
test_every_flip(void **state)
{
	(void)state;
	for (size_t v = 0; v < 2; v++) {
		struct initial p = {.version = vectors[v].version, .dcid = dcid, .dcid_len = 8, .number = 7};
		struct quic_keys keys;
		size_t n;

		initial_put(&p, "\1\1\1", 3);
		n = initial_write(&p, crypto, 100, wire);
		assert_int_equal(quic_keys_client(crypto, p.version, span_of(dcid, 8), &keys), 0);
		for (size_t i = 0; i <= n * 8; i++) {
			struct span datagram, payload;
			struct quic_packet packet;
			const char *copy;

			if (i < n * 8)
				wire[i / 8] ^= (uint8_t)(1 << i % 8);
			copy = guard_copy(wire, n);
			datagram = span_of(copy, n);
			if (quic_take(&datagram, &packet) && packet.kind == QUIC_INITIAL)
				assert_int_equal(
				    quic_open(crypto, &keys, &packet, room, &payload), i == n * 8);
			guard_free(copy, n);
			if (i < n * 8)
				wire[i / 8] ^= (uint8_t)(1 << i % 8);
		}
	}
}

/* Protected as it should be, and still nothing that may be sent. */
static void
test_protected_nonsense(void **state)
{
	struct quic_keys keys;

	(void)state;
	assert_int_equal(quic_keys_client(crypto, QUIC_V1, span_of(dcid, 8), &keys), 0);
	for (uint8_t bits = 0; bits < 16; bits += 4) {
		struct initial p = {
		    .version = QUIC_V1, .dcid = dcid, .dcid_len = 8, .first_bits = bits, .n = 1};
		struct span datagram = span_of(wire, initial_write(&p, crypto, 100, wire)), payload;
		struct quic_packet packet;

		assert_true(quic_take(&datagram, &packet));
		assert_int_equal(quic_open(crypto, &keys, &packet, room, &payload), bits == 0);
	}
	for (size_t n = 0; n < 2; n++) { /* a payload of nothing */
		struct initial p = {.version = QUIC_V1, .dcid = dcid, .dcid_len = 8, .n = n};
		struct span datagram = span_of(wire, initial_write(&p, crypto, 0, wire)), payload;
		struct quic_packet packet;

		assert_true(quic_take(&datagram, &packet));
		assert_int_equal(quic_open(crypto, &keys, &packet, room, &payload), n > 0);
	}
}

static void
test_headers(void **state)
{
	static const struct {
		const char *bytes;
		size_t n;
		bool taken;
		enum quic_kind kind;
		size_t dcid, scid, left;
	} cases[] = {
	    {"", 0, false, 0, 0, 0, 0},
	    {"\x40", 1, true, QUIC_SHORT, 0, 0, 0},
	    {"\x00"
	     "abc",
		4, true, QUIC_SHORT, 3, 0, 0}, /* without the fixed bit, RFC 9287 */
	    {"\xc0\0\0\0\0\1x\2yz", 10, true, QUIC_OTHER_VERSION, 1, 2, 0}, /* Version Negotiation */
	    {"\xc0\xff\0\0\1\0\0rest", 11, true, QUIC_OTHER_VERSION, 0, 0, 0},
	    {"\xc0\0\0\0\1\0\0\0\1x!", 11, true, QUIC_INITIAL, 0, 0, 1},
	    {"\xd0\0\0\0\1\0\0\1x!", 10, true, QUIC_LONG, 0, 0, 1}, /* 0-RTT: no token */
	    {"\xe0\0\0\0\1\0\0\1x!", 10, true, QUIC_LONG, 0, 0, 1}, /* Handshake */
	    {"\xf0\0\0\0\1\0\0\1x!", 10, true, QUIC_LONG, 0, 0, 0}, /* Retry: to the end */
	    {"\xd0\x6b\x33\x43\xcf\0\0\0\1x!", 11, true, QUIC_INITIAL, 0, 0, 1}, /* … and in version 2 */
	    {"\xe0\x6b\x33\x43\xcf\0\0\1x!", 10, true, QUIC_LONG, 0, 0, 1},
	    {"\xf0\x6b\x33\x43\xcf\0\0\1x!", 10, true, QUIC_LONG, 0, 0, 1},
	    {"\xc0\x6b\x33\x43\xcf\0\0\1x!", 10, true, QUIC_LONG, 0, 0, 0},
	    {"\xc0\0\0\0\1\x15"
	     "012345678901234567890\0\0\1x",
		30, false, 0, 0, 0, 0}, /* an id of 21 */
	    {"\xc0\0\0\0\1\0\0\xff\xff\xff\xff\xff\xff\xff\xff\1x", 17, false, 0, 0, 0, 0},
	    {"\xc0\0\0\0\1\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff\1x", 18, false, 0, 0, 0, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *copy = guard_copy(cases[i].bytes, cases[i].n);
		struct span datagram = span_of(copy, cases[i].n);
		struct quic_packet p;

		assert_int_equal(quic_take(&datagram, &p), cases[i].taken);
		if (cases[i].taken) {
			assert_int_equal(p.kind, cases[i].kind);
			assert_int_equal(p.dcid.len, cases[i].dcid);
			assert_int_equal(p.scid.len, cases[i].scid);
			assert_int_equal(datagram.len, cases[i].left);
			assert_int_equal(p.whole.len + datagram.len, cases[i].n);
		}
		guard_free(copy, cases[i].n);
	}
}

/* RFC 9000 A.1 prints the first four. */
static void
test_numbers(void **state)
{
	static const struct {
		const char *hex;
		uint64_t value;
	} cases[] = {
	    {"c2197c5eff14e88c", 151288809941952652},
	    {"9d7f3e7d", 494878333},
	    {"7bbd", 15293},
	    {"25", 37},
	    {"4025", 37},
	    {"ffffffffffffffff", (1ull << 62) - 1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint8_t bytes[8];
		size_t n = unhex(cases[i].hex, bytes);

		for (size_t cut = 0; cut <= n; cut++) {
			const char *copy = guard_copy(bytes, cut);
			struct span left = span_of(copy, cut);
			uint64_t got = 0;

			assert_int_equal(quic_take_number(&left, &got), cut == n);
			if (cut == n)
				assert_true(got == cases[i].value);
			guard_free(copy, cut);
		}
	}
}

static void
test_unknown_version(void **state)
{
	struct quic_keys keys;

	(void)state;
	assert_int_equal(quic_keys_client(crypto, 0, span_of(dcid, 8), &keys), -1);
	assert_int_equal(quic_keys_client(crypto, 0xff00001d, span_of(dcid, 8), &keys), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_rfc_packets),
	    cmocka_unit_test(test_every_prefix),
	    cmocka_unit_test(test_every_truncation),
	    cmocka_unit_test(test_every_flip),
	    cmocka_unit_test(test_protected_nonsense),
	    cmocka_unit_test(test_headers),
	    cmocka_unit_test(test_numbers),
	    cmocka_unit_test(test_unknown_version),
	};
	int failed;

	crypto = quic_crypto_new();
	if (!crypto)
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	quic_crypto_free(crypto);
	return failed;
}
