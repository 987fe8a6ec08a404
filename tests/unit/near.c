/* «Did you mean»: near words are named, far ones are not. */
#include "base/near.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>

static const char *const words[] = {"address", "address6", "mac", "domains", "ports", "memory", "disk"};

static void
test_near(void **state)
{
	static const struct {
		const char *word, *want;
	} cases[] = {
	    {"adress", "address"},
	    {"addrss6", "address6"},
	    {"domians", "domains"},
	    {"Memory", "memory"},
	    {"mca", "mac"},
	    {"port", "ports"},
	    {"disc", "disk"},
	    {"xyz", NULL},
	    {"", NULL},
	    {"completely-different", NULL},
	    {"a-word-that-is-far-longer-than-anything-a-person-types", NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *got = near_word(span_str(cases[i].word), words, sizeof(words) / sizeof(words[0]));

		if (cases[i].want)
			assert_string_equal(got, cases[i].want);
		else
			assert_null(got);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_near)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
