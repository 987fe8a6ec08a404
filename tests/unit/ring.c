/* The last bytes of a stream: whatever is added, what is read at a place is what was written there. */
#include "launch/ring.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static struct ring ring;

static char
byte_at(uint64_t place)
{
	return (char)('a' + place % 23);
}

static void
add(size_t n)
{
	char *bytes = malloc(n + 1);

	for (size_t i = 0; i < n; i++)
		bytes[i] = byte_at(ring.total + i);
	ring_add(&ring, bytes, n);
	free(bytes);
}

static void
check(uint64_t place)
{
	static char out[RING_BYTES];
	uint64_t from = place < ring_oldest(&ring) ? ring_oldest(&ring) : place;
	struct span all = ring_copy(&ring, place, out);

	assert_true(from >= ring.total ? all.len == 0 : all.len == ring.total - from);
	for (size_t i = 0; i < all.len; i++)
		if (all.ptr[i] != byte_at(from + i))
			fail_msg("place %zu of %zu", (size_t)(from + i), (size_t)ring.total);
}

static void
test_any_sizes(void **state)
{
	static const size_t sizes[] = {
	    0, 1, 4096, RING_BYTES - 1, 5, RING_BYTES, 1, 3 * RING_BYTES + 7, 60000, 10000};

	(void)state;
	ring = (struct ring){0};
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		add(sizes[i]);
		assert_true(ring_oldest(&ring) == (ring.total > RING_BYTES ? ring.total - RING_BYTES : 0));
		check(0);
		check(ring_oldest(&ring));
		check(ring.total - (ring.total > 0));
		check(ring.total);
		check(ring.total + 1);
		check(UINT64_MAX);
	}
}

static void
test_lines(void **state)
{
	static const struct {
		const char *text;
		size_t lines;
		const char *rest;
	} cases[] = {
	    {"one\ntwo\nthree\n", 1, "three\n"},
	    {"one\ntwo\nthree\n", 2, "two\nthree\n"},
	    {"one\ntwo\nthree\n", 9, "one\ntwo\nthree\n"},
	    {"one\ntwo\nlogin: ", 1, "login: "},
	    {"one\ntwo\nlogin: ", 2, "two\nlogin: "},
	    {"one\n\n\n", 2, "\n\n"},
	    {"one", 0, ""},
	    {"", 5, ""},
	    {"\n", 1, "\n"},
	};
	static char out[RING_BYTES];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		ring = (struct ring){0};
		ring_add(&ring, cases[i].text, strlen(cases[i].text));
		if (!span_is(ring_copy(&ring, ring_lines(&ring, cases[i].lines), out), cases[i].rest))
			fail_msg("case %zu", i);
	}
	/* Without any line's end it goes back to the oldest byte. */
	add(2 * RING_BYTES);
	assert_true(ring_lines(&ring, 3) == ring_oldest(&ring));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_any_sizes),
	    cmocka_unit_test(test_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
