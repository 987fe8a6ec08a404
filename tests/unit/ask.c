/* What a request to the page asks for, and who may have it. */
#include "web/ask.h"
#include "tests/unit/guard.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define TOKEN "abcdefghijklmnopqrstuvwxyz234567"

static const struct {
	const char *path;
	enum want want;
	const char *name;
	enum by by;
} cases[] = {
    {"/", WANT_HOME, "", BY_NOTHING},
    {"/page/2", WANT_HOME, "", BY_NOTHING},
    {"/page/99", WANT_HOME, "", BY_NOTHING},
    {"/page/1", WANT_NOTHING, "", BY_NOTHING}, /* which is / */
    {"/page/0", WANT_NOTHING, "", BY_NOTHING},
    {"/page/02", WANT_NOTHING, "", BY_NOTHING},
    {"/page/100", WANT_NOTHING, "", BY_NOTHING},
    {"/page/-2", WANT_NOTHING, "", BY_NOTHING},
    {"/page/2/", WANT_NOTHING, "", BY_NOTHING},
    {"/page/", WANT_NOTHING, "", BY_NOTHING},
    {"/page", WANT_GUEST, "page", BY_NOTHING},
    {"/alice", WANT_GUEST, "alice", BY_NOTHING},
    {"/g/alice", WANT_GUEST, "alice", BY_NOTHING},
    {"/g/metrics", WANT_GUEST, "metrics", BY_NOTHING},
    {"/g/tap2", WANT_GUEST, "tap2", BY_NOTHING},
    {"/api", WANT_GUEST, "api", BY_NOTHING},
    {"/g", WANT_GUEST, "g", BY_NOTHING},
    {"/tap2", WANT_TEXT, "tap2", BY_NOTHING},
    {"/tap123456789012", WANT_TEXT, "tap123456789012", BY_NOTHING},
    {"/tap1234567890123", WANT_GUEST, "tap1234567890123", BY_NOTHING}, /* no device has so long a name */
    {"/tap", WANT_GUEST, "tap", BY_NOTHING},
    {"/g/alice/text", WANT_TEXT, "alice", BY_NOTHING},
    {"/g/alice/live", WANT_LIVE, "alice", BY_NOTHING},
    {"/g/alice/hour.csv", WANT_CSV, "alice", BY_HOUR},
    {"/g/alice/day.csv", WANT_CSV, "alice", BY_DAY},
    {"/g/alice/month.csv", WANT_CSV, "alice", BY_MONTH},
    {"/guests.csv", WANT_CSV, "", BY_NOTHING},
    {"/api/v1/guests", WANT_JSON, "", BY_NOTHING},
    {"/api/v1/guests/bob", WANT_JSON, "bob", BY_NOTHING},
    {"/api/v1/guests/bob/hour", WANT_JSON, "bob", BY_HOUR},
    {"/api/v1/guests/bob/month", WANT_JSON, "bob", BY_MONTH},
    {"/metrics", WANT_METRICS, "", BY_NOTHING},
    {"/healthz", WANT_HEALTH, "", BY_NOTHING},
    {"/style.css", WANT_STYLE, "", BY_NOTHING},
    {"/live.js", WANT_SCRIPT, "", BY_NOTHING},
    {"/leave", WANT_LEAVE, "", BY_NOTHING},
    {"/k/" TOKEN, WANT_ENTER, "", BY_NOTHING},
    {"", WANT_NOTHING, "", BY_NOTHING},
    {"alice", WANT_NOTHING, "", BY_NOTHING},
    {"//", WANT_NOTHING, "", BY_NOTHING},
    {"/alice/", WANT_NOTHING, "", BY_NOTHING},
    {"/g/", WANT_NOTHING, "", BY_NOTHING},
    {"/g/alice/week.csv", WANT_NOTHING, "", BY_NOTHING},
    {"/g/alice/.csv", WANT_NOTHING, "", BY_NOTHING},
    {"/g/alice/hour", WANT_NOTHING, "", BY_NOTHING},
    {"/g/alice/live/x", WANT_NOTHING, "", BY_NOTHING},
    {"/g/../healthz", WANT_NOTHING, "", BY_NOTHING},
    {"/..", WANT_NOTHING, "", BY_NOTHING},
    {"/Alice", WANT_NOTHING, "", BY_NOTHING},
    {"/al ice", WANT_NOTHING, "", BY_NOTHING},
    {"/a-name-that-is-longer-than-any-guest-has", WANT_NOTHING, "", BY_NOTHING},
    {"/api/v2/guests", WANT_NOTHING, "", BY_NOTHING},
    {"/api/v1/", WANT_NOTHING, "", BY_NOTHING},
    {"/api/v1/guests/bob/hour/x", WANT_NOTHING, "", BY_NOTHING},
    {"/k/", WANT_NOTHING, "", BY_NOTHING},
    {"/k/" TOKEN "a", WANT_NOTHING, "", BY_NOTHING},
    {"/k/ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", WANT_NOTHING, "", BY_NOTHING},
    {"/k/" TOKEN "/", WANT_NOTHING, "", BY_NOTHING},
};

