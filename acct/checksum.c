/* The checksum of a part: CRC-64/XZ; see part.h. */
#include "acct/part.h"

#include <endian.h>

enum { STEP = 8 }; /* bytes at a time */

/* at[k][b]: what the byte b becomes with k bytes of 0 behind it. */
struct table {
	uint64_t at[STEP][256];
};

static void
table_make(struct table *t)
{
	for (unsigned b = 0; b < 256; b++) {
		t->at[0][b] = b;
		for (int bit = 0; bit < 8; bit++)
			t->at[0][b] = t->at[0][b] >> 1 ^ (t->at[0][b] & 1 ? 0xc96c5795d7870f42 : 0);
	}
	for (int k = 1; k < STEP; k++)
		for (unsigned b = 0; b < 256; b++)
			t->at[k][b] = t->at[k - 1][b] >> 8 ^ t->at[0][t->at[k - 1][b] & 255];
}

static uint64_t
crc64(const struct table *t, uint64_t crc, const uint8_t *p, size_t n)
{
	crc = ~crc;
	for (; n >= STEP; p += STEP, n -= STEP) {
		uint64_t eight, next = 0;

		memcpy(&eight, p, STEP);
		crc ^= le64toh(eight);
		for (int k = 0; k < STEP; k++)
			next ^= t->at[STEP - 1 - k][crc >> (8 * k) & 255];
		crc = next;
	}
	for (; n > 0; p++, n--)
		crc = crc >> 8 ^ t->at[0][(crc ^ *p) & 255];
	return ~crc;
}

uint64_t
part_checksum(const uint8_t *part, size_t len)
{
	struct table t;

	table_make(&t);
	return crc64(&t, crc64(&t, 0, part, PART_CHECKSUM_AT), part + BOOK_HEADER, len - BOOK_HEADER);
}
