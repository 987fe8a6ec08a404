/* Where a plain request is sent: the same place under https, and nothing that a client could smuggle into it. */
#include "proxy/redirect.h"
#include "tests/unit/guard.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

static struct http_head
head_of(const char *text)
{
	struct http_head head = {0};

	assert_int_equal(http_sniff(span_str(text), &head).verdict, SNIFF_HOST);
	return head;
}

static void
test_locations(void **state)
{
	static const struct {
		const char *target;
		uint16_t port;
		const char *want;
	} cases[] = {
	    {"/", 0, "https://a.example/"},
	    {"/", 8443, "https://a.example:8443/"},
	    {"/a/b?c=d&e=/?:@!$'()*+,;=-._~", 0, "https://a.example/a/b?c=d&e=/?:@!$'()*+,;=-._~"},
	    {"/a%2fb%", 0, "https://a.example/a%2fb%25"},
	    {"/%0d%0aX:", 0, "https://a.example/%0d%0aX:"}, /* stays encoded */
	    {"/%0", 0, "https://a.example/%250"},
	    {"/%%41", 0, "https://a.example/%25%41"},
	    {"/\xc3\xbc\"<>\\^`{|}[]\xff", 0, "https://a.example/%C3%BC%22%3C%3E%5C%5E%60%7B%7C%7D%5B%5D%FF"},
	    {"/x#y?z", 0, "https://a.example/x"},
	    {"//evil.example/x", 0, "https://a.example//evil.example/x"},
	    {"/@evil.example/", 0, "https://a.example/@evil.example/"},
	    {"*", 65535, "https://a.example:65535/"},
	    {"http://a.example", 0, "https://a.example/"},
	    {"http://a.example/x?y", 0, "https://a.example/x?y"},
	    {"HTTP://A.example.:80?q=1", 0, "https://a.example/?q=1"},
	    {"http://a.example#f", 0, "https://a.example/"},
	    {"https://a.example/x", 0, "https://a.example/x"},
	};
	char text[512], out[REDIRECT_LOCATION_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(
		    text, sizeof(text), "OPTIONS %s HTTP/1.1\r\nHost: a.example\r\n\r\n", cases[i].target);
		struct http_head head = head_of(text);
		size_t n = redirect_location(
		    "a.example", cases[i].port, http_path(span_first(guarded(text), head.length)), out);

		assert_string_equal(out, cases[i].want);
		assert_int_equal(n, strlen(out));
	}
}

/* Of every byte that may come: what comes out is visible, and sending it again changes nothing. */
static void
test_bytes(void **state)
{
	char out[REDIRECT_LOCATION_MAX], again[REDIRECT_LOCATION_MAX];

	(void)state;
	for (int c = 1; c < 256; c++) {
		char path[] = {'/', (char)c, '4', '1', '\0'};
		const char *want = "https://a/";

		redirect_location("a", 0, guarded(path), out);
		assert_memory_equal(out, want, strlen(want));
		for (const char *p = out; *p; p++)
			assert_true(*p > ' ' && *p < 0x7f && !strchr("\"<>\\^`{|}", *p));
		redirect_location("a", 0, guarded(out + strlen(want) - 1), again);
		assert_string_equal(out, again);
	}
}

/* The longest name and a target that is all encoded have room. */
static void
test_room(void **state)
{
	char *path = malloc(HTTP_HEAD_MAX), *out = malloc(REDIRECT_LOCATION_MAX), name[NAME_ROOM];
	size_t n;

	(void)state;
	assert_true(path && out);
	memset(path, '"', HTTP_HEAD_MAX);
	memset(name, 'a', NAME_MAX_BYTES);
	name[NAME_MAX_BYTES] = '\0';
	n = redirect_location(name, 65535, span_of(path, HTTP_HEAD_MAX), out);
	assert_int_equal(n, REDIRECT_LOCATION_MAX - 1);
	assert_int_equal(strlen(out), n);
	free(path);
	free(out);
}

static void
test_statuses(void **state)
{
	static const struct {
		const char *method;
		unsigned want;
	} cases[] = {{"GET", 301}, {"HEAD", 301}, {"POST", 308}, {"PUT", 308}, {"get", 308}, {"GETS", 308}};
	char text[128];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(text, sizeof(text), "%s / HTTP/1.1\r\nHost: a\r\n\r\n", cases[i].method);
		struct http_head head = head_of(text);

		assert_int_equal(redirect_status(&head), cases[i].want);
	}
}

static void
test_spared(void **state)
{
	static const struct {
		const char *path;
		bool want;
	} cases[] = {
	    {"/.well-known/acme-challenge/", true},
	    {"/.well-known/acme-challenge/a-b_c", true},
	    {"/.well-known/acme-challenge", false},
	    {"/.well-known/acme-challengex/", false},
	    {"/.well-known/ACME-challenge/x", false},
	    {"//.well-known/acme-challenge/x", false},
	    {"/x/.well-known/acme-challenge/x", false},
	    {"/?/.well-known/acme-challenge/x", false},
	    {"/", false},
	    {"?", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(redirect_spares(guarded(cases[i].path)), cases[i].want);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_locations),
	    cmocka_unit_test(test_bytes),
	    cmocka_unit_test(test_room),
	    cmocka_unit_test(test_statuses),
	    cmocka_unit_test(test_spared),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
