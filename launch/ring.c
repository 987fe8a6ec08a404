/* The last bytes of a stream; see ring.h. */
#include "launch/ring.h"

void
ring_add(struct ring *r, const char *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		r->bytes[r->total++ % RING_BYTES] = bytes[i];
}

uint64_t
ring_oldest(const struct ring *r)
{
	return r->total > RING_BYTES ? r->total - RING_BYTES : 0;
}

struct span
ring_from(const struct ring *r, uint64_t place)
{
	size_t at, left;

	if (place < ring_oldest(r))
		place = ring_oldest(r);
	if (place >= r->total)
		return span_of("", 0);
	at = place % RING_BYTES;
	left = (size_t)(r->total - place);
	return span_of(r->bytes + at, left < RING_BYTES - at ? left : RING_BYTES - at);
}

struct span
ring_copy(const struct ring *r, uint64_t place, char *out)
{
	size_t n = 0;

	if (place < ring_oldest(r))
		place = ring_oldest(r);
	for (struct span part = ring_from(r, place); part.len; part = ring_from(r, place + n)) {
		memcpy(out + n, part.ptr, part.len);
		n += part.len;
	}
	return span_of(out, n);
}

uint64_t
ring_lines(const struct ring *r, size_t lines)
{
	uint64_t at = r->total, oldest = ring_oldest(r);
	size_t seen = 0;

	if (lines == 0)
		return at;
	if (at > oldest && r->bytes[(at - 1) % RING_BYTES] == '\n')
		at--;
	while (at > oldest) {
		if (r->bytes[(at - 1) % RING_BYTES] == '\n' && ++seen == lines)
			break;
		at--;
	}
	return at;
}
