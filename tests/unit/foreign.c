/* Other tools' chains: which of them drop what guests send or get, and whose words help. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "natd/foreign.h"

#include <string.h>

/* "chain: verdict [target] [in=PATTERN] [out=PATTERN] [dnat]"; the base chain is F. */
struct shape {
	const char *what;
	bool policy;
	const char *rules[8];
	const char *drops; /* NULL: nothing; else the chain that does, "" for the base itself */
	enum foreign_tool tool;
};

static const struct shape shapes[] = {
    {"nothing", false, {NULL}, NULL, 0},
    {"a policy", true, {NULL}, "", 0},
    {"a policy behind an accept", true, {"F accept"}, NULL, 0},
    {"an end that drops", false, {"F drop"}, "", 0},
    {"an accept first", false, {"F accept", "F drop"}, NULL, 0},
    {"a return first", false, {"F return", "F drop"}, NULL, 0},
    {"a return first, and a policy", true, {"F return"}, "", 0},
    {"only into our taps", false, {"F drop out=tap2"}, "", 0},
    {"only from a tap that is none of ours", false, {"F drop in=tap9"}, NULL, 0},
    {"from a tap to some other device", false, {"F drop in=tap2 out=wan"}, NULL, 0},
    {"half let through", true, {"F accept in=tap*"}, "", 0},
    {"let through both ways", true, {"F accept in=tap*", "F accept out=tap*"}, NULL, 0},
    {"one of two taps let through", true, {"F accept in=tap2", "F accept out=tap2"}, "", 0},
    {"each tap by name", true,
	{"F accept in=tap2", "F accept out=tap2", "F accept in=tap3", "F accept out=tap3"}, NULL, 0},
    {"let through, but too late", false, {"F drop", "F accept in=tap*", "F accept out=tap*"}, "", 0},
    {"the translated let through", true, {"F accept dnat", "F accept in=tap*"}, NULL, 0},
    {"the translated alone", true, {"F accept dnat"}, "", 0},
    {"a jump", false, {"F jump=A", "A drop"}, "A", 0},
    {"a jump that comes back", true, {"F jump=A", "A return", "A accept"}, "", 0},
    {"a jump that accepts", true, {"F jump=A", "A accept", "F drop"}, NULL, 0},
    {"goto does not come back", false, {"F goto=A", "F drop"}, NULL, 0},
    {"goto and the policy", true, {"F goto=A", "F accept"}, "", 0},
    {"a chain nobody jumps to", false, {"A drop"}, NULL, 0},
    {"round and round", false, {"F jump=A", "A jump=F"}, NULL, 0},
    {"twice round", false, {"F jump=A", "F jump=A", "A jump=F", "A jump=F", "A jump=A"}, NULL, 0},
    {"ufw's", false, {"F jump=ufw-before-forward", "F jump=ufw-reject-forward", "ufw-reject-forward drop"},
	"ufw-reject-forward", TOOL_UFW},
    {"ufw's for IPv6", true, {"F jump=ufw6-before-forward"}, "", TOOL_UFW},
};

/* The word's value behind "key=", or "" into out. */
static void
value_of(const char *rule, const char *key, char *out, size_t room)
{
	const char *at = strstr(rule, key);
	size_t n = at ? strcspn(at + strlen(key), " ") : 0;

	assert_true(n < room);
	memset(out, 0, room);
	if (at)
		memcpy(out, at + strlen(key), n);
}

static struct foreign_rule
rule_of(const char *text)
{
	static const char *const verdicts[] = {" accept", " drop", " return", " jump=", " goto="};
	struct foreign_rule rule = {.at = {.family = "ip", .table = "filter"}};

	memcpy(rule.at.chain, text, strcspn(text, " "));
	for (int i = 0; i <= FOREIGN_GOTO; i++)
		if (strstr(text, verdicts[i]))
			rule.verdict = (enum foreign_verdict)i;
	value_of(text, rule.verdict == FOREIGN_GOTO ? "goto=" : "jump=", rule.target, sizeof(rule.target));
	value_of(text, " in=", rule.in, sizeof(rule.in));
	value_of(text, " out=", rule.out, sizeof(rule.out));
	rule.translated = strstr(text, " dnat") != NULL;
	return rule;
}

