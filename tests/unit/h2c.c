/* HTTP/2 without TLS: read up to its first request, however it is cut, and refused in whole frames. */
#include "proxy/h2c.h"
#include "proxy/answer.h"
#include "tests/unit/guard.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

#define PREFACE "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
#define SETTINGS "\0\0\0\4\0\0\0\0\0"
#define GET "\0\0\1\1\5\0\0\0\1\x82" /* END_STREAM and END_HEADERS */
#define BYTES(text) text, sizeof(text) - 1

struct expected {
	const char *text;
	size_t n;
	unsigned answer; /* 0: more is wanted */
	uint32_t stream;
	bool content;
};

static const struct expected cases[] = {
    {BYTES(PREFACE SETTINGS GET), 421, 1, true},
    {BYTES(PREFACE SETTINGS GET "anything behind it"), 421, 1, true},
    {BYTES(PREFACE SETTINGS "\0\0\1\1\5\0\0\0\1\x83"), 421, 1, true},
    {BYTES(PREFACE SETTINGS "\0\0\1\1\5\0\0\0\1\x02"), 421, 1, false}, /* a method that has to be read */
    {BYTES(PREFACE SETTINGS "\0\0\0\1\5\0\0\0\1"), 421, 1, false},
    {BYTES(PREFACE SETTINGS "\0\0\1\1\5\x80\0\0\3\x82"), 421, 3, true}, /* a reserved bit is nothing */
    {BYTES(PREFACE SETTINGS "\0\0\4\1\x0d\0\0\0\5\2\x82\0\0"), 421, 5, true}, /* padded */
    {BYTES(PREFACE SETTINGS "\0\0\6\1\x25\0\0\0\1\0\0\0\0\x10\x82"), 421, 1, true}, /* with a priority */
    {BYTES(PREFACE SETTINGS "\0\0\x07\1\x2d\0\0\0\1\0\0\0\0\0\x10\x82"), 421, 1, true}, /* both */
    {BYTES(PREFACE SETTINGS "\0\0\4\x08\0\0\0\0\0\0\1\0\0" GET), 421, 1, true}, /* WINDOW_UPDATE */
    {BYTES(PREFACE SETTINGS "\0\0\5\2\0\0\0\0\3\0\0\0\0\0" GET), 421, 1, true}, /* PRIORITY */
    {BYTES(PREFACE SETTINGS "\0\0\x08\6\0\0\0\0\0pingping" GET), 421, 1, true},
    {BYTES(PREFACE SETTINGS "\0\0\3\x0b\xff\0\0\0\0abc" GET), 421, 1, true}, /* of an extension */
    {BYTES(PREFACE "\0\0\x0c\4\0\0\0\0\0\0\3\0\0\0\x64\0\4\0\1\0\0" GET), 421, 1, true},
    {BYTES(PREFACE SETTINGS), 0, 0, false},
    {BYTES(PREFACE SETTINGS "\0\0\4\x08\0\0\0\0\0\0\1\0\0"), 0, 0, false},
    {BYTES("PRI * HTTP/2.0\r\n\r\nSM\r\n\rX"), 400, 0, false},
    {BYTES("PRI * HTTP/2.0\r\n\r\nGET"), 400, 0, false}, {BYTES(PREFACE GET), 400, 0, false},
    {BYTES(PREFACE "\0\0\0\4\1\0\0\0\0"), 400, 0, false}, /* an ACK */
    {BYTES(PREFACE "\0\0\0\4\0\0\0\0\1"), 400, 0, false}, /* of a stream */
    {BYTES(PREFACE "\0\0\5\4\0\0\0\0\0abcde"), 400, 0, false},
    {BYTES(PREFACE "\0\0\6\4\0\0\0\0\0\0\4\x80\0\0\0"), 400, 0, false}, /* a window beyond 2^31 */
    {BYTES(PREFACE "\0\x40\1\4\0\0\0\0\0"), 400, 0, false}, /* 16385 bytes */
    {BYTES(PREFACE SETTINGS "\0\0\1\1\5\0\0\0\0\x82"), 400, 0, false}, /* stream 0 */
    {BYTES(PREFACE SETTINGS "\0\0\1\1\5\0\0\0\2\x82"), 400, 0, false}, /* a server's */
    {BYTES(PREFACE SETTINGS "\0\0\3\1\x0d\0\0\0\1\3\x82\0"), 400, 0, false}, /* more padding than frame */
    {BYTES(PREFACE SETTINGS "\0\0\0\1\x0d\0\0\0\1"), 400, 0, false}, /* padded, without its length */
    {BYTES(PREFACE SETTINGS "\0\0\4\1\x25\0\0\0\1\0\0\0\0"), 400, 0, false}, /* half a priority */
    {BYTES(PREFACE SETTINGS "\0\0\1\0\0\0\0\0\1x"), 400, 0, false}, /* DATA */
    {BYTES(PREFACE SETTINGS "\0\0\4\3\0\0\0\0\1\0\0\0\0"), 400, 0, false}, /* RST_STREAM */
    {BYTES(PREFACE SETTINGS "\0\0\1\x09\4\0\0\0\1\x82"), 400, 0, false}, /* CONTINUATION */
};

