/* Who may open the page from elsewhere. */
#include "conf/links.h"
#include "tests/unit/guard.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define A "abcdefghijklmnopqrstuvwxyz234567"
#define B "bbcdefghijklmnopqrstuvwxyz234567"
#define C "abcdefghijklmnopqrstuvwxyz234566"

static const char file[] = "# made by lodge link\n\nalice " A "\n* " B "\nalice " C "\n";

static void
files(void **state)
{
	static const struct {
		const char *text;
		int bad;
		size_t n;
	} cases[] = {
	    {"", 0, 0},
	    {"\n\n# x\n", 0, 0},
	    {file, 0, 3},
	    {"alice " A, 1, 0}, /* the last line has no end: half of it may be missing */
	    {"# half", 1, 0},
	    {"alice " A "\nbob\n", 2, 0},
	    {"alice  " A "\n", 1, 0},
	    {"alice " A " \n", 1, 0},
	    {"Alice " A "\n", 1, 0},
	    {"** " A "\n", 1, 0},
	    {" " A "\n", 1, 0},
	    {"alice ABCDEFGHIJKLMNOPQRSTUVWXYZ234567\n", 1, 0},
	    {"alice " A "a\n", 1, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct links links;

		assert_int_equal(links_parse(guarded(cases[i].text), &links), cases[i].bad);
		assert_int_equal(links.n, cases[i].n);
		links_free(&links);
	}
}

/* Of a file that is cut somewhere, only what is whole opens anything. */
static void
every_prefix(void **state)
{
	(void)state;
	for (size_t cut = 0; cut < sizeof(file) - 1; cut++) {
		const char *copy = guard_copy(file, cut);
		struct links links;
		int bad = links_parse(span_of(copy, cut), &links);

		assert_int_equal(bad == 0, cut == 0 || file[cut - 1] == '\n');
		for (size_t i = 0; i < links.n; i++)
			assert_true(link_is_token(span_str(links.list[i].token)));
		links_free(&links);
		guard_free(copy, cut);
	}
}

static void
whose_token(void **state)
{
	struct links links;
	char wrong[LINK_TOKEN + 1];

	(void)state;
	assert_int_equal(links_parse(guarded(file), &links), 0);
	assert_string_equal(links_find(&links, guarded(A)), "alice");
	assert_string_equal(links_find(&links, guarded(B)), "*");
	assert_string_equal(links_find(&links, guarded(C)), "alice");
	/* Each of its characters counts. */
	for (size_t i = 0; i < LINK_TOKEN; i++) {
		memcpy(wrong, A, sizeof(wrong));
		wrong[i] = wrong[i] == 'q' ? 'r' : 'q';
		assert_null(links_find(&links, guarded(wrong)));
	}
	assert_null(links_find(&links, guarded("")));
	assert_null(links_find(&links, span_of(A, LINK_TOKEN - 1)));
	assert_null(links_find(&links, guarded(A "a")));
	links_free(&links);
	assert_null(links_find(&links, guarded(A)));
}

/* Each bit of chance is in the token. */
static void
tokens_are_chance(void **state)
{
	uint8_t random[LINK_RANDOM] = {0};
	char none[LINK_TOKEN + 1], some[LINK_TOKEN + 1];

	(void)state;
	link_token(random, none);
	assert_string_equal(none, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
	for (size_t bit = 0; bit < LINK_RANDOM * 8; bit++) {
		memset(random, 0, sizeof(random));
		random[bit / 8] = (uint8_t)(0x80 >> bit % 8);
		link_token(random, some);
		assert_true(link_is_token(span_str(some)));
		for (size_t i = 0; i < LINK_TOKEN; i++)
			assert_int_equal(some[i] != 'a', i == bit / 5);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(files),
	    cmocka_unit_test(every_prefix),
	    cmocka_unit_test(whose_token),
	    cmocka_unit_test(tokens_are_chance),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
