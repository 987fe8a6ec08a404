/*
 * HTTP/2 without TLS. Laws: how the bytes are cut never changes what is said of them; a request is named only when its
 * frame is whole; no more than H2C_MAX is waited for; whatever was read, the answer is whole frames and ends in GOAWAY.
 */
#include "proxy/h2c.h"
#include "proxy/answer.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
check(int good)
{
	if (!good)
		abort();
}

/* Cuts by a little generator; seed 0: all at once, 1: byte by byte. */
static struct sniff
read_all(struct span all, unsigned seed, struct h2c *h)
{
	struct sniff got = {.verdict = SNIFF_MORE};
	uint32_t random = seed;

	for (size_t come = seed ? 0 : all.len; got.verdict == SNIFF_MORE;) {
		if (come)
			got = h2c_sniff(span_first(all, come), h);
		check(got.verdict == SNIFF_MORE || got.verdict == SNIFF_BAD);
		check(got.verdict == SNIFF_BAD || (come < H2C_MAX && !h->stream));
		if (come == all.len)
			break;
		random = random * 1664525 + 1013904223;
		come += seed == 1 ? 1 : 1 + (random >> 16) % 40;
		come = come < all.len ? come : all.len;
	}
	return got;
}

static void
check_answer(const struct h2c *h, const struct sniff *got)
{
	static char out[ANSWER_MAX];
	size_t n = h2c_answer(h, got->answer ? got->answer : 408, got->why ? got->why : "late", out), at = 0;
	uint8_t type = 0;

	check(n <= ANSWER_MAX);
	while (at + 9 <= n) {
		check(type != 7 && out[at] == 0); /* nothing behind GOAWAY */
		type = (uint8_t)out[at + 3];
		at += 9 + ((size_t)(uint8_t)out[at + 1] << 8 | (uint8_t)out[at + 2]);
	}
	check(at == n && type == 7);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct span all = span_of(bytes, n);
	struct h2c whole = {0};
	struct sniff got = read_all(all, 0, &whole);

	for (unsigned seed = 1; seed < 4; seed++) {
		struct h2c cut = {0};
		struct sniff again = read_all(all, seed == 1 ? 1 : seed + (n ? bytes[n - 1] : 0), &cut);

		check(again.verdict == got.verdict && again.answer == got.answer && again.why == got.why);
		check(memcmp(&cut, &whole, sizeof(cut)) == 0);
	}
	check((got.answer == 421) == (whole.stream != 0));
	check_answer(&whole, &got);
	return 0;
}
