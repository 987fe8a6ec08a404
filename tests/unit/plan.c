/* The file → wanted facts: by table of printed words, and the laws of what is wanted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "natd/diff.h"
#include "natd/plan.h"
#include "natd/print.h"
#include "natd/ruleset.h"
#include "tests/unit/planned.h"

#define HEAD "network: 192.168.77.0/24\nwan: eth0\nreserve: [22, \"2000-2010\"]\n"
#define SIX "network6: 2001:db8:77::/64\n"
#define ALICE "  alice:\n    address: 192.168.77.2\n"
#define BOB "  bob:\n    address: 192.168.77.3\n"

static const struct plan_host host = {.wan = "eth0", .ipv6 = true, .wan_accept_ra = 1};

static char *
printed_ops(const struct facts *have, const struct facts *want)
{
	char *text = NULL;
	struct ops ops;
	size_t n;
	FILE *out = open_memstream(&text, &n);

	assert_int_equal(diff_facts(have, want, &ops), 0);
	print_ops(&ops, out);
	fclose(out);
	ops_free(&ops);
	return text;
}

static char *
printed(const struct facts *facts)
{
	struct facts nothing = {0};

	return printed_ops(&nothing, facts);
}

static const struct {
	const char *file;
	const char *words; /* beginning with '!': must not be there */
} cases[] = {
    {ALICE, "ip tuntap add dev tap2 mode tap vnet_hdr user 770002\nip link set tap2 alias "
	    "lodge:alice up\n"},
    {ALICE, "ip address add 192.168.77.1/32 dev tap2\n"},
    {ALICE, "ip route add 192.168.77.2/32 dev tap2 proto 117 table 254\n"},
    {ALICE, "sysctl -w net/ipv4/ip_forward=1\n"},
    {ALICE, "sysctl -w net/ipv6/conf/tap2/disable_ipv6=1\n"},
    {ALICE, "!forwarding"},
    {ALICE, "ip rule add pref 11700 iif lo fwmark 0x75/0xff lookup 254 protocol 117\n"},
    {ALICE, "!ip -6"},
    {ALICE, "add element inet lodge mac { \"tap2\" . 02:00:c0:a8:4d:02 }\n"},
    {ALICE, "add element arp lodge arp4 { \"tap2\" . 02:00:c0:a8:4d:02 . 192.168.77.2 }\n"},
    {ALICE, "add element inet lodge wan { \"eth0\" }\n"},
    {ALICE, "add element inet lodge hostok { tcp . 443 }\n"},
    {ALICE, "add element inet lodge hostok { udp . 443 }\n"},
    {ALICE, "!hostok { udp . 80 }"},
    {ALICE, "add element inet lodge reserved { 22-22 }\n"},
    {ALICE, "add element inet lodge reserved { 2000-2010 }\n"},
    {ALICE "    ports: [10000-10999]\n", "element inet lodge tcp4 { 10000-10999 : 192.168.77.2 }\n"},
    {ALICE "    ports: [10000-10999]\n", "element inet lodge udp4 { 10000-10999 : 192.168.77.2 }\n"},
    {ALICE "    ports: [10000-10999/tcp]\n", "!udp4 { 10000"},
    {ALICE "    ports: [\"2201:22/tcp\"]\n", "element inet lodge one4 { tcp . 2201 : 192.168.77.2 . 22 }\n"},
    {ALICE "    ports: [\"2201:22/tcp\"]\n", "!udp . 2201"},
    {ALICE "    ports: [\"5353:53/udp\"]\n", "element inet lodge one4 { udp . 5353 : 192.168.77.2 . 53 }\n"},
    {ALICE "    ports: [16383-16384]\n", "element inet lodge tcp4 { 16383-16384 : 192.168.77.2 }\n"},
    {ALICE "    ports: [16384]\n", "element inet lodge tcp4_16384 { 16384-16384 : 192.168.77.2 }\n"},
    {ALICE "    ports: [32768]\n", "element inet lodge udp4_32768 { 32768-32768 : 192.168.77.2 }\n"},
    {ALICE "    ports: [65535]\n", "element inet lodge tcp4_49152 { 65535-65535 : 192.168.77.2 }\n"},
    {ALICE "    ports: [rest]\n", "element inet lodge rest4 { \"eth0\" : 192.168.77.2 }\n"},
    {ALICE "    ports: [rest]\n" BOB, "element inet lodge rest4 { \"tap3\" : 192.168.77.2 }\n"},
    {ALICE "    ports: [rest]\n", "element inet lodge gates4 { 192.168.77.1 }\n"},
    {ALICE, "!element inet lodge gates4"},
    {ALICE "    ports: [\"8080:80/tcp\"]\n", "sysctl -w net/ipv4/tcp_early_demux=0\n"},
    {ALICE "    ports: [\"8080:80/tcp\"]\n", "!udp_early_demux"},
    {ALICE "    ports: [\"8443:443/udp\"]\n", "sysctl -w net/ipv4/udp_early_demux=0\n"},
    {ALICE "    ports: [\"8080:80/udp\", \"2201:22\", 8100-8999]\n", "!early_demux"},
    {ALICE "    ports: [8000-8999/tcp]\n    proxy-to: {http: 8999}\n", "tcp_early_demux=0\n"},
    {ALICE "    ports: [8000-8999/tcp]\n    proxy-to: {http: 9000}\n", "!early_demux"},
    {ALICE "    ports: [\"8080:80\"]\n    client-address: none\n", "!early_demux"},
    {ALICE "    ports: [rest]\n", "!early_demux"}, /* the proxy has 80 and 443 itself */
    {ALICE "    ports: [rest]\n    proxy-to: {tls: 8443}\n", "tcp_early_demux=0\n"},
    {ALICE "    ports: [rest]\n    proxy-to: {tls: 8443}\n", "!udp_early_demux"},
    {ALICE "    allow: [host]\n", "add element inet lodge host_all { \"tap2\" }\n"},
    {ALICE "    allow: [\"host:53\"]\n", "host_ports { \"tap2\" . udp . 53 }\n"},
    {ALICE "    allow: [\"host:53/tcp\"]\n", "!host_ports { \"tap2\" . udp"},
    {ALICE "    allow: [bob]\n" BOB, "add element inet lodge peers { \"tap2\" . \"tap3\" }\n"},
    {ALICE "    allow: [bob]\n" BOB, "!peers { \"tap3\""},
    {ALICE "    allow: [\"bob:5432-5433/tcp\"]\n" BOB, "peer_ports { \"tap2\" . \"tap3\" . tcp . 5433 }\n"},
    {ALICE "    allow: [\"bob:5432-5433/tcp\"]\n" BOB, "!element inet lodge peers"},
    {ALICE "    tap: inn\n", "add element inet lodge self { \"inn\" . \"inn\" }\n"},
};

