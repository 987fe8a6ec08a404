/* A command as Redis reads it. */
#include "ledger/command.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
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

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(any_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
