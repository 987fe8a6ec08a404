/* The smallest userspace: an archive that reads back, and a program in it that the reader of programs knows. */
#include "launch/ability.h"
#include "launch/tiny.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum { HEAD = 110, SIZE_AT = 6 + 6 * 8, NAME_AT = 6 + 11 * 8 };

static size_t
field(const char *entry, size_t at)
{
	char digits[9] = "";

	memcpy(digits, entry + at, 8);
	return strtoul(digits, NULL, 16);
}

static size_t
padded(size_t n)
{
	return (n + 3) & ~(size_t)3;
}

static void
test_archive(void **state)
{
	static char out[TINY_BYTES];
	size_t n = tiny_initrd(out), at;
	char interp[16];
	struct span program;

	(void)state;
	if (n == 0)
		skip();
	assert_true(n < TINY_BYTES);
	assert_memory_equal(out, "070701", 6);
	assert_int_equal(field(out, NAME_AT), 5);
	assert_string_equal(out + HEAD, "init");
	at = padded(HEAD + 5);
	program = span_of(out + at, field(out, SIZE_AT));
	assert_int_equal(elf_read(program, interp, sizeof(interp)), ELF_STATIC);
	assert_non_null(memmem(program.ptr, program.len, TINY_WORD, strlen(TINY_WORD)));
	at = padded(at + program.len);
	assert_memory_equal(out + at, "070701", 6);
	assert_int_equal(field(out + at, SIZE_AT), 0);
	assert_string_equal(out + at + HEAD, "TRAILER!!!");
	assert_int_equal(n, padded(at + HEAD + 11));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_archive),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
