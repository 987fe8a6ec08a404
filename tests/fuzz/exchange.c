/*
 * A guest's answer to one request. Laws: how it is cut never changes which bytes go on to the client, where it ends
 * or what follows; what is kept of a head is bounded; an answer that is over passes nothing more.
 */
#include "proxy/exchange.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
check(int good)
{
	if (!good)
		abort();
}

/* As the shell does it. Returns how many bytes went on. seed 0: all at once. */
static size_t
feed(struct exchange *x, struct span all, unsigned seed)
{
	size_t passed = 0, come = 0;
	uint32_t random = seed;

	while (come < all.len && x->phase != EXCHANGE_OVER) {
		random = random * 1664525 + 1013904223;
		come += seed == 0 ? all.len : seed == 1 ? 1 : 1 + (random >> 16) % 40;
		come = come < all.len ? come : all.len;
		passed += exchange_answer(x, span_of(all.ptr + passed, come - passed));
		check(passed <= come);
		check(x->phase == EXCHANGE_HEAD ? come - passed < REPLY_HEAD_MAX
						: passed == come || x->phase == EXCHANGE_OVER);
	}
	return passed;
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct http_head head = {0};
	struct exchange whole, cut;
	struct span all;
	size_t passed;

	if (n < 2)
		return 0;
	all = span_of(bytes + 2, n - 2);
	head.keep = bytes[0] & 1;
	head.upgrade = bytes[0] & 2;
	head.is_head = bytes[0] & 4;
	exchange_begin(&whole, &head);
	passed = feed(&whole, all, 0);
	for (unsigned seed = 1; seed < 4; seed++) {
		exchange_begin(&cut, &head);
		check(feed(&cut, all, seed == 1 ? 1 : seed + bytes[1]) == passed);
		check(cut.phase == whole.phase && cut.keep == whole.keep);
	}
	if (whole.phase == EXCHANGE_OVER)
		check(exchange_answer(&whole, span_str("HTTP/1.1 200 OK\r\n\r\n")) == 0);
	return 0;
}
