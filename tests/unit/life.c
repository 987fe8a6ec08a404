/* A tap's life as text: what prints parses to the same, and nothing else parses. */
#include "acct/book.h"
#include "tests/unit/guard.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static int
parse(const char *text, size_t n, struct life *out)
{
	const char *copy = guard_copy(text, n);
	int status = life_parse(span_of(copy, n), out);

	guard_free(copy, n);
	return status;
}

static void
there_and_back(void **state)
{
	static const struct life cases[] = {
	    {.boot = "01425eae-ff77-4468-a608-c14f5344743d/4026531840",
		.tap = "tap2",
		.ifindex = 4,
		.done = {{1, 2}, {3, 4}, 5}},
	    {.boot = "", .tap = ""},
	    {.boot = "b",
		.tap = "abcdefghijklmno",
		.ifindex = UINT32_MAX,
		.done = {{UINT64_MAX, UINT64_MAX}, {UINT64_MAX, UINT64_MAX}, UINT64_MAX}},
	};
	char text[LIFE_TEXT], again[LIFE_TEXT];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct life life;
		size_t n = strlen(life_print(&cases[i], text));

		assert_int_equal(parse(text, n, &life), 0);
		assert_memory_equal(&life, &cases[i], sizeof(life));
		/* A number cut short is another number; cut anywhere else it is nothing. */
		for (size_t cut = 0; cut < n; cut++)
			if (parse(text, cut, &life) == 0)
				assert_int_equal(strncmp(life_print(&life, again), text, cut), 0);
	}
}

static void
nonsense(void **state)
{
	static const char *const wrong[] = {"", " ", "boot tap 1 2 3 4 5", "boot tap 1 2 3 4 5 6 7",
	    "boot tap 1 2 3 4 5 6 ", "boot tap 4294967296 2 3 4 5 6", "boot tap -1 2 3 4 5 6",
	    "boot sixteen-letters. 1 2 3 4 5 6", "boot  tap 1 2 3 4 5 6"};
	struct life life = {.ifindex = 99};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		assert_int_equal(parse(wrong[i], strlen(wrong[i]), &life), -1);
	assert_int_equal(life.ifindex, 99);
}

static void
past(void **state)
{
	static const struct life none = {0}, one = {.boot = "b", .ifindex = 4, .done = {{1, 2}, {3, 4}, 5}},
				 far = {.boot = "b", .ifindex = 4, .done = {{1, 2}, {3, 9}, 5}},
				 other = {.boot = "b", .ifindex = 5, .done = {{9, 9}, {9, 9}, 9}},
				 before = {.boot = "a", .ifindex = 4, .done = {{9, 9}, {9, 9}, 9}};

	(void)state;
	assert_true(life_is_past(&one, &none));
	assert_true(life_is_past(&far, &one));
	assert_false(life_is_past(&none, &none));
	assert_false(life_is_past(&none, &one));
	assert_false(life_is_past(&one, &one));
	assert_false(life_is_past(&one, &far));
	assert_false(life_is_past(&other, &one));
	assert_false(life_is_past(&before, &one));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(there_and_back),
	    cmocka_unit_test(nonsense),
	    cmocka_unit_test(past),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
