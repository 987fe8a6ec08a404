/* Characters, lines and the caret below them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "tests/unit/guard.h"

#include "base/utf8.h"
#include "conf/text.h"

#define COUNT(list) (sizeof(list) / sizeof(*(list)))
#define TEN "0123456789"
#define FIFTY TEN TEN TEN TEN TEN

static void
characters(void **state)
{
	static const struct {
		const char *text;
		size_t len, n; /* n 0: no character */
		uint32_t c;
	} cases[] = {
	    {"a", 1, 1, 'a'},
	    {"\0", 1, 1, 0},
	    {"\x7f", 1, 1, 0x7f},
	    {"\xc2\x80", 2, 2, 0x80},
	    {"\xdf\xbf", 2, 2, 0x7ff},
	    {"\xe0\xa0\x80", 3, 3, 0x800},
	    {"\xef\xbf\xbf", 3, 3, 0xffff},
	    {"\xf0\x90\x80\x80", 4, 4, 0x10000},
	    {"\xf4\x8f\xbf\xbf", 4, 4, 0x10ffff},
	    {"", 0, 0, 0},
	    {"\x80", 1, 0, 0},
	    {"\xc1\xbf", 2, 0, 0}, /* longer than it need be */
	    {"\xe0\x9f\xbf", 3, 0, 0}, /* likewise */
	    {"\xf0\x8f\xbf\xbf", 4, 0, 0}, /* likewise */
	    {"\xed\xa0\x80", 3, 0, 0}, /* a surrogate */
	    {"\xf4\x90\x80\x80", 4, 0, 0}, /* beyond the last */
	    {"\xf8\x88\x80\x80\x80", 5, 0, 0},
	    {"\xff", 1, 0, 0},
	    {"\xe2\x82", 2, 0, 0}, /* cut */
	    {"\xc3(", 2, 0, 0},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const char *copy = guard_copy(cases[i].text, cases[i].len);
		uint32_t c = 0;

		if (utf8_next(span_of(copy, cases[i].len), &c) != cases[i].n || c != cases[i].c)
			fail_msg("case %zu: U+%04X", i, c);
		guard_free(copy, cases[i].len);
	}
}

static void
lines_and_places(void **state)
{
	static const char text[] = "one\ntwo\r\nthr\xc3\xa9\x65\rfour\n\nsix";
	static const char *const wanted[] = {"one", "two", "thr\xc3\xa9\x65", "four", "", "six"};
	const char *copy = guard_copy(text, sizeof(text) - 1);
	struct span whole = span_of(copy, sizeof(text) - 1);
	struct lines lines;
	uint32_t line, col;

	(void)state;
	assert_int_equal(lines_find(whole, &lines), 0);
	assert_int_equal(lines.n, COUNT(wanted));
	for (uint32_t i = 0; i < COUNT(wanted); i++)
		assert_true(span_is(lines_get(&lines, whole, i + 1), wanted[i]));
	assert_int_equal(lines_get(&lines, whole, 0).len, 0);
	assert_int_equal(lines_get(&lines, whole, 7).len, 0);
	lines_place(&lines, whole, 0, &line, &col);
	assert_true(line == 1 && col == 1);
	lines_place(&lines, whole, 14, &line, &col); /* behind two bytes of é */
	assert_true(line == 3 && col == 5);
	lines_place(&lines, whole, whole.len, &line, &col);
	assert_true(line == 6 && col == 4);
	free(lines.starts);
	guard_free(copy, sizeof(text) - 1);
}

static void
excerpts(void **state)
{
	static const struct {
		const char *line;
		uint32_t col;
		const char *wanted;
	} cases[] = {
	    {"wan: eth0", 6, "    wan: eth0\n         ^\n"},
	    {"", 1, "    \n    ^\n"},
	    {"ab", 3, "    ab\n      ^\n"},
	    {"a\tb\tc", 5, "    a\tb\tc\n     \t \t^\n"},
	    {"日本x", 3, "    日本x\n        ^\n"},
	    {"e\xcc\x81x", 3, "    e\xcc\x81x\n     ^\n"},
	    {"\x1b[31mx", 6, "    ?[31mx\n         ^\n"},
	    {"a\xffz", 3, "    a?z\n      ^\n"},
	    {"a\xe2\x80\xaez", 3, "    a?z\n      ^\n"},
	    {FIFTY FIFTY FIFTY, 1, "    " FIFTY FIFTY "…\n    ^\n"},
	    {FIFTY FIFTY FIFTY, 150,
		"    …9" FIFTY TEN "\n     "
		"                                                            ^\n"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		size_t len = strlen(cases[i].line), size;
		const char *copy = guard_copy(cases[i].line, len);
		char *got = NULL;
		FILE *out = open_memstream(&got, &size);

		text_excerpt(out, span_of(copy, len), cases[i].col);
		fclose(out);
		assert_string_equal(got, cases[i].wanted);
		free(got);
		guard_free(copy, len);
	}
}

static void
faults(void **state)
{
	static const struct {
		const char *text;
		size_t len, offset;
		const char *word; /* NULL: a good text */
	} cases[] = {
	    {"", 0, 0, NULL},
	    {"a: b\n\tc\r\n", 9, 9, NULL},
	    {"a: %\n", 5, 5, NULL},
	    {"\xef\xbb\xbf"
	     "a",
		4, 0, "byte order mark"},
	    {"\xff\xfe"
	     "a\0",
		4, 0, "UTF-16"},
	    {"\xfe\xff\0a", 4, 0, "UTF-16"},
	    {"ab\0", 3, 2, "NUL"},
	    {"ab\xff", 3, 2, "not UTF-8"},
	    {"ab\xc3", 3, 2, "not UTF-8"},
	    {"ab\x1b", 3, 2, "control"},
	    {"ab\x7f", 3, 2, "control"},
	    {"ab\xc2\x85", 4, 2, "control"},
	    {"ab\xe2\x80\xa8", 5, 2, "control"},
	    {"ab\xef\xbb\xbf", 5, 2, "control"},
	    {"a\n%YAML", 7, 2, "directives"},
	    {"a\r%YAML", 7, 2, "directives"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const char *copy = guard_copy(cases[i].text, cases[i].len), *why;

		assert_int_equal(text_fault(span_of(copy, cases[i].len), &why), cases[i].offset);
		assert_true((why == NULL) == (cases[i].word == NULL));
		if (why && !strstr(why, cases[i].word))
			fail_msg("case %zu: %s", i, why);
		guard_free(copy, cases[i].len);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(characters),
	    cmocka_unit_test(lines_and_places),
	    cmocka_unit_test(excerpts),
	    cmocka_unit_test(faults),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