static void
paths(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct ask ask = ask_parse(guarded(cases[i].path));

		assert_int_equal(ask.want, cases[i].want);
		assert_string_equal(ask.name, cases[i].name);
		assert_int_equal(ask.by, cases[i].by);
		assert_string_equal(ask.token, ask.want == WANT_ENTER ? TOKEN : "");
	}
}

/* Each reads only what is there; a part of a link opens nothing, and a part of a name names nobody else's. */
static void
every_prefix(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		size_t n = strlen(cases[i].path);

		for (size_t cut = 0; cut < n; cut++) {
			const char *copy = guard_copy(cases[i].path, cut);
			struct ask ask = ask_parse(span_of(copy, cut));

			if (cases[i].want == WANT_ENTER)
				assert_true(ask.want != WANT_ENTER);
			if (ask.name[0])
				assert_non_null(strstr(cases[i].path, ask.name));
			guard_free(copy, cut);
		}
	}
}

static void
who_may_see_what(void **state)
{
	static const struct viewer nobody = {WHO_NOBODY, "", false}, local = {WHO_LOCAL, "", false},
				   alice = {WHO_TENANT, "alice", false}, owner = {WHO_OWNER, "", false};
	static const struct {
		const char *path;
		bool known; /* the guest that it names */
		int nobody, local, alice, owner;
	} rows[] = {
	    {"/", false, 403, 403, 200, 200}, {"/g/alice", true, 403, 403, 200, 200},
	    {"/g/alice", false, 403, 403, 404, 404}, {"/g/bob", true, 403, 403, 403, 200},
	    {"/g/bob", false, 403, 403, 403, 404}, /* a tenant does not learn who there is */
	    {"/g/bob/live", true, 403, 403, 403, 200}, {"/g/bob/hour.csv", true, 403, 403, 403, 200},
	    {"/api/v1/guests/bob", true, 403, 403, 403, 200}, {"/api/v1/guests", false, 403, 403, 200, 200},
	    {"/guests.csv", false, 403, 403, 200, 200}, {"/metrics", false, 403, 403, 200, 200},
	    {"/healthz", false, 403, 200, 200, 200}, {"/style.css", false, 403, 403, 200, 200},
	    {"/nothing/here", false, 403, 403, 404, 404},
	    {"/page/2", false, 403, 403, 404, 200}, /* what a tenant sees is one page */
	    {"/al", false, 403, 403, 403, 404}, /* a part of a name is another name */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct ask ask = ask_parse(guarded(rows[i].path));

		assert_int_equal(ask_status(&ask, &nobody, rows[i].known), rows[i].nobody);
		assert_int_equal(ask_status(&ask, &local, rows[i].known), rows[i].local);
		assert_int_equal(ask_status(&ask, &alice, rows[i].known), rows[i].alice);
		assert_int_equal(ask_status(&ask, &owner, rows[i].known), rows[i].owner);
	}
}

static void
bearers(void **state)
{
	(void)state;
	assert_true(span_is(ask_bearer(guarded("Bearer abc")), "abc"));
	assert_true(span_is(ask_bearer(guarded("bearer   abc")), "abc"));
	assert_true(span_is(ask_bearer(guarded("Bearer ")), ""));
	assert_true(span_is(ask_bearer(guarded("Bearer")), ""));
	assert_true(span_is(ask_bearer(guarded("Basic abc")), ""));
	assert_true(span_is(ask_bearer(guarded("")), ""));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(paths),
	    cmocka_unit_test(every_prefix),
	    cmocka_unit_test(who_may_see_what),
	    cmocka_unit_test(bearers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
