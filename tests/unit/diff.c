/* have × want → operations, by table and by doing them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "tests/unit/applied.h"

static struct facts
facts_of(const char *text)
{
	struct facts out = {0};

	/* "Tt1 Rb0": kind, name, value */
	for (; *text; text += text[3] ? 4 : 3) {
		static const char kinds[] = "TsarpnbclSCeR";
		struct fact fact = fact_of((enum fact_kind)(strchr(kinds, text[0]) - kinds),
		    text[0] >= 'a' ? 0 : 1, (char[]){text[1], '\0'});

		if (strchr("bcSCeR", text[0]))
			fact.family = FAMILY_INET;
		fact_value(&fact, &text[2], 1);
		facts_add(&out, &fact);
	}
	facts_sort(&out);
	return out;
}

static void
test_table(void **state)
{
	static const struct {
		const char *have, *want;
		size_t n;
	} cases[] = {
	    {"", "", 0},
	    {"Ta1", "Ta1", 0},
	    {"", "Ta1", 1},
	    {"Ta1", "", 1},
	    {"Ta1", "Ta2", 1},
	    {"Ta1 Tb1", "Tb1 Tc1", 2},
	    {"bl0 ca0 ea1", "bl0 ca0 ea2", 1},
	    {"bl0 Sa1 ea1", "bl0 Sa1 eb1", 2},
	    {"bl0 Ra1", "bl0 Ra2", 1}, /* rules are filled again in their chain */
	    {"bl0 Sa1 ea1", "bl0 Sa2 ea1", 3}, /* another shape: all anew */
	    {"bl0 Ca1 Ra1 Sa1", "bl0 Ca2 Ra1 Sa1", 4}, /* likewise */
	    {"bl0 Sa1 Ta1", "bl0 Sa2 Ta1", 2}, /* a tap has no part in it */
	    {"bl0 Sa1", "", 2},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct facts have = facts_of(cases[i].have), want = facts_of(cases[i].want);
		struct ops ops;

		assert_int_equal(diff_facts(&have, &want, &ops), 0);
		if (ops.n != cases[i].n)
			fail_msg("%s → %s: %zu operations, not %zu", cases[i].have, cases[i].want, ops.n,
			    cases[i].n);
		assert_true(diff_holds(&have, &want));
		ops_free(&ops);
		facts_free(&have);
		facts_free(&want);
	}
}

static uint32_t
next(uint32_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 17;
	*seed ^= *seed << 5;
	return *seed;
}

static void
test_law(void **state)
{
	uint32_t seed = 2463534242;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		uint8_t bytes[2][160];
		size_t n[2] = {next(&seed) % 160, next(&seed) % 160};
		struct facts have, want;

		for (size_t i = 0; i < sizeof(bytes); i++)
			bytes[i / 160][i % 160] = (uint8_t)next(&seed);
		have = facts_from(bytes[0], n[0]);
		want = facts_from(bytes[1], n[1]);
		assert_true(diff_holds(&have, &want));
		facts_free(&have);
		facts_free(&want);
	}
}

static void
test_sort(void **state)
{
	struct facts facts = {0};

	(void)state;
	for (int i = 0; i < 1000; i++) {
		uint32_t key = (uint32_t)(i * 7919 % 100);
		struct fact fact = fact_of(FACT_ELEMENT, FAMILY_INET, "tcp4");

		fact_key(&fact, &key, sizeof(key));
		facts_add(&facts, &fact);
	}
	facts_sort(&facts);
	assert_int_equal(facts.n, 100);
	for (size_t i = 1; i < facts.n; i++)
		assert_true(fact_cmp(&facts.list[i - 1], &facts.list[i]) < 0);
	facts_free(&facts);
}

/* Order, number and words of a chain's rules all count. */
static void
test_digest(void **state)
{
	uint64_t a = rule_digest("accept"), b = rule_digest("drop");

	(void)state;
	assert_true(a != b && a != 0);
	assert_true(rule_digest("") != 0xcbf29ce484222325); /* the version counts, too */
	assert_true(rules_fold(rules_fold(0, a), b) != rules_fold(rules_fold(0, b), a));
	assert_true(rules_fold(0, a) != rules_fold(rules_fold(0, a), a));
	assert_true(rules_fold(0, 0) != 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_table),
	    cmocka_unit_test(test_law),
	    cmocka_unit_test(test_sort),
	    cmocka_unit_test(test_digest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
