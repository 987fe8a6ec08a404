/*
 * A kernel's copy-on-write disk (user mode Linux's own format, version 3): what a guest wrote, beside a base that many
 * guests read. A core. Numbers in the header are big-endian.
 *
 *   header  u32 magic 0x4f4f4f4d, u32 version 3, u32 the base's mtime in seconds, u64 its size, u32 bytes of a sector,
 *           u32 alignment, u32 format 0, char the base's path[4096], as the kernel finds it
 *   bitmap  at COW_BITMAP: a bit for each sector, the lowest of a byte first; set: the sector is in this file
 *   data    at cow_data: each sector at its own place behind that
 *
 * The kernel refuses a base whose size or mtime are not those of the header. The guest can write to all of the file: the
 * header is hostile, and nothing is opened by what it says.
 */
#ifndef BASE_COW_H
#define BASE_COW_H

#include "base/span.h"

#include <stdint.h>

enum {
	COW_SECTOR = 512,
	COW_ALIGN = 4096,
	COW_PATH = 4096, /* of the base, the NUL included */
	COW_HEAD = 32 + COW_PATH,
	COW_BITMAP = 2 * COW_ALIGN,
	COW_UNIT = 1 << 20, /* a base's size is a multiple of it */
};

#define COW_SIZE_MAX (UINT64_C(1) << 40) /* the kernel keeps the bitmap in its memory: 256 MiB of it then */

struct cow {
	uint64_t size_bytes; /* of the base, and of the disk that the guest sees */
	uint32_t mtime_s;
};

/* Bytes of the bitmap, and where the data begins; of a size that cow_fault finds nothing in. */
uint64_t cow_bitmap_bytes(uint64_t size_bytes);
uint64_t cow_data(uint64_t size_bytes);
/* NULL, or why a base cannot have this size. */
const char *cow_fault(uint64_t size_bytes);

void cow_head(const struct cow *, const char *path, unsigned char out[COW_HEAD]);
/* NULL, or what is wrong; *out is then untouched. */
const char *cow_read(struct span head, struct cow *out);

/* Sets the bits of n sectors from the given one on. */
void cow_mark(unsigned char *bitmap, uint64_t from, uint64_t n);
/* How many sectors from the given one on, of n in all, are alike; *own: they are in the file. from < n. */
uint64_t cow_run(const unsigned char *bitmap, uint64_t n, uint64_t from, bool *own);

#endif
