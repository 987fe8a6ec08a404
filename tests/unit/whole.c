/* Bytes at their place: all of them, or what is wrong; a file that ends too soon is no disk that fails. */
#include "base/whole.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

static void
test_whole(void **state)
{
	char path[] = "/tmp/lodge-whole-XXXXXX", bytes[8] = "";
	int fd = mkstemp(path);

	(void)state;
	assert_int_not_equal(fd, -1);
	unlink(path);
	assert_int_equal(whole_write(fd, "abcdefgh", 8, 4), 0);
	assert_int_equal(whole_read(fd, bytes, 8, 4), 0);
	assert_memory_equal(bytes, "abcdefgh", 8);
	for (off_t at = 5; at < 20; at++) {
		errno = 0;
		assert_int_equal(whole_read(fd, bytes, 8, at), -1);
		assert_int_equal(errno, ENODATA);
	}
	close(fd);
	assert_int_equal(whole_read(fd, bytes, 8, 4), -1);
	assert_int_equal(errno, EBADF);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_whole)};

	return cmocka_run_group_tests_name("whole", tests, NULL, NULL);
}
