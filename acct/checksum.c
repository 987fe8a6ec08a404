/* The checksum of a part: CRC-64/XZ; see part.h. */
#include "acct/part.h"

/* Four bits at a time. */
static uint64_t
crc64(uint64_t crc, const uint8_t *p, size_t n)
{
	uint64_t table[16];

	for (unsigned i = 0; i < 16; i++) {
		table[i] = i;
		for (int bit = 0; bit < 4; bit++)
			table[i] = table[i] >> 1 ^ (table[i] & 1 ? 0xc96c5795d7870f42 : 0);
	}
	crc = ~crc;
	for (size_t i = 0; i < n; i++) {
		crc ^= p[i];
		crc = crc >> 4 ^ table[crc & 15];
		crc = crc >> 4 ^ table[crc & 15];
	}
	return ~crc;
}

uint64_t
part_checksum(const uint8_t *part, size_t len)
{
	return crc64(crc64(0, part, PART_CHECKSUM_AT), part + BOOK_HEADER, len - BOOK_HEADER);
}
