/*
 * Any first bytes on a TLS port. Laws: only MORE changes as bytes come; no strict prefix yields a host; fed in
 * pieces says the same as at once; the same handshake in other records says the same.
 */
#include "proxy/tls.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static uint8_t room[SNIFF_BYTES], room2[SNIFF_BYTES];

static void
check(int good)
{
	if (!good)
		abort();
}

static void
same(const struct sniff *a, const struct sniff *b)
{
	check(a->verdict == b->verdict && a->answer == b->answer && a->why == b->why);
	check(a->verdict != SNIFF_HOST || span_eq(a->host, b->host));
}

/* The hello in these whole records again, in records of so many bytes; the length, or 0. */
static size_t
recut(const uint8_t *in, const struct tls_scan *scan, size_t piece, uint8_t *out, size_t max)
{
	static uint8_t message[SNIFF_BYTES];
	size_t n = 0, at = 0, wrote = 0;

	while (at < scan->next) {
		size_t len = (size_t)in[at + 3] << 8 | in[at + 4];

		memcpy(message + n, in + at + 5, len);
		n += len;
		at += 5 + len;
	}
	for (size_t i = 0; i < n; i += piece) {
		size_t len = n - i < piece ? n - i : piece;

		if (wrote + 5 + len > max)
			return 0;
		memcpy(out + wrote, (uint8_t[]){22, 3, 1, (uint8_t)(len >> 8), (uint8_t)len}, 5);
		memcpy(out + wrote + 5, message + i, len);
		wrote += 5 + len;
	}
	return wrote;
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	static uint8_t again[SNIFF_BYTES - 5];
	struct tls_scan scan = {0}, slow = {0};
	struct span in = span_of(bytes, n);
	struct sniff whole = tls_sniff(in, &scan, room), last = {0}, other;
	size_t piece = n ? bytes[n - 1] % 61 + 1 : 1, m;

	if (whole.verdict == SNIFF_HOST)
		check(whole.host.len > 0 && memchr(whole.host.ptr, 0, whole.host.len) == NULL);
	for (size_t i = 0; i <= n && last.verdict == SNIFF_MORE; i++) {
		last = tls_sniff(span_first(in, i), &slow, room2);
		check(last.verdict != SNIFF_HOST || i >= scan.next);
	}
	same(&whole, &last);
	if (whole.verdict != SNIFF_HOST && whole.verdict != SNIFF_NONE)
		return 0;
	m = recut(bytes, &scan, piece, again, sizeof(again));
	slow = (struct tls_scan){0};
	other = tls_sniff(span_of(again, m), &slow, room2);
	if (m)
		same(&whole, &other);
	return 0;
}