static size_t
judge(const struct shape *shape, const char *table, struct foreign_drop out[FOREIGN_MAX])
{
	struct foreign_base base = {{"ip", "filter", "F"}, shape->policy};
	struct foreign foreign = {0};
	struct facts want = {0};
	size_t n;

	for (int i = 2; i < 4; i++) {
		struct fact tap = fact_of(FACT_TAP, 0, i == 2 ? "tap2" : "tap3");

		facts_add(&want, &tap);
	}
	snprintf(base.at.table, sizeof(base.at.table), "%s", table);
	foreign_add_base(&foreign, &base);
	for (size_t i = 0; i < 8 && shape->rules[i]; i++) {
		struct foreign_rule rule = rule_of(shape->rules[i]);

		snprintf(rule.at.table, sizeof(rule.at.table), "%s", table);
		foreign_add_rule(&foreign, &rule);
	}
	n = foreign_judge(&foreign, &want, out);
	foreign_free(&foreign);
	facts_free(&want);
	return n;
}

static void
test_shapes(void **state)
{
	struct foreign_drop out[FOREIGN_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(shapes) / sizeof(*shapes); i++) {
		const struct shape *shape = &shapes[i];
		size_t n = judge(shape, "filter", out);

		if (n != (shape->drops != NULL))
			fail_msg("%s: %zu", shape->what, n);
		if (n && (strcmp(out[0].by, shape->drops) != 0 || out[0].tool != shape->tool))
			fail_msg("%s: by «%s», tool %d", shape->what, out[0].by, (int)out[0].tool);
		n = judge(shape, "firewalld", out);
		assert_true(n == 0 || out[0].tool == TOOL_FIREWALLD);
	}
}

/* A rule of another table or family is not that chain's. */
static void
test_apart(void **state)
{
	struct foreign_base base = {{"ip", "filter", "F"}, true};
	struct foreign_drop out[FOREIGN_MAX];
	struct foreign foreign = {0};
	struct foreign_rule rule = rule_of("F accept");
	struct fact tap = fact_of(FACT_TAP, 0, "tap2");
	struct facts want = {0};

	(void)state;
	facts_add(&want, &tap);
	foreign_add_base(&foreign, &base);
	strcpy(rule.at.family, "ip6");
	foreign_add_rule(&foreign, &rule);
	strcpy(rule.at.family, "ip");
	strcpy(rule.at.table, "nat");
	foreign_add_rule(&foreign, &rule);
	assert_int_equal(foreign_judge(&foreign, &want, out), 1);
	strcpy(rule.at.table, "filter");
	foreign_add_rule(&foreign, &rule);
	assert_int_equal(foreign_judge(&foreign, &want, out), 0);
	foreign_free(&foreign);
	facts_free(&want);
}

/* Beyond the ceilings they are counted or forgotten; nothing is written beyond the room. */
static void
test_ceilings(void **state)
{
	struct foreign_drop out[FOREIGN_MAX];
	struct foreign foreign = {0};
	struct foreign_rule rule = rule_of("A accept");
	struct fact tap = fact_of(FACT_TAP, 0, "tap2");
	struct facts want = {0};

	(void)state;
	facts_add(&want, &tap);
	for (int i = 0; i < FOREIGN_BASES_MAX + 5; i++) {
		struct foreign_base base = {{"ip", "filter", ""}, true};

		snprintf(base.at.chain, sizeof(base.at.chain), "c%d", i);
		foreign_add_base(&foreign, &base);
	}
	for (int i = 0; i < FOREIGN_RULES_MAX + 5; i++)
		foreign_add_rule(&foreign, &rule);
	assert_int_equal(foreign.n_rules, FOREIGN_RULES_MAX);
	assert_int_equal(foreign_judge(&foreign, &want, out), FOREIGN_BASES_MAX);
	assert_string_equal(out[FOREIGN_MAX - 1].at.chain, "c15");
	foreign_free(&foreign);
	facts_free(&want);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_shapes),
	    cmocka_unit_test(test_apart),
	    cmocka_unit_test(test_ceilings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