/* Whole at once and byte by byte say the same, and nothing before the end says anything. */
static void
test_requests(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct expected *e = &cases[i];
		const char *copy = guard_copy(e->text, e->n);
		struct h2c whole = {0}, slow = {0};
		struct sniff got = h2c_sniff(span_of(copy, e->n), &whole), last = {0};

		for (size_t n = 1; n <= e->n && last.verdict == SNIFF_MORE; n++) {
			const char *cut = guard_copy(e->text, n);

			last = h2c_sniff(span_of(cut, n), &slow);
			guard_free(cut, n);
		}
		if (got.answer != e->answer)
			print_error("case %zu: %u %s\n", i, got.answer, got.why ? got.why : "");
		assert_int_equal(got.verdict, e->answer ? SNIFF_BAD : SNIFF_MORE);
		assert_int_equal(got.answer, e->answer);
		assert_int_equal(whole.stream, e->stream);
		assert_int_equal(whole.content, e->content);
		assert_int_equal(last.verdict, got.verdict);
		assert_int_equal(last.answer, got.answer);
		assert_memory_equal(&slow, &whole, sizeof(whole));
		guard_free(copy, e->n);
	}
}

/* Frames that say nothing are not waited for for ever. */
static void
test_size(void **state)
{
	static const char ping[] = "\0\0\x08\6\0\0\0\0\0pingping";
	char *text = malloc(2 * H2C_MAX);
	size_t n = sizeof(PREFACE SETTINGS) - 1;
	struct h2c h = {0};
	struct sniff got = {0};

	(void)state;
	assert_non_null(text);
	memcpy(text, PREFACE SETTINGS, n);
	while (got.verdict == SNIFF_MORE && n < 2 * H2C_MAX - sizeof(ping)) {
		got = h2c_sniff(span_of(text, n), &h);
		memcpy(text + n, ping, sizeof(ping) - 1);
		n += sizeof(ping) - 1;
	}
	assert_int_equal(got.answer, 400);
	assert_true(n < H2C_MAX + 3 * sizeof(ping));
	free(text);
}

static uint32_t
number(const char *p, size_t bytes)
{
	uint32_t n = 0;

	while (bytes--)
		n = n << 8 | (uint8_t)*p++;
	return n;
}

/* The types of the frames of an answer, a letter each; their lengths add up. */
static void
expect_frames(const struct h2c *h, unsigned status, const char *want, uint32_t error)
{
	static const char letters[] = "DHPRSVpGWC";
	char out[ANSWER_MAX], why[400], types[16];
	size_t n, at = 0, frames = 0;

	memset(why, 'w', sizeof(why) - 1);
	why[sizeof(why) - 1] = '\0';
	n = h2c_answer(h, status, why, out);
	assert_true(n <= ANSWER_MAX);
	while (at < n) {
		uint32_t length = number(out + at, 3), stream = number(out + at + 5, 4);
		char type = letters[(int)out[at + 3]];
		uint8_t flags = (uint8_t)out[at + 4];

		types[frames++] = type;
		assert_int_equal(stream, type == 'H' || type == 'D' ? h->stream : 0);
		if (type == 'H') {
			assert_int_equal(flags & 4, 4);
			assert_memory_equal(out + at + 9,
			    "\x08\x03"
			    "421",
			    5);
			assert_int_equal(flags & 1, strchr(want, 'D') == NULL);
		} else if (type == 'D') {
			assert_int_equal(flags, 1);
			assert_memory_equal(out + at + 9, "421 Misdirected Request\nwww", 27);
			assert_int_equal(out[at + 9 + length - 1], '\n');
		} else if (type == 'G') {
			assert_int_equal(number(out + at + 9, 4), h->stream);
			assert_int_equal(number(out + at + 13, 4), error);
		}
		at += 9 + length;
	}
	types[frames] = '\0';
	assert_int_equal(at, n);
	assert_string_equal(types, want);
}

static void
test_answers(void **state)
{
	struct h2c h = {.stream = 7, .window = 65535, .settings = true, .content = true};

	(void)state;
	expect_frames(&h, 421, "SSHDG", 13);
	h.window = 10; /* the page does not fit in */
	expect_frames(&h, 421, "SSHG", 13);
	h.window = 65535;
	h.content = false;
	expect_frames(&h, 421, "SSHG", 13);
	h.stream = 0;
	expect_frames(&h, 408, "SSG", 0);
	expect_frames(&h, 503, "SSG", 11);
	h.settings = false;
	expect_frames(&h, 400, "SG", 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_requests),
	    cmocka_unit_test(test_size),
	    cmocka_unit_test(test_answers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
