/* A copy-on-write disk: the header as the kernel reads it, and none that it would not; runs as the bits are. */
#include "base/cow.h"
#include "tests/unit/guard.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

static void
test_sizes(void **state)
{
	static const struct {
		uint64_t size, bitmap, data;
	} cases[] = {
	    {1 << 20, 256, 12288},
	    {16 << 20, 4096, 12288},
	    {17 << 20, 4352, 16384},
	    {UINT64_C(10) << 30, 2621440, 2629632},
	    {COW_SIZE_MAX, 256 << 20, (256 << 20) + 8192},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		assert_null(cow_fault(cases[i].size));
		assert_int_equal(cow_bitmap_bytes(cases[i].size), cases[i].bitmap);
		assert_int_equal(cow_data(cases[i].size), cases[i].data);
	}
	assert_non_null(cow_fault(0));
	assert_non_null(cow_fault((1 << 20) + 512));
	assert_non_null(cow_fault(COW_SIZE_MAX + (1 << 20)));
}

/* Byte for byte what a kernel wrote for a base of 1 MiB of the second 1700000000, found at /base. */
static const unsigned char numbers[] = {'O', 'O', 'O', 'M', 0, 0, 0, 3, 0x65, 0x53, 0xf1, 0x00, 0, 0, 0, 0, 0,
    0x10, 0, 0, 0, 0, 2, 0, 0, 0, 0x10, 0, 0, 0, 0, 0, '/', 'b', 'a', 's', 'e', 0};

static void
test_head(void **state)
{
	const struct cow cow = {.size_bytes = 1 << 20, .mtime_s = 1700000000};
	unsigned char head[COW_HEAD], zeros[COW_HEAD] = {0};
	char longest[COW_PATH + 8];
	struct cow read;

	(void)state;
	memset(head, 0xff, sizeof(head));
	cow_head(&cow, "/base", head);
	assert_memory_equal(head, numbers, sizeof(numbers));
	assert_memory_equal(head + sizeof(numbers), zeros, sizeof(head) - sizeof(numbers));
	assert_null(cow_read(span_of((const char *)head, sizeof(head)), &read));
	assert_int_equal(read.size_bytes, 1 << 20);
	assert_int_equal(read.mtime_s, 1700000000);

	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	cow_head(&cow, longest, head);
	assert_int_equal(head[COW_HEAD - 1], 0);
}

/* No strict prefix is a header, nor one with another number in it. */
static void
test_hostile(void **state)
{
	const struct cow cow = {.size_bytes = UINT64_C(3) << 30, .mtime_s = 7};
	unsigned char head[COW_HEAD];
	struct cow read = {0};

	(void)state;
	cow_head(&cow, "/base", head);
	for (size_t n = 0; n < sizeof(head); n += n < 64 ? 1 : 61) {
		const char *copy = guard_copy(head, n);

		assert_non_null(cow_read(span_of(copy, n), &read));
		guard_free(copy, n);
	}
	for (size_t i = 0; i < 32; i++) {
		const char *why;

		head[i] ^= 0x80;
		why = cow_read(span_of((const char *)head, sizeof(head)), &read);
		head[i] ^= 0x80;
		if (i < 8 || (i >= 12 && i < 15) || i >= 18) /* not the mtime, nor what makes another size */
			assert_non_null(why);
		assert_true(why || cow_fault(read.size_bytes) == NULL);
	}
}

static void
test_runs(void **state)
{
	enum { N = 200 };
	unsigned char bitmap[N / 8];

	(void)state;
	for (unsigned from = 0; from < 40; from++)
		for (unsigned n = 0; n < 60; n++) {
			uint64_t at = 0, marked = 0;
			bool own, before = true;

			memset(bitmap, 0, sizeof(bitmap));
			cow_mark(bitmap, from, n);
			for (uint64_t run; at < N; at += run, before = own) {
				run = cow_run(bitmap, N, at, &own);
				assert_true(run > 0 && at + run <= N);
				assert_true(at == 0 || own != before);
				assert_true(!own || (at == from && run == n));
				marked += own ? run : 0;
			}
			assert_int_equal(at, N);
			assert_int_equal(marked, n);
		}
	memset(bitmap, 0xff, sizeof(bitmap));
	bool own;
	assert_int_equal(cow_run(bitmap, N - 3, 1, &own), N - 4);
	assert_true(own);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_sizes),
	    cmocka_unit_test(test_head),
	    cmocka_unit_test(test_hostile),
	    cmocka_unit_test(test_runs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
