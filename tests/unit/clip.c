/* A caret stays below what it points at, however narrow the terminal is. */
#include "cli/clip.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static void
clips(void **state)
{
	static const struct {
		size_t width;
		const char *text, *want;
	} cases[] = {
	    {20, "f:1:5: error: a long message stays\n    key: a long value\n    ^\n",
		"f:1:5: error: a long message stays\n    key: a long val…\n    ^\n"},
	    {21, "    key: a long value\n    ^\n", "    key: a long value\n    ^\n"},
	    {12, "    名字: 中文\n          ^\n", "    名字: …\n          ^\n"},
	    {14, "    名字: 中文\n          ^\n", "    名字: 中文\n          ^\n"},
	    {13, "    名字: 中文\n          ^\n", "    名字: 中…\n          ^\n"},
	    {8, "    key: value\n         ^\n", "    key: value\n         ^\n"}, /* the caret is beyond */
	    {8, "a line that is long\nand no caret ^\n", "a line that is long\nand no caret ^\n"},
	    {12, "    \tkey: a\n    \t^\n", "    \tkey…\n    \t^\n"},
	    {8, "", ""},
	    {8, "\n", "\n"},
	    {0, "    key: value\n    ^\n", "    key: value\n    ^\n"},
	    {6, "    key: value\n    ^", "    k…\n    ^"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *got = clip_excerpts(cases[i].text, cases[i].width);

		assert_string_equal(got, cases[i].want);
		free(got);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(clips)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
