/* A name out of what people paste, and what to try when nobody has it. */
#include "cli/asked.h"
#include "tests/unit/guard.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

static void
test_pasted(void **state)
{
	static const char *const cases[][2] = {
	    {"example.org", "example.org"},
	    {"Example.ORG.", "example.org"},
	    {"example.org:8443", "example.org"},
	    {"example.org/", "example.org"},
	    {"example.org:80/a/b?c#d", "example.org"},
	    {"https://example.org", "example.org"},
	    {"https://Example.org:8443/path://x", "example.org"},
	    {"https://user:secret@example.org/", "example.org"},
	    {"https://other.org@example.org/", "example.org"},
	    {"https://example.org/@other.org", "example.org"},
	    {"https://example.org?@other.org", "example.org"},
	    {"//example.org/x", "example.org"},
	    {" \t example.org\n", "example.org"},
	    {"", NULL},
	    {" ", NULL},
	    {"/", NULL},
	    {"://", NULL},
	    {"https:///x", NULL},
	    {"*.example.org", NULL},
	    {".example.org", NULL},
	    {"user@", NULL},
	    {"a b", NULL},
	    {"192.0.2.1", NULL},
	    {"192.0.2.1:80", NULL},
	    {"https://[2001:db8::1]:443/", NULL},
	    {"2001:db8::1", NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char out[NAME_ROOM] = "left over";
		const char *copy = guard_copy(cases[i][0], strlen(cases[i][0]));
		const char *why = asked_fault(span_of(copy, strlen(cases[i][0])), out);

		assert_int_equal(why != NULL, cases[i][1] == NULL);
		assert_string_equal(out, cases[i][1] ? cases[i][1] : "");
		guard_free(copy, strlen(cases[i][0]));
	}
}

static struct domain alice_domains[] = {
    {DOMAIN_EXACT, (char[]){"alice.example"}, {0, 1, 1}},
    {DOMAIN_SUFFIX, (char[]){"alice.dev"}, {0, 2, 1}},
    {DOMAIN_EXACT, (char[]){"example"}, {0, 3, 1}},
};
static struct domain bob_domains[] = {
    {DOMAIN_BELOW, (char[]){"robert.dev"}, {0, 4, 1}},
};
static struct guest guests[] = {
    {.name = "alice", .domains = alice_domains, .n_domains = 3},
    {.name = "bob", .domains = bob_domains, .n_domains = 1},
};

static void
test_advice(void **state)
{
	static const struct {
		const char *name;
		enum advice_kind kind;
		unsigned line; /* of the domain */
		const char *meant;
	} cases[] = {
	    {"www.alice.example", ADVICE_ONLY_ABOVE, 1, ""},
	    {"a.b.example", ADVICE_ONLY_ABOVE, 3, ""},
	    {"robert.dev", ADVICE_ONLY_BELOW, 4, ""},
	    {"alcie.test", ADVICE_NONE, 0, ""},
	    {"alice.exmaple", ADVICE_NEAR, 1, "alice.example"},
	    {"alcie.dev", ADVICE_NEAR, 2, "alice.dev"},
	    {"a.b.alcie.dev", ADVICE_NEAR, 2, "a.b.alice.dev"},
	    {"x.robrt.dev", ADVICE_NEAR, 4, "x.robert.dev"},
	    {"robrt.dev", ADVICE_NONE, 0, ""}, /* robert.dev is nobody's, either */
	    {"x.alice.exmaple", ADVICE_NEAR, 1, "alice.example"}, /* what is below it is nobody's */
	    {"completely.different", ADVICE_NONE, 0, ""},
	    {"com", ADVICE_NONE, 0, ""},
	};
	const struct conf conf = {.guests = guests, .n_guests = 2}, empty = {0};
	struct advice got;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(advice_find(&conf, cases[i].name, &got), 0);
		assert_int_equal(got.kind, cases[i].kind);
		assert_string_equal(got.name, cases[i].meant);
		assert_int_equal(got.domain ? got.domain->place.line : 0, cases[i].line);
	}
	assert_int_equal(advice_find(&empty, "alice.dev", &got), 0);
	assert_int_equal(got.kind, ADVICE_NONE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_pasted),
	    cmocka_unit_test(test_advice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
