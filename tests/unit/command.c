/* A command as Redis reads it. */
#include "ledger/command.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void
any_bytes(void **state)
{
	static const char want[] =
	    "*4\r\n$3\r\nSET\r\n$0\r\n\r\n$3\r\na\0\n\r\n$20\r\n18446744073709551615\r\n";
	struct command c;
	size_t n = 0;
	char *whole;

	(void)state;
	assert_int_equal(command_open(&c), 0);
	command_text(&c, "SET");
	command_text(&c, "");
	command_bytes(&c, "a\0\n", 3);
	command_number(&c, UINT64_MAX);
	whole = command_close(&c, &n);
	assert_int_equal(n, sizeof(want) - 1);
	assert_memory_equal(whole, want, n);
	free(whole);
}

/* However many and however long: as printf would have written them. */
static void
any_number(void **state)
{
	static char want[1 << 20];
	size_t len = 0, n = 0;
	struct command c;
	char *whole;

	(void)state;
	assert_int_equal(command_open(&c), 0);
	len += (size_t)sprintf(want, "*5065\r\n$9000\r\n%09000d\r\n", 0);
	command_bytes(&c, want + 14, 9000);
	for (uint64_t i = 0; i < 5000; i++) {
		char text[24];
		int digits = sprintf(text, "%llu", (unsigned long long)(i * i));

		len += (size_t)sprintf(want + len, "$%d\r\n%s\r\n", digits, text);
		command_number(&c, i * i);
	}
	for (int bit = 0; bit < 64; bit++) {
		char text[24];
		int digits = sprintf(text, "%llu", 1ull << bit);

		len += (size_t)sprintf(want + len, "$%d\r\n%s\r\n", digits, text);
		command_number(&c, 1ull << bit);
	}
	whole = command_close(&c, &n);
	assert_int_equal(n, len);
	assert_memory_equal(whole, want, len);
	free(whole);
}

static void
a_row(void **state)
{
	static const char want[] = "*3\r\n$9\r\n0 10 9 99\r\n$1\r\n7\r\n$167\r\n";
	const uint64_t some[] = {0, 10, 9, 99}, one = 7;
	uint64_t most[COMMAND_ROW];
	struct command c;
	size_t n = 0;
	char *whole;

	(void)state;
	for (int i = 0; i < COMMAND_ROW; i++)
		most[i] = UINT64_MAX;
	assert_int_equal(command_open(&c), 0);
	command_row(&c, some, 4);
	command_row(&c, &one, 1);
	command_row(&c, most, COMMAND_ROW);
	whole = command_close(&c, &n);
	assert_int_equal(n, sizeof(want) - 1 + 167 + 2);
	assert_memory_equal(whole, want, sizeof(want) - 1);
	for (int i = 0; i < COMMAND_ROW; i++)
		assert_memory_equal(whole + sizeof(want) - 1 + 21 * i, "18446744073709551615", 20);
	free(whole);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(any_bytes),
	    cmocka_unit_test(any_number),
	    cmocka_unit_test(a_row),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
