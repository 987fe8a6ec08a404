/* A kernel's copy-on-write disk; see cow.h. */
#include "base/cow.h"

#include <endian.h>

enum { VERSION = 3, HEAD_NUMBERS = 32, BITS = 8 };

static const uint32_t magic = 0x4f4f4f4d;

static uint64_t
round_up(uint64_t n, uint64_t unit)
{
	return (n + unit - 1) / unit * unit;
}

uint64_t
cow_bitmap_bytes(uint64_t size_bytes)
{
	return size_bytes / COW_SECTOR / BITS;
}

uint64_t
cow_data(uint64_t size_bytes)
{
	return round_up(COW_BITMAP + cow_bitmap_bytes(size_bytes), COW_ALIGN);
}

const char *
cow_fault(uint64_t size_bytes)
{
	if (size_bytes == 0 || size_bytes % COW_UNIT != 0)
		return "is no whole number of MiB";
	return size_bytes > COW_SIZE_MAX ? "is more than 1T" : NULL;
}

static void
put(unsigned char **at, uint32_t value)
{
	uint32_t big = htobe32(value);

	memcpy(*at, &big, sizeof(big));
	*at += sizeof(big);
}

void
cow_head(const struct cow *cow, const char *path, unsigned char out[COW_HEAD])
{
	unsigned char *at = out;
	size_t n = strlen(path);

	memset(out, 0, COW_HEAD);
	put(&at, magic);
	put(&at, VERSION);
	put(&at, cow->mtime_s);
	put(&at, (uint32_t)(cow->size_bytes >> 32));
	put(&at, (uint32_t)cow->size_bytes);
	put(&at, COW_SECTOR);
	put(&at, COW_ALIGN);
	put(&at, 0);
	memcpy(at, path, n < COW_PATH ? n : COW_PATH - 1);
}

const char *
cow_read(struct span head, struct cow *out)
{
	uint32_t n[HEAD_NUMBERS / sizeof(uint32_t)];
	struct cow cow;

	if (head.len < COW_HEAD)
		return "its header is cut short";
	memcpy(n, head.ptr, sizeof(n));
	for (size_t i = 0; i < sizeof(n) / sizeof(*n); i++)
		n[i] = be32toh(n[i]);
	if (n[0] != magic || n[1] != VERSION)
		return "it is no copy-on-write disk of version 3";
	if (n[5] != COW_SECTOR || n[6] != COW_ALIGN || n[7] != 0)
		return "it is laid out another way";
	cow = (struct cow){.size_bytes = (uint64_t)n[3] << 32 | n[4], .mtime_s = n[2]};
	if (cow_fault(cow.size_bytes))
		return "no base has the size that it tells";
	*out = cow;
	return NULL;
}

void
cow_mark(unsigned char *bitmap, uint64_t from, uint64_t n)
{
	for (uint64_t i = from; i < from + n; i++)
		bitmap[i / BITS] |= (unsigned char)(1u << i % BITS);
}

static bool
is_set(const unsigned char *bitmap, uint64_t i)
{
	return bitmap[i / BITS] >> i % BITS & 1;
}

uint64_t
cow_run(const unsigned char *bitmap, uint64_t n, uint64_t from, bool *own)
{
	uint64_t i = from;
	unsigned char same;

	*own = is_set(bitmap, from);
	same = *own ? 0xff : 0;
	while (i < n) {
		if (i % BITS == 0 && n - i >= BITS && bitmap[i / BITS] == same)
			i += BITS;
		else if (is_set(bitmap, i) == *own)
			i++;
		else
			break;
	}
	return i - from;
}
