/* Any header out of a guest's disk, and any bitmap: runs cover it whole and are what the bits say. */
#include "base/cow.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct span in = span_of((const char *)bytes, n);
	struct cow cow = {.size_bytes = 1};

	if (cow_read(in, &cow) == NULL) {
		if (cow_fault(cow.size_bytes) || cow_read(span_first(in, COW_HEAD - 1), &cow) == NULL)
			abort();
		if (cow_data(cow.size_bytes) < COW_BITMAP + cow_bitmap_bytes(cow.size_bytes))
			abort();
	} else if (cow.size_bytes != 1) {
		abort();
	}
	for (uint64_t at = 0, run; at < 8 * n; at += run) {
		bool own;

		run = cow_run(bytes, 8 * n, at, &own);
		if (run == 0 || run > 8 * n - at)
			abort();
		for (uint64_t i = at; i < at + run; i++)
			if ((bytes[i / 8] >> i % 8 & 1) != own)
				abort();
	}
	return 0;
}
