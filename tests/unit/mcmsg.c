/* The management console's datagrams: what is asked reads as it should, what is answered is never believed. */
#include "launch/mcmsg.h"
#include "tests/unit/guard.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

static void
test_request(void **state)
{
	unsigned char bytes[MCMSG_BYTES];
	char longest[MCMSG_TEXT + 1];
	uint32_t head[3];

	(void)state;
	assert_int_equal(mcmsg_request("version", bytes), MCMSG_BYTES);
	memcpy(head, bytes, sizeof(head));
	assert_int_equal(head[0], 0xcafebabe);
	assert_int_equal(head[1], 2);
	assert_int_equal(head[2], 7);
	assert_memory_equal(bytes + 12, "version\0", 8);

	memset(longest, 'x', sizeof(longest));
	longest[MCMSG_TEXT - 1] = '\0';
	assert_int_equal(mcmsg_request(longest, bytes), MCMSG_BYTES);
	longest[MCMSG_TEXT - 1] = 'x';
	longest[MCMSG_TEXT] = '\0';
	assert_int_equal(mcmsg_request(longest, bytes), 0);
	assert_int_equal(mcmsg_request("", bytes), 0);
}

struct reply {
	uint32_t error, more, length;
	char text[MCMSG_TEXT];
};

static void
test_reply(void **state)
{
	static const struct {
		struct reply in;
		size_t bytes;
		int result;
		bool failed, more;
		const char *text;
	} cases[] = {
	    {{0, 0, 3, "OK"}, 15, 0, false, false, "OK"},
	    {{0, 0, 4, "OK\n"}, 16, 0, false, false, "OK"},
	    {{1, 0, 7, "no such"}, 19, 0, true, false, "no such"},
	    {{0, 1, 2, "ab"}, 14, 0, false, true, "ab"},
	    {{0, 0, 0, ""}, 12, 0, false, false, ""},
	    {{0, 0, 2, "abcdef"}, 18, 0, false, false, "ab"}, /* what follows the length is not text */
	    {{0, 0, 1, ""}, 12, -1, false, false, NULL},
	    {{0, 0, 0xffffffff, "abc"}, 15, -1, false, false, NULL},
	    {{0, 0, MCMSG_TEXT + 1, ""}, MCMSG_BYTES, -1, false, false, NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *copy = guard_copy(&cases[i].in, cases[i].bytes);
		struct mcmsg_reply reply;

		assert_int_equal(mcmsg_reply(span_of(copy, cases[i].bytes), &reply), cases[i].result);
		if (cases[i].result == 0) {
			assert_int_equal(reply.failed, cases[i].failed);
			assert_int_equal(reply.more, cases[i].more);
			assert_true(span_is(reply.text, cases[i].text));
		}
		guard_free(copy, cases[i].bytes);
	}
}

/* Every cut and every byte, whatever it is, reads nothing beyond the datagram and gives text inside it. */
static void
test_hostile(void **state)
{
	const struct reply whole = {0, 0, 100, "some text"};

	(void)state;
	for (size_t n = 0; n <= 12 + 100; n++) {
		const char *copy = guard_copy(&whole, n);
		struct mcmsg_reply reply;

		assert_int_equal(mcmsg_reply(span_of(copy, n), &reply), n == 12 + 100 ? 0 : -1);
		guard_free(copy, n);
	}
	for (size_t at = 0; at < 12; at++) {
		for (unsigned byte = 0; byte < 256; byte++) {
			struct reply flipped = whole;
			struct mcmsg_reply reply;
			const char *copy;

			((unsigned char *)&flipped)[at] = (unsigned char)byte;
			copy = guard_copy(&flipped, sizeof(flipped));
			if (mcmsg_reply(span_of(copy, sizeof(flipped)), &reply) == 0) {
				assert_true(reply.text.ptr >= copy + 12);
				assert_true(reply.text.len <= MCMSG_TEXT);
			}
			guard_free(copy, sizeof(flipped));
		}
	}
}

struct notice {
	uint32_t magic, version, kind, length;
	char text[MCMSG_TEXT];
};

static void
test_notice(void **state)
{
	static const struct {
		struct notice in;
		size_t bytes;
		int result;
		enum mcmsg_kind kind;
		const char *text;
	} cases[] = {
	    {{0xcafebabe, 2, 3, 3, "up\n"}, 19, 0, MCMSG_USER, "up"},
	    {{0xcafebabe, 2, 1, 6, "Oh no!"}, 22, 0, MCMSG_PANIC, "Oh no!"},
	    {{0xcafebabe, 2, 0, 4, "path"}, 20, 0, MCMSG_SOCKET, "path"},
	    {{0xcafebabe, 2, 3, 0, ""}, 16, 0, MCMSG_USER, ""},
	    {{0xcafebabe, 2, 3, MCMSG_TEXT, "all of it"}, MCMSG_NOTICE, 0, MCMSG_USER, "all of it"},
	    {{0xcafebabf, 2, 3, 2, "up"}, 18, -1, 0, NULL},
	    {{0xcafebabe, 3, 3, 2, "up"}, 18, -1, 0, NULL},
	    {{0xcafebabe, 2, 4, 2, "up"}, 18, -1, 0, NULL},
	    {{0xcafebabe, 2, 0xffffffff, 2, "up"}, 18, -1, 0, NULL},
	    {{0xcafebabe, 2, 3, 3, "up"}, 18, -1, 0, NULL},
	    {{0xcafebabe, 2, 3, 0xffffffff, "up"}, 18, -1, 0, NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *copy = guard_copy(&cases[i].in, cases[i].bytes);
		struct mcmsg_notice notice;

		assert_int_equal(mcmsg_notice(span_of(copy, cases[i].bytes), &notice), cases[i].result);
		if (cases[i].result == 0) {
			assert_int_equal(notice.kind, cases[i].kind);
			assert_true(span_is(notice.text, cases[i].text));
		}
		guard_free(copy, cases[i].bytes);
		for (size_t n = 0; n < 16; n++) {
			const char *cut = guard_copy(&cases[i].in, n);

			assert_int_equal(mcmsg_notice(span_of(cut, n), &notice), -1);
			guard_free(cut, n);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_request),
	    cmocka_unit_test(test_reply),
	    cmocka_unit_test(test_hostile),
	    cmocka_unit_test(test_notice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