static void
test_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char file[512], *text;
		struct facts facts;
		bool refused = cases[i].words[0] == '!';

		snprintf(file, sizeof(file), HEAD "guests:\n%s", cases[i].file);
		facts = plan_of(file, &host);
		text = printed(&facts);
		if ((strstr(text, cases[i].words + refused) != NULL) == refused)
			fail_msg("case %zu: %s", i, cases[i].words);
		free(text);
		facts_free(&facts);
	}
}

static void
test_six(void **state)
{
	static const char file[] =
	    HEAD SIX "guests:\n" ALICE "    address6: 2001:db8:77::2\n    ports: [7000, \"8000:80/tcp\"]\n";
	static const char *const words[] = {
	    "ip -6 address add 2001:db8:77::1/128 dev tap2 nodad\n",
	    "ip -6 route add 2001:db8:77::2/128 dev tap2 proto 117 table 254\n",
	    "ip -6 route add local ::/0 dev lo proto 117 table 117\n",
	    "sysctl -w net/ipv6/conf/all/forwarding=1\n",
	    "sysctl -w net/ipv6/conf/eth0/accept_ra=2\n",
	    "sysctl -w net/ipv6/conf/tap2/disable_ipv6=0\n",
	    "element inet lodge src6 { \"tap2\" . 2001:db8:77::2 }\n",
	    "element inet lodge udp6 { 7000-7000 : 2001:db8:77::2 }\n",
	    "element inet lodge one6 { tcp . 8000 : 2001:db8:77::2 . 80 }\n",
	};
	struct plan_host still = host;
	struct facts facts = plan_of(file, &host);
	char *text = printed(&facts);

	(void)state;
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (!strstr(text, words[i]))
			fail_msg("missing: %s", words[i]);
	free(text);
	facts_free(&facts);

	still.wan_accept_ra = 2; /* what was set before is still wanted */
	facts = plan_of(file, &still);
	text = printed(&facts);
	assert_non_null(strstr(text, "sysctl -w net/ipv6/conf/eth0/accept_ra=2\n"));
	free(text);
	facts_free(&facts);

	still.wan_accept_ra = 0; /* who asked for no advertisements gets none */
	facts = plan_of(file, &still);
	text = printed(&facts);
	assert_null(strstr(text, "eth0/accept_ra"));
	free(text);
	facts_free(&facts);

	still.ipv6 = false; /* a kernel without IPv6: nothing of it is asked */
	facts = plan_of(file, &still);
	text = printed(&facts);
	assert_null(strstr(text, "net/ipv6"));
	assert_null(strstr(text, "ip -6"));
	free(text);
	facts_free(&facts);
}

