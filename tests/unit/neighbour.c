/* For whom the host answers on a guest's link and outside: by table, and how many there are at most. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "natd/plan.h"
#include "tests/unit/planned.h"

#include <stdio.h>

#define HEAD "network: 192.168.77.0/24\nnetwork6: 2001:db8:77::/64\nwan: eth0\n"
#define ALICE "  alice:\n    address: 192.168.77.2\n    address6: 2001:db8:77::2\n"
#define BOB "  bob:\n    address: 192.168.77.3\n    address6: 2001:db8:77::3\n"
#define CAROL "  carol:\n    address: 192.168.77.4\n"

static struct plan_host
outside(const char *prefix)
{
	struct plan_host host = {.wan = "eth0", .ipv6 = true, .wan_accept_ra = 1};

	if (*prefix && net_parse(span_str(prefix), &host.wan_prefixes[0]) == 0)
		host.n_wan_prefixes = 1;
	return host;
}

/* "tap2:2001:db8:77::3 …" in the order of the facts. */
static char *
neighbours_of(const struct facts *facts)
{
	char *text = NULL, address[IP_TEXT];
	size_t n;
	FILE *out = open_memstream(&text, &n);

	for (size_t i = 0; i < facts->n; i++) {
		struct ip ip;

		if (facts->list[i].kind != FACT_NEIGHBOUR)
			continue;
		memcpy(&ip, facts->list[i].key, sizeof(ip));
		fprintf(out, "%s:%s ", facts->list[i].name, ip_print(&ip, address));
	}
	fclose(out);
	return text;
}

static bool
sets(const struct facts *facts, const char *path)
{
	for (size_t i = 0; i < facts->n; i++)
		if (facts->list[i].kind == FACT_SYSCTL && strcmp(facts->list[i].name, path) == 0)
			return true;
	return false;
}

static void
test_table(void **state)
{
	static const struct {
		const char *file, *prefix, *neighbours;
		bool sets_outside;
	} cases[] = {
	    {HEAD "guests:\n" ALICE, "", "", false},
	    {HEAD "guests:\n" ALICE BOB, "", "tap2:2001:db8:77::3 tap3:2001:db8:77::2 ", false},
	    {HEAD "guests:\n" ALICE CAROL, "", "", false},
	    {HEAD "guests:\n" ALICE "    allow: [carol, host]\n" CAROL, "", "", false},
	    {HEAD "guests:\n" ALICE, "2001:db8:77::/64", "eth0:2001:db8:77::2 ", true},
	    {HEAD "guests:\n" ALICE, "2001:db8::/32", "eth0:2001:db8:77::2 ", true},
	    {HEAD "guests:\n" ALICE, "2001:db8:77::2/128", "eth0:2001:db8:77::2 ", true},
	    {HEAD "guests:\n" ALICE, "2001:db8:78::/64", "", false},
	    {HEAD "guests:\n" ALICE BOB, "2001:db8:77::/127", "tap2:2001:db8:77::3 tap3:2001:db8:77::2 ",
		false},
	    {HEAD "guests:\n" ALICE BOB, "2001:db8:77::2/127",
		"eth0:2001:db8:77::2 eth0:2001:db8:77::3 tap2:2001:db8:77::3 tap3:2001:db8:77::2 ", true},
	    {HEAD "masquerade6: yes\nguests:\n" ALICE, "2001:db8:77::/64", "", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct plan_host host = outside(cases[i].prefix);
		struct facts facts = plan_of(cases[i].file, &host);
		char *text = neighbours_of(&facts);

		if (strcmp(text, cases[i].neighbours) != 0)
			fail_msg("case %zu: %s", i, text);
		assert_int_equal(sets(&facts, "net/ipv6/conf/eth0/proxy_ndp"), cases[i].sets_outside);
		assert_int_equal(sets(&facts, "net/ipv6/neigh/eth0/proxy_delay"), cases[i].sets_outside);
		assert_true(sets(&facts, "net/ipv6/conf/tap2/proxy_ndp"));
		free(text);
		facts_free(&facts);
	}
}

/* Guests g2, g3 …; the second may call the first. */
static size_t
count_among(unsigned guests)
{
	struct plan_host host = outside("");
	struct facts facts;
	char *text = NULL;
	size_t size, n = 0;
	FILE *out = open_memstream(&text, &size);

	fputs(HEAD "guests:\n", out);
	for (unsigned i = 2; i < guests + 2; i++)
		fprintf(out, "  g%u:\n    address: 192.168.77.%u\n    address6: 2001:db8:77::%x\n%s", i, i, i,
		    i == 3 ? "    allow: [g2]\n" : "");
	fclose(out);
	facts = plan_of(text, &host);
	for (size_t i = 0; i < facts.n; i++)
		n += facts.list[i].kind == FACT_NEIGHBOUR;
	facts_free(&facts);
	free(text);
	return n;
}

/* Each with each is a square: beyond some number, only who is allowed to meet. */
static void
test_many(void **state)
{
	(void)state;
	assert_int_equal(count_among(1), 0);
	assert_int_equal(count_among(64), 64 * 63);
	assert_int_equal(count_among(65), 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_table),
	    cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
