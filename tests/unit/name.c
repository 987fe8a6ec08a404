/* Names that may be routed, and all that only looks like one. */
#include "base/name.h"
#include "tests/unit/guard.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define L63 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

/* want NULL: no name. host: as the value of a Host field. */
static void
expect(const char *text, size_t n, bool host, const char *want)
{
	char out[NAME_ROOM] = "left over";
	const char *copy = guard_copy(text, n);
	int got = host ? name_judge_host(span_of(copy, n), out) : name_judge(span_of(copy, n), out);

	assert_int_equal(got, want ? 0 : -1);
	assert_string_equal(out, want ? want : "");
	guard_free(copy, n);
}

static void
test_names(void **state)
{
	static const char *const cases[][2] = {
	    {"example.org", "example.org"},
	    {"EXAMPLE.Org", "example.org"},
	    {"example.org.", "example.org"},
	    {"localhost", "localhost"},
	    {"a_b.-x-.c", "a_b.-x-.c"},
	    {"xn--bcher-kva.example", "xn--bcher-kva.example"},
	    {"1.2.3.example", "1.2.3.example"},
	    {"4.in-addr.arpa", "4.in-addr.arpa"},
	    {"x.7z", "x.7z"},
	    {"x.0xyz", "x.0xyz"},
	    {L63 ".a", L63 ".a"},
	    {L63 "a.a", NULL},
	    {"", NULL},
	    {".", NULL},
	    {"..", NULL},
	    {"a..", NULL},
	    {"a..b", NULL},
	    {".a", NULL},
	    {"a b", NULL},
	    {" a", NULL},
	    {"a/b", NULL},
	    {"../etc/passwd", NULL},
	    {"a\rb", NULL},
	    {"a\nb", NULL},
	    {"a%62", NULL},
	    {"b\xc3\xbc"
	     "cher",
		NULL},
	    {"*.example.org", NULL},
	    {"a,b", NULL},
	    {"a@b", NULL},
	    {"a:80", NULL},
	    {"127.0.0.1", NULL},
	    {"127.1", NULL},
	    {"2130706433", NULL},
	    {"0x7f000001", NULL},
	    {"a.0X7F", NULL},
	    {"0x", NULL},
	    {"127.0.0.1.", NULL},
	    {"::1", NULL},
	    {"[::1]", NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		expect(cases[i][0], strlen(cases[i][0]), false, cases[i][1]);
	expect("a\0b", 3, false, NULL);
	expect("a\0", 2, false, NULL);
}

static void
test_lengths(void **state)
{
	char text[NAME_ROOM + 2];

	(void)state;
	for (size_t n = 1; n <= NAME_MAX_BYTES + 1; n++) {
		for (size_t i = 0; i < n; i++)
			text[i] = i % 50 == 49 && i + 1 < n ? '.' : 'a';
		text[n] = '\0';
		expect(text, n, false, n <= NAME_MAX_BYTES ? text : NULL);
	}
}

static void
test_hosts(void **state)
{
	static const char *const cases[][2] = {
	    {"example.org:8080", "example.org"},
	    {"example.org:", "example.org"},
	    {"Example.org.:80", "example.org"},
	    {"example.org:65535", "example.org"},
	    {"example.org:65536", NULL},
	    {"example.org:99999999999999999999", NULL},
	    {"example.org:80:80", NULL},
	    {"example.org:-1", NULL},
	    {"example.org:8o", NULL},
	    {":80", NULL},
	    {"[::1]:80", NULL},
	    {"127.0.0.1:80", NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		expect(cases[i][0], strlen(cases[i][0]), true, cases[i][1]);
}

/* Each fault in the words of its kind. */
static void
test_faults(void **state)
{
	static const char *const cases[][2] = {
	    {"example.org:80", NULL},
	    {"", "empty"},
	    {".", "empty"},
	    {":80", "empty"},
	    {"a..b", "dots is empty"},
	    {"a..", "dots is empty"},
	    {L63 "a.b", "longer than 63"},
	    {L63 "." L63 "." L63 "." L63, "longer than 253"},
	    {"a b", "byte other than"},
	    {"b\xc3\xbc", "xn--"},
	    {"10.0.0.1:80", "number"},
	    {"a:b", "no port"},
	    {"a:65536", "no port"},
	};
	char out[NAME_ROOM];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *why = name_fault(span_str(cases[i][0]), out);

		assert_int_equal(why != NULL, cases[i][1] != NULL);
		assert_true(!why || (strstr(why, cases[i][1]) && !out[0]));
	}
}

/* What was judged good is judged the same again. */
static void
test_every_byte(void **state)
{
	char out[NAME_ROOM], again[NAME_ROOM];

	(void)state;
	for (int c = 0; c < 256; c++) {
		const char text[3] = {'a', (char)c, 'b'};

		if (name_judge(span_of(text, 3), out) == -1)
			continue;
		assert_int_equal(name_judge(span_str(out), again), 0);
		assert_string_equal(out, again);
		assert_non_null(strchr("abcdefghijklmnopqrstuvwxyz0123456789-_.", out[1]));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_names),
	    cmocka_unit_test(test_lengths),
	    cmocka_unit_test(test_hosts),
	    cmocka_unit_test(test_faults),
	    cmocka_unit_test(test_every_byte),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