/* What an element is must be what its set holds; intervals of one map never meet. */
static void
check_elements(const struct facts *facts)
{
	const struct fact *last = NULL;

	for (size_t i = 0; i < facts->n; i++) {
		const struct fact *fact = &facts->list[i];
		const struct ruleset_set *set = ruleset_set(fact->family, fact->name);
		bool interval = set && (set->value.flags & 4);

		if (i)
			assert_true(fact_cmp(&facts->list[i - 1], fact) < 0);
		if (fact->kind != FACT_ELEMENT)
			continue;
		assert_non_null(set);
		assert_int_equal(fact->key_len, interval ? 4 : set->value.key_len);
		assert_int_equal(fact->value_len, set->value.data_len);
		if (interval && last && strcmp(last->name, fact->name) == 0)
			assert_true(memcmp(last->key + 2, fact->key, 2) < 0);
		last = interval ? fact : NULL;
	}
}

static size_t
count_naming(const struct facts *facts, const struct facts *other)
{
	struct ops ops;
	size_t n;

	assert_int_equal(diff_facts(facts, other, &ops), 0);
	n = ops.n;
	for (size_t i = 0; i < ops.n; i++)
		assert_null(ops.list[i].have); /* another guest only adds */
	ops_free(&ops);
	return n;
}

static void
test_laws(void **state)
{
	static const char one[] = HEAD SIX "guests:\n" ALICE "    ports: [1000-1999, 3000-3999]\n";
	static const char two[] = HEAD SIX "guests:\n" ALICE "    ports: [1000-1999, 3000-3999]\n" BOB
					   "    ports: [4000-4999, \"4:5\"]\n";
	struct facts a = plan_of(one, &host), b = plan_of(two, &host), again = plan_of(two, &host);
	struct ops ops;

	(void)state;
	check_elements(&a);
	check_elements(&b);
	assert_true(count_naming(&a, &b) > 10);
	assert_int_equal(diff_facts(&b, &again, &ops), 0);
	assert_int_equal(ops.n, 0); /* the same file is the same plan, byte for byte */
	ops_free(&ops);
	facts_free(&a);
	facts_free(&b);
	facts_free(&again);
}

static bool
is_counter(uint8_t family, const char *name, size_t n)
{
	const char *const *names = family == FAMILY_ARP ? ruleset_counters_arp : ruleset_counters_inet;

	for (; *names; names++)
		if (strlen(*names) == n && strncmp(*names, name, n) == 0)
			return true;
	return false;
}

/* Every set, map, counter and chain that a rule names is there; every jumped chain is jumped to. */
static void
test_ruleset(void **state)
{
	(void)state;
	for (size_t i = 0; i < ruleset_n_chains; i++) {
		const struct ruleset_chain *chain = &ruleset_chains[i];
		bool jumped = false;

		for (const char *const *rule = chain->rules; *rule; rule++) {
			const char *at = strchr(*rule, '@'), *word;
			char name[FACT_NAME];

			if (at && sscanf(at + 1, "%63s", name) == 1)
				assert_non_null(ruleset_set(chain->family, name));
			if ((word = strstr(*rule, "jump ")) && sscanf(word + 5, "%63s", name) == 1)
				assert_non_null(ruleset_chain(chain->family, name));
			if ((word = strstr(*rule, "counter name ")))
				assert_true(is_counter(chain->family, word + 13, strcspn(word + 13, " ")));
		}
		for (size_t j = 0; j < ruleset_n_chains; j++)
			for (const char *const *rule = ruleset_chains[j].rules; *rule; rule++) {
				const char *word = strstr(*rule, "jump ");

				jumped |= word && ruleset_chains[j].family == chain->family &&
					  strcmp(word + 5, chain->name) == 0;
			}
		assert_int_equal(jumped, !chain->value.base);
	}
}

