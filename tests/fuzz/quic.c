/*
 * A client's datagrams. The input's first byte says how the rest is meant.
 *
 * Raw: datagrams as they are, each with its length in front. Payloads: each is one packet's, protected here, so
 * that what lies behind the protection is reached. Laws for both: what is not used changes nothing; no two
 * datagrams are read as more than they hold.
 * Pieces: a hello around a name, cut into pieces as the input says, in its order, some twice. Laws: the same pieces
 * in the opposite order say the same; the name is that name or none; and with all pieces there, it is the name.
 */
#include "proxy/quic_hello.h"
#include "tests/unit/hello.h"
#include "tests/unit/initial.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

enum { DATAGRAMS = 32, PAYLOAD_MAX = 1100 };

static struct quic_crypto *crypto;
static uint8_t room[SNIFF_BYTES];
static uint8_t wire[DATAGRAMS][INITIAL_ROOM];
static size_t wire_n[DATAGRAMS];

static bool
take(struct span *from, size_t n, struct span *out)
{
	if (from->len < n)
		return false;
	*out = span_first(*from, n);
	*from = span_from(*from, n);
	return true;
}

static struct initial
initial(unsigned flags, uint32_t number)
{
	return (struct initial){.version = flags & 1 ? QUIC_V2 : QUIC_V1,
	    .dcid = flags & 2 ? "anotherid" : "12345678",
	    .dcid_len = flags & 2 ? 9 : 8,
	    .number = number};
}

/* Datagrams out of the input: two bytes of length and flags, then the bytes. */
static size_t
cut_input(struct span in, bool raw)
{
	size_t n = 0;
	struct span head, bytes;

	while (n < DATAGRAMS && take(&in, 3, &head)) {
		size_t len = ((size_t)(uint8_t)head.ptr[0] << 8 | (uint8_t)head.ptr[1]) % PAYLOAD_MAX;

		if (!take(&in, len < in.len ? len : in.len, &bytes))
			break;
		if (raw) {
			memset(wire[n], 0, INITIAL_ROOM);
			memcpy(wire[n], bytes.ptr, bytes.len);
			wire_n[n++] = head.ptr[2] & 1 ? bytes.len : QUIC_DATAGRAM_MIN;
		} else {
			struct initial p = initial((uint8_t)head.ptr[2], (uint32_t)n);

			initial_put(&p, bytes.ptr, bytes.len);
			wire_n[n] =
			    initial_write(&p, crypto, head.ptr[2] & 4 ? 0 : QUIC_DATAGRAM_MIN, wire[n]);
			n++;
		}
	}
	return n;
}

static void
feed_all(size_t n)
{
	struct quic_scan s = {0};

	for (size_t i = 0; i < n; i++) {
		struct quic_scan before = s;
		enum quic_use use;
		struct sniff got = quic_sniff(&s, crypto, span_of(wire[i], wire_n[i]), room, &use);

		initial_check(s.n_pieces <= QUIC_PIECES_MAX && s.len <= SNIFF_BYTES);
		if (use != QUIC_USED)
			initial_check(got.verdict == SNIFF_MORE && s.version == before.version &&
				      s.len == before.len && s.n_pieces == before.n_pieces &&
				      s.bytes == before.bytes);
		if (got.verdict == SNIFF_HOST)
			initial_check(got.host.len > 0 && memchr(got.host.ptr, 0, got.host.len) == NULL);
		if (got.verdict != SNIFF_MORE)
			break;
	}
	quic_scan_free(&s);
}

/* How many packets the pieces filled, and whether all of the message is in them. */
static size_t
cut_message(struct span in, const struct hello *message, bool *all)
{
	static bool have[SNIFF_BYTES];
	struct initial p = initial(0, 0);
	size_t n = 0;
	struct span cut;

	memset(have, 0, message->n);
	while (n < DATAGRAMS - 1 && take(&in, 3, &cut)) {
		size_t from = ((size_t)(uint8_t)cut.ptr[0] << 8 | (uint8_t)cut.ptr[1]) % message->n;
		size_t len = (uint8_t)cut.ptr[2] * 2u;

		len = len < message->n - from ? len : message->n - from;
		if (p.n + len > PAYLOAD_MAX - 20) {
			wire_n[n] = initial_write(&p, crypto, QUIC_DATAGRAM_MIN, wire[n]);
			p = initial(0, (uint32_t)++n);
		}
		initial_crypto(&p, from, message->b + from, len);
		memset(have + from, true, len);
	}
	wire_n[n] = initial_write(&p, crypto, QUIC_DATAGRAM_MIN, wire[n]);
	*all = memchr(have, false, message->n) == NULL;
	return n + 1;
}

/* Every datagram so many times, onwards or back; what was said in the end, and whether all was used. */
static enum verdict
feed_in_order(size_t n, bool back, unsigned times, bool *all_used)
{
	struct quic_scan s = {0};
	enum verdict last = SNIFF_MORE;

	*all_used = true;
	for (size_t i = 0; i < n * times; i++) {
		size_t k = (back ? n * times - 1 - i : i) % n;
		enum quic_use use;
		struct sniff got = quic_sniff(&s, crypto, span_of(wire[k], wire_n[k]), room, &use);

		*all_used &= use == QUIC_USED;
		initial_check(use == QUIC_USED || use == QUIC_NO_ROOM);
		initial_check(last != SNIFF_HOST || use != QUIC_USED || got.verdict == SNIFF_HOST);
		initial_check(got.verdict == SNIFF_MORE || got.verdict == SNIFF_HOST);
		if (got.verdict == SNIFF_HOST)
			initial_check(span_is(got.host, "alice.example.org"));
		if (use == QUIC_USED)
			last = got.verdict;
	}
	quic_scan_free(&s);
	return last;
}

static void
try_pieces(struct span in)
{
	static struct hello exts, message;
	bool all, used[3];
	enum verdict said[3];
	size_t n;

	exts.n = 0;
	hello_ext(&exts, 0x2a2a, in.ptr, in.len < 300 ? in.len : 300);
	hello_sni(&exts, "alice.example.org", 17);
	hello_message(&message, 0x0303, &exts);
	n = cut_message(in, &message, &all);
	said[0] = feed_in_order(n, false, 1, &used[0]);
	said[1] = feed_in_order(n, true, 1, &used[1]);
	said[2] = feed_in_order(n, true, 2, &used[2]);
	for (size_t i = 0; i < 3; i++) {
		initial_check(said[i] != SNIFF_HOST || all);
		initial_check(!used[i] || (said[i] == SNIFF_HOST) == all);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct span in = span_of(bytes + 1, n - 1);

	if (!crypto)
		crypto = quic_crypto_new();
	initial_check(crypto != NULL);
	if (n == 0)
		return 0;
	if (bytes[0] % 4 == 3)
		try_pieces(in);
	else
		feed_all(cut_input(in, bytes[0] % 4 == 0));
	return 0;
}
