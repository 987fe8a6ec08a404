/* Aligned columns and the figures in them. */
#include "base/table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static void
test_columns(void **state)
{
	static const char *const cells[] = {
	    "GUEST", "BYTES", "NAMES", "alice", "12 B", "a.example", "bé", "3 MB", ""};
	struct table table = {.columns = 3, .right = 1u << 1};
	char *text = NULL;
	size_t size = 0;
	FILE *to = open_memstream(&text, &size);

	(void)state;
	for (size_t i = 0; i < sizeof(cells) / sizeof(cells[0]); i++)
		assert_int_equal(table_add(&table, cells[i]), 0);
	table_print(&table, to);
	fclose(to);
	assert_string_equal(text, "GUEST  BYTES  NAMES\nalice   12 B  a.example\nbé      3 MB\n");
	free(text);
	table_free(&table);
}

/* What stands beside a name begins in the same column of a terminal, whatever the name is written in. */
static void
test_cells(void **state)
{
	static const struct {
		const char *text;
		unsigned columns;
	} cases[] = {
	    {"alice", 5},
	    {"bé", 2},
	    {"be\u0301", 2}, /* a combining accent */
	    {"中文", 4},
	    {"한글", 4},
	    {"ｗ", 2}, /* full width */
	    {"ｱ", 1}, /* half width */
	    {"कु", 1}, /* a vowel below */
	    {"ที่", 1},
	    {"😀", 2},
	    {"█░ %", 4},
	    {"→·", 2},
	    {"\xff", 1},
	    {"", 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct table table = {.columns = 2};
		char *text = NULL;
		size_t size = 0;
		FILE *to = open_memstream(&text, &size);

		assert_int_equal(table_add(&table, cases[i].text), 0);
		assert_int_equal(table_add(&table, "x"), 0);
		assert_int_equal(table_add(&table, "123456789"), 0);
		assert_int_equal(table_add(&table, "y"), 0);
		table_print(&table, to);
		fclose(to);
		/* As many spaces as the column is wider, and two. */
		assert_non_null(strstr(text, "x\n"));
		assert_int_equal(strstr(text, "x\n") - text,
		    *cases[i].text ? strlen(cases[i].text) + 11 - cases[i].columns : 11);
		free(text);
		table_free(&table);
	}
}

static void
test_sizes(void **state)
{
	static const struct {
		uint64_t bytes;
		const char *want;
	} cases[] = {
	    {0, "0 B"},
	    {999, "999 B"},
	    {1000, "1.0 kB"},
	    {9949, "9.9 kB"},
	    {9951, "10 kB"},
	    {999499, "999 kB"},
	    {999501, "1.0 MB"},
	    {123456789, "123 MB"},
	    {200000000000, "200 GB"},
	    {UINT64_MAX, "18 EB"},
	};
	char out[SIZE_TEXT];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_string_equal(size_print(cases[i].bytes, out), cases[i].want);
}

static void
test_spans(void **state)
{
	static const struct {
		uint64_t seconds;
		const char *want;
	} cases[] = {
	    {0, "0s"},
	    {59, "59s"},
	    {60, "1m0s"},
	    {3599, "59m59s"},
	    {3600, "1h0m"},
	    {86399, "23h59m"},
	    {86400 * 400 + 3600, "400d1h"},
	};
	char out[SPAN_TEXT];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_string_equal(span_print(cases[i].seconds, out), cases[i].want);
}

/* Columns go in the order given, by their first numbers, until the longest line fits. */
static void
test_fit(void **state)
{
	static const unsigned char less[] = {3, 0, 2};
	static const struct {
		size_t width;
		const char *text;
	} cases[] = {
	    {0, "a  bb  ccc  dddd\n1   2    3     4\n"},
	    {16, "a  bb  ccc  dddd\n1   2    3     4\n"},
	    {15, "a  bb  ccc\n1   2    3\n"},
	    {10, "a  bb  ccc\n1   2    3\n"},
	    {9, "bb  ccc\n 2    3\n"},
	    {6, "bb\n 2\n"},
	    {1, "bb\n 2\n"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		static const char *const cells[] = {"a", "bb", "ccc", "dddd", "1", "2", "3", "4"};
		struct table table = {.columns = 4, .right = 0xe};
		char *text = NULL;
		size_t size = 0;
		FILE *to = open_memstream(&text, &size);

		for (size_t k = 0; k < 8; k++)
			table_add(&table, cells[k]);
		table_fit(&table, cases[i].width, less, sizeof(less));
		table_print(&table, to);
		fclose(to);
		assert_string_equal(text, cases[i].text);
		free(text);
		table_free(&table);
	}
}

/* A colour takes no column; an escape that is none takes none either, and nothing behind it is lost. */
static void
test_colours(void **state)
{
	static const char *const cells[] = {
	    "\033[32mup\033[0m", "x", "failed", "y", "\033", "z", "\033[3", "w"};
	struct table table = {.columns = 2};
	char *text = NULL;
	size_t size = 0;
	FILE *to = open_memstream(&text, &size);

	(void)state;
	for (size_t i = 0; i < 8; i++)
		table_add(&table, cells[i]);
	table_print(&table, to);
	fclose(to);
	assert_string_equal(text, "\033[32mup\033[0m      x\nfailed  y\n\033        z\n\033[3      w\n");
	free(text);
	table_free(&table);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_columns),
	    cmocka_unit_test(test_fit),
	    cmocka_unit_test(test_colours),
	    cmocka_unit_test(test_cells),
	    cmocka_unit_test(test_sizes),
	    cmocka_unit_test(test_spans),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
