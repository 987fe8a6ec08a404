/* What an error that Redis answers means. */
#include "ledger/refusal.h"
#include "tests/unit/guard.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

static const struct {
	const char *text;
	enum refusal_kind kind;
	uint16_t slot;
	const char *host;
	uint16_t port;
} cases[] = {
    {"MOVED 3999 127.0.0.1:6381", REFUSED_MOVED, 3999, "127.0.0.1", 6381},
    {"ASK 16383 redis-2.example.org:65535", REFUSED_ASK, 16383, "redis-2.example.org", 65535},
    {"MOVED 0 2001:db8::7:6379", REFUSED_MOVED, 0, "2001:db8::7", 6379},
    {"MOVED 0 fe80::1%eth0:6379", REFUSED_MOVED, 0, "fe80::1%eth0", 6379},
    {"MOVED 3999 :6381", REFUSED_MOVED, 3999, "", 6381},
    {"MOVED 3999 ?:6381", REFUSED, 0, "", 0},
    {"MOVED 16384 127.0.0.1:6381", REFUSED, 0, "", 0},
    {"MOVED -1 127.0.0.1:6381", REFUSED, 0, "", 0},
    {"MOVED 3999 127.0.0.1:65536", REFUSED, 0, "", 0},
    {"MOVED 3999 127.0.0.1:0", REFUSED, 0, "", 0},
    {"MOVED 3999 127.0.0.1:", REFUSED, 0, "", 0},
    {"MOVED 3999 127.0.0.1", REFUSED, 0, "", 0},
    {"MOVED 3999 6381", REFUSED, 0, "", 0},
    {"MOVED 3999  127.0.0.1:6381", REFUSED, 0, "", 0},
    {"MOVED 3999 127.0.0.1:6381 ", REFUSED, 0, "", 0},
    {"MOVED 3999 a b:6381", REFUSED, 0, "", 0},
    {"MOVED 3999 /etc/passwd:6381", REFUSED, 0, "", 0},
    {"MOVED 3999", REFUSED, 0, "", 0},
    {"MOVED :6381", REFUSED, 0, "", 0},
    {"MOVED", REFUSED, 0, "", 0},
    {"ASK ", REFUSED, 0, "", 0},
    {"ASKING 1 a:1", REFUSED, 0, "", 0},
    {"moved 3999 127.0.0.1:6381", REFUSED, 0, "", 0},
    {"", REFUSED, 0, "", 0},
    {" MOVED 1 a:1", REFUSED, 0, "", 0},
    {"NOSCRIPT No matching script. Please use EVAL.", REFUSED_SCRIPT, 0, "", 0},
    {"TRYAGAIN Multiple keys request during rehashing of slot", REFUSED_LATER, 0, "", 0},
    {"CLUSTERDOWN Hash slot not served", REFUSED_LATER, 0, "", 0},
    {"LOADING Redis is loading the dataset in memory", REFUSED_LATER, 0, "", 0},
    {"OOM command not allowed when used memory > 'maxmemory'.", REFUSED_LATER, 0, "", 0},
    {"READONLY You can't write against a read only replica.", REFUSED_LATER, 0, "", 0},
    {"OOMPH", REFUSED, 0, "", 0},
    {"WRONGTYPE Operation against a key holding the wrong kind of value", REFUSED, 0, "", 0},
    {"NOPERM this user has no permissions", REFUSED, 0, "", 0},
};

static void
table(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct refusal r = refusal_parse(guarded(cases[i].text));

		if (r.kind != cases[i].kind || r.slot != cases[i].slot || r.port != cases[i].port ||
		    !span_is(r.host, cases[i].host ? cases[i].host : ""))
			fail_msg("%s: %d %u %.*s %u", cases[i].text, r.kind, r.slot, (int)r.host.len,
			    r.host.ptr, r.port);
	}
}

/* Cut inside the port it is another port; cut before, it points nowhere. */
static void
every_prefix(void **state)
{
	(void)state;
	for (size_t i = 0; i < 4; i++)
		for (size_t n = 0, len = strlen(cases[i].text); n < len; n++) {
			const char *copy = guard_copy(cases[i].text, n);
			struct refusal r = refusal_parse(span_of(copy, n));
			const char *port = strrchr(cases[i].text, ':');

			if (r.kind != REFUSED && strchr(cases[i].host, ':') == NULL &&
			    n < (size_t)(port - cases[i].text) + 2)
				fail_msg("%.*s points to %.*s", (int)n, copy, (int)r.host.len, r.host.ptr);
			if (r.kind != REFUSED && (r.port == 0 || r.slot >= PLACE_SLOTS))
				fail_msg("%.*s", (int)n, copy);
			guard_free(copy, n);
		}
}

/* A host longer than any name is none. */
static void
longest(void **state)
{
	char text[PLACE_HOST_MAX + 32];

	(void)state;
	for (int n = PLACE_HOST_MAX; n <= PLACE_HOST_MAX + 1; n++) {
		char host[PLACE_HOST_MAX + 2];
		struct refusal r;

		memset(host, 'h', sizeof(host));
		snprintf(text, sizeof(text), "MOVED 1 %.*s:1", n, host);
		r = refusal_parse(guarded(text));
		assert_int_equal(r.kind, n == PLACE_HOST_MAX ? REFUSED_MOVED : REFUSED);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(table),
	    cmocka_unit_test(every_prefix),
	    cmocka_unit_test(longest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
