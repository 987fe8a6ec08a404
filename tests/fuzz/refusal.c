/* Any bytes as an error of Redis. Laws: a place that it points to can be dialled, and says the same written again. */
#include "ledger/refusal.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	static struct places places;
	struct span in = span_of(bytes, n);
	struct refusal r = refusal_parse(in);
	char text[PLACE_HOST_MAX + 64];
	int len, place;

	if (place_slot(in) >= PLACE_SLOTS)
		abort();
	if (r.kind != REFUSED_MOVED && r.kind != REFUSED_ASK)
		return 0;
	if (r.slot >= PLACE_SLOTS || r.port == 0 || r.host.len > PLACE_HOST_MAX ||
	    (r.host.len > 0 && memchr(r.host.ptr, '\0', r.host.len)))
		abort();
	len = snprintf(text, sizeof(text), "%s %u %.*s:%u", r.kind == REFUSED_MOVED ? "MOVED" : "ASK", r.slot,
	    (int)r.host.len, r.host.ptr, r.port);
	if (!span_eq(span_of(text, (size_t)len), in))
		abort();
	places_begin(&places);
	places_seed(&places, "entry", 6379);
	place = places_add(&places, 0, r.host, r.port);
	if (place == -1 || places.list[place].port != r.port)
		abort();
	places_serve(&places, r.slot, r.slot, (size_t)place);
	return 0;
}
