/*
 * Where a key lies in a table whose keys strangers choose. Not for secrets: a random seed keeps them from choosing
 * keys that meet, as long as they cannot see where anything lies.
 */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline uint64_t
hash_mix(uint64_t h)
{
	h = (h ^ h >> 32) * 0xd6e8feb86659fd93u;
	h = (h ^ h >> 32) * 0xd6e8feb86659fd93u;
	return h ^ h >> 32;
}

/* seed: a random number, or what the bytes before gave. */
static inline uint64_t
hash_bytes(uint64_t seed, const void *bytes, size_t n)
{
	const uint8_t *at = bytes;
	uint64_t h = seed ^ n;

	for (size_t i = 0; i < n; i += 8) {
		uint64_t word = 0;

		memcpy(&word, at + i, n - i < 8 ? n - i : 8);
		h = hash_mix(h ^ word);
	}
	return h;
}

#endif
