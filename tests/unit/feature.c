/* What is planned for a kernel that lacks something: less, and never a rule about what is not there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "natd/diff.h"
#include "natd/feature.h"
#include "natd/print.h"
#include "natd/ruleset.h"
#include "tests/unit/planned.h"

#include <stdio.h>

static const char file[] =
    "network: 192.168.77.0/24\nnetwork6: 2001:db8:77::/64\nwan: eth0\nguard: yes\nguests:\n"
    "  alice:\n    address: 192.168.77.2\n    address6: 2001:db8:77::2\n    ports: [rest]\n";

static char *
printed(const struct facts *facts)
{
	struct facts nothing = {0};
	char *text = NULL;
	struct ops ops;
	size_t n;
	FILE *out = open_memstream(&text, &n);

	assert_int_equal(diff_facts(&nothing, facts, &ops), 0);
	print_ops(&ops, out);
	fclose(out);
	ops_free(&ops);
	return text;
}

static struct facts
plan_without(uint32_t missing)
{
	struct curb slow = {.guest = "alice", .then = QUOTA_THROTTLE, .bit_s = 1000000};
	struct curbs curbs = {.list = &slow, .n = 1};
	struct plan_host host = {.wan = "eth0", .ipv6 = true, .missing = missing, .curbs = &curbs};

	return plan_of(file, &host);
}

/* Words that a plan without the feature does not have, and the whole one has. */
static void
test_table(void **state)
{
	static const struct {
		uint32_t missing;
		const char *words;
	} cases[] = {
	    {FEATURE_GUARD, "# guard: only"},
	    {FEATURE_COUNT, "ct count over"},
	    {FEATURE_ARP, " arp lodge"},
	    {FEATURE_LIMIT, "limit name"},
	    {FEATURE_LIMIT, "add limit inet"},
	    {FEATURE_LIMIT, "slow_from"},
	    {FEATURE_SOCKET, "socket transparent"},
	    {FEATURE_SOCKET, "jump rest"},
	};
	struct facts whole = plan_without(0), less;
	char *all = printed(&whole), *some;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		less = plan_without(cases[i].missing);
		some = printed(&less);
		if (!strstr(all, cases[i].words) || strstr(some, cases[i].words))
			fail_msg("case %zu: %s", i, cases[i].words);
		assert_non_null(strstr(some, "fib daddr type local jump ports"));
		free(some);
		facts_free(&less);
	}
	free(all);
	facts_free(&whole);
}

/* A chain's rules are found again by what stands for them, whatever is missing. */
static void
test_rules(void **state)
{
	(void)state;
	for (uint32_t missing = 0; missing <= FEATURE_ALL; missing++) {
		struct facts facts = plan_without(missing);

		for (size_t i = 0; i < facts.n; i++) {
			const struct fact *fact = &facts.list[i];
			const struct ruleset_chain *chain;
			struct rules_value value;
			size_t n = 0;

			if (fact->kind != FACT_RULES)
				continue;
			chain = ruleset_chain(fact->family, fact->name);
			for (const char *const *rule = chain->rules; *rule; rule++)
				n += feature_has_rule(*rule, ruleset_without(fact));
			memcpy(&value, fact->value, sizeof(value));
			assert_int_equal(value.n, n);
		}
		facts_free(&facts);
	}
}

static void
test_lines(void **state)
{
	char text[FEATURE_TEXT];
	uint32_t all = 0;

	(void)state;
	for (size_t i = 0; i < n_features; i++) {
		assert_true(strlen(feature_print(&features[i], text)) < FEATURE_TEXT - 1);
		assert_int_equal(all & features[i].bit, 0);
		all |= features[i].bit;
	}
	assert_int_equal(all, FEATURE_ALL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_table),
	    cmocka_unit_test(test_rules),
	    cmocka_unit_test(test_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