/* Where each of the texts begins; they have to come in this order. */
static void
check_order(const char *text, const char *const *words)
{
	const char *at = text;

	for (; *words; words++) {
		const char *next = strstr(at, *words);

		if (!next)
			fail_msg("not there, or too early: %s", *words);
		at = next + strlen(*words);
	}
}

/* Operations are printed as they are done: links that go, the transaction, links that come, forwarding last. */
static void
test_print_ops(void **state)
{
	struct facts a = plan_of(HEAD "guests:\n" ALICE, &host), b = plan_of(HEAD "guests:\n" BOB, &host),
		     six = plan_of(HEAD SIX "guests:\n" ALICE "    address6: 2001:db8:77::2\n", &host),
		     none = {0};
	static const char *const swap[] = {"ip link del tap2\n", "nft -f - <<'END'\n",
	    "delete element inet lodge taps { \"tap2\" }\n", "add element inet lodge taps { \"tap3\" }\n",
	    "\nEND\n", "ip tuntap add dev tap3", NULL};
	static const char *const fresh[] = {"nft -f - <<'END'\nadd table inet lodge\n",
	    "add set inet lodge taps", "add chain inet lodge guard", "add element inet lodge taps",
	    "add rule inet lodge guard", "\nEND\n", "ip tuntap add", "eth0/accept_ra=2", "ip -6 route add",
	    "all/forwarding=1\n", NULL};
	static const char *const away[] = {"ip rule del", "ip route del", "ip link del tap2", "nft -f",
	    "delete table inet lodge\n", "END\n", NULL};
	char *text = printed_ops(&a, &b);

	(void)state;
	check_order(text, swap);
	assert_null(strstr(text, "chain"));
	free(text);
	text = printed(&six);
	check_order(text, fresh);
	free(text);
	text = printed_ops(&a, &none);
	check_order(text, away);
	assert_null(strstr(text, "element")); /* they go with their table */
	assert_null(strstr(text, "sysctl")); /* these are never put back */
	free(text);
	text = printed_ops(&a, &a);
	assert_string_equal(text, "");
	free(text);
	facts_free(&a);
	facts_free(&b);
	facts_free(&six);
}

static struct fact *
find(struct facts *facts, enum fact_kind kind, const char *name)
{
	for (size_t i = 0; i < facts->n; i++)
		if (facts->list[i].kind == kind && strcmp(facts->list[i].name, name) == 0)
			return &facts->list[i];
	fail_msg("no fact of kind %d named %s", kind, name);
	return NULL;
}

/* What is changed in place is changed in place: a tap that went would take its guest's connections along. */
static void
test_print_changes(void **state)
{
	struct facts want = plan_of(HEAD "guests:\n" ALICE "    ports: [7]\n", &host),
		     have = plan_of(HEAD "guests:\n" ALICE "    ports: [7]\n", &host);
	char *text;

	(void)state;
	find(&have, FACT_TAP, "tap2")->value[0] ^= 1;
	find(&have, FACT_ROUTE, "")->value[4] ^= 1; /* its device; IPv4's own in the main table */
	find(&have, FACT_POLICY, "")->value[4] ^= 1;
	find(&have, FACT_RULES, "guard")->value[0] ^= 1;
	find(&have, FACT_ELEMENT, "tcp4")->value[3] ^= 1;
	text = printed_ops(&have, &want);
	assert_null(strstr(text, "link del"));
	check_order(
	    text, (const char *const[]){"flush chain inet lodge guard\n", "delete element inet lodge tcp4",
		      "add element inet lodge tcp4", "add rule inet lodge guard", "END",
		      "# tap2: its owner becomes uid 770002", "route replace", "rule del", "rule add", NULL});
	free(text);
	facts_free(&want);
	facts_free(&have);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_table),
	    cmocka_unit_test(test_six),
	    cmocka_unit_test(test_laws),
	    cmocka_unit_test(test_ruleset),
	    cmocka_unit_test(test_print_ops),
	    cmocka_unit_test(test_print_changes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
