/*
 * Any bytes as a PROXY header. Laws: cuts never change what it says and no prefix of a good one has an opinion, what
 * stands behind it does not matter, and who was told is told the same by what we write.
 */
#include "base/haproxy.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
check(bool held)
{
	if (!held)
		abort();
}

static bool
same(const struct addr *a, const struct addr *b)
{
	return ip_cmp(&a->ip, &b->ip) == 0 && a->port == b->port;
}

static void
check_told(const struct haproxy *h)
{
	char out[HAPROXY_MAX];

	check(h->from.ip.family == h->to.ip.family);
	check(h->from.ip.family == 4 || h->from.ip.family == 6);
	for (int version = 1; version <= 2; version++) {
		size_t n =
		    version == 1 ? haproxy_v1(&h->from, &h->to, out) : haproxy_v2(&h->from, &h->to, out);
		struct haproxy again = haproxy_read(span_of(out, n));

		check(again.verdict == SNIFF_HOST && again.length == n);
		check(same(&again.from, &h->from) && same(&again.to, &h->to));
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct span in = span_of(bytes, n);
	struct haproxy h = haproxy_read(in);

	check((h.verdict == SNIFF_BAD) == (h.why != NULL));
	check(h.verdict != SNIFF_MORE || n < HAPROXY_IN_MAX);
	for (size_t cut = 0; cut < n && cut < HAPROXY_IN_MAX; cut++) {
		struct haproxy less = haproxy_read(span_first(in, cut));

		if (less.verdict == SNIFF_MORE)
			continue;
		check(less.verdict == h.verdict && less.length == h.length && less.why == h.why);
		check(less.verdict == SNIFF_BAD || cut >= h.length);
	}
	if (h.verdict != SNIFF_HOST && h.verdict != SNIFF_NONE)
		return 0;
	check(h.length <= n && h.length <= HAPROXY_IN_MAX);
	check(haproxy_read(span_first(in, h.length - 1)).verdict == SNIFF_MORE);
	if (h.verdict == SNIFF_HOST)
		check_told(&h);
	return 0;
}
