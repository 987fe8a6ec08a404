/* base/append.c: what fits is there, what does not is cut, and nothing behind the room is touched. */
#include "base/append.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void
test_append(void **state)
{
	char text[] = "\0........Z";

	(void)state;
	text_append(text, 9, "%s%d", "ab", 7);
	assert_string_equal(text, "ab7");
	text_append(text, 9, "%s", "");
	assert_string_equal(text, "ab7");
	text_append(text, 9, ", %s", "and more");
	assert_string_equal(text, "ab7, and");
	text_append(text, 9, "!");
	assert_string_equal(text, "ab7, and");
	assert_int_equal(text[9], 'Z');
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_append)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
