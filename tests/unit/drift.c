/* Diff and plan together: whatever of a plan drifts, however little, is seen, and is all that is touched. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "natd/interval.h"
#include "natd/plan.h"
#include "tests/unit/applied.h"
#include "tests/unit/planned.h"

static const struct plan_host host = {.wan = "eth0", .ipv6 = true, .wan_accept_ra = 1};

static uint32_t
next(uint32_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 17;
	*seed ^= *seed << 5;
	return *seed;
}

/* A file of up to eight guests, each with ranges of its own thousand ports, some with IPv6. */
static char *
random_file(uint32_t *seed)
{
	unsigned n = next(seed) % 9;
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	fprintf(out, "wan: eth0\n%sguests:\n", next(seed) % 2 ? "network6: 2001:db8:77::/64\n" : "");
	for (unsigned i = 0; i < n; i++) {
		unsigned base = 10000 + 1000 * i, id = 2 + next(seed) % 3 * 10 + i;

		fprintf(out, "  g%u:\n    address: 192.168.77.%u\n    ports: [%u-%u, %u, \"%u:22/tcp\"%s]\n",
		    i, id, base, base + next(seed) % 500, base + 600 + next(seed) % 9, 2200 + id,
		    i == 0 && next(seed) % 2 ? ", rest" : "");
	}
	fclose(out);
	return text;
}

static struct facts
random_plan(uint32_t *seed)
{
	char *text = random_file(seed);
	struct facts facts = plan_of(text, &host);

	free(text);
	return facts;
}

static struct facts
copy_of(const struct facts *facts)
{
	struct facts out = {0};

	for (size_t i = 0; i < facts->n; i++)
		facts_add(&out, &facts->list[i]);
	return out;
}

/* What a host may have: parts of two other plans, some bytes of them turned. */
static struct facts
random_have(uint32_t *seed)
{
	struct facts out = {0};

	for (int plans = 0; plans < 2; plans++) {
		struct facts other = random_plan(seed);
		unsigned keep = next(seed) % 4;

		for (size_t i = 0; i < other.n; i++) {
			if (next(seed) % 4 < keep)
				continue;
			if (next(seed) % 16 == 0 && other.list[i].value_len)
				other.list[i].value[next(seed) % other.list[i].value_len] ^= 1;
			facts_add(&out, &other.list[i]);
		}
		facts_free(&other);
	}
	facts_sort(&out);
	return out;
}

static void
test_states(void **state)
{
	uint32_t seed = 88172645;

	(void)state;
	for (int round = 0; round < 300; round++) {
		struct facts have = random_have(&seed), want = random_plan(&seed);

		assert_true(diff_holds(&have, &want));
		facts_free(&have);
		facts_free(&want);
	}
}

/* How many operations an operation on one fact may take along: all of its table when that is of another shape. */
static bool
only_that(const struct ops *ops, const struct fact *fact)
{
	bool shape = fact->kind == FACT_TABLE || fact->kind == FACT_SET || fact->kind == FACT_CHAIN;

	for (size_t i = 0; i < ops->n; i++) {
		const struct fact *other = ops->list[i].want ? ops->list[i].want : ops->list[i].have;

		if (shape ? !fact_is_nft(other) || other->family != fact->family : fact_cmp(other, fact) != 0)
			return false;
	}
	return ops->n > 0;
}

/* Each bit of each value of a whole plan, and each fact missing: seen, mended, and nothing else is touched. */
static void
test_each_field(void **state)
{
	uint32_t seed = 5;
	struct facts want = plan_of("network6: 2001:db8:77::/64\nwan: eth0\nguests:\n"
				    "  a:\n    address: 192.168.77.2\n    address6: 2001:db8:77::2\n"
				    "    ports: [1000-1999, \"8080:80/tcp\", rest]\n",
	    &host);

	(void)state;
	for (size_t i = 0; i < want.n; i++)
		for (size_t at = 0; at <= want.list[i].value_len; at++) {
			struct facts have = copy_of(&want);
			struct ops ops;

			if (at < want.list[i].value_len)
				have.list[i].value[at] ^= (uint8_t)(1u << next(&seed) % 8);
			else
				have.list[i] = have.list[--have.n]; /* missing */
			facts_sort(&have);
			assert_int_equal(diff_facts(&have, &want, &ops), 0);
			if (!only_that(&ops, &want.list[i]))
				fail_msg("fact %zu (%s) byte %zu: %zu operations", i, want.list[i].name, at,
				    ops.n);
			ops_free(&ops);
			assert_true(diff_holds(&have, &want));
			facts_free(&have);
		}
	facts_free(&want);
}

/* Another key is another fact: one goes, one comes. */
static void
test_each_key(void **state)
{
	struct facts want =
	    plan_of("wan: eth0\nguests:\n  a:\n    address: 192.168.77.2\n    ports: [1000-1999]\n", &host);

	(void)state;
	for (size_t i = 0; i < want.n; i++)
		for (size_t at = 0; at < want.list[i].key_len; at++) {
			struct facts have = copy_of(&want);
			struct ops ops;

			have.list[i].key[at] ^= 0x80;
			facts_sort(&have);
			assert_int_equal(diff_facts(&have, &want, &ops), 0);
			assert_int_equal(ops.n, 2);
			ops_free(&ops);
			assert_true(diff_holds(&have, &want));
			facts_free(&have);
		}
	facts_free(&want);
}

/* Ranges as the kernel keeps them are the same ranges again. */
static void
test_intervals(void **state)
{
	uint32_t seed = 77;

	(void)state;
	for (int round = 0; round < 200; round++) {
		struct facts want = random_plan(&seed), tcp = {0}, out = {0};
		struct half halves[64];
		size_t n = 0;

		for (size_t i = 0; i < want.n; i++)
			if (want.list[i].kind == FACT_ELEMENT && strcmp(want.list[i].name, "tcp4") == 0)
				facts_add(&tcp, &want.list[i]);
		for (size_t i = tcp.n; i-- > 0;)
			n += interval_split(&tcp.list[i], halves + n);
		interval_join(halves, n, FAMILY_INET, "tcp4", &out);
		assert_true(facts_equal(&tcp, &out));
		facts_free(&want);
		facts_free(&tcp);
		facts_free(&out);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_states),
	    cmocka_unit_test(test_each_field),
	    cmocka_unit_test(test_each_key),
	    cmocka_unit_test(test_intervals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
