/* The first file of a host: nothing that is somebody's is taken, and what is written can be read. */
#include "cli/first.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static void
add(struct site *site, const char *net)
{
	assert_int_equal(net_parse(span_str(net), &site->nets[site->n_nets++]), 0);
}

static void
test_network(void **state)
{
	static const struct {
		const char *nets[4], *want;
	} cases[] = {
	    {{"10.0.0.0/24"}, "192.168.77.0/24"},
	    {{"192.168.77.0/24"}, "192.168.78.0/24"},
	    {{"192.168.77.128/25", "192.168.78.4/32"}, "192.168.79.0/24"},
	    {{"192.168.0.0/16"}, "10.77.77.0/24"},
	    {{"192.168.0.0/16", "10.0.0.0/8"}, "172.29.77.0/24"},
	    {{"192.168.0.0/16", "10.0.0.0/8", "172.16.0.0/12"}, NULL},
	};
	char text[NET_TEXT];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct site site = {0};
		struct first first;

		for (size_t k = 0; k < 4 && cases[i].nets[k]; k++)
			add(&site, cases[i].nets[k]);
		first_plan(&site, &first);
		if (cases[i].want)
			assert_string_equal(net_print(&first.network, text), cases[i].want);
		else
			assert_false(ip_is_set(&first.network.ip));
	}
}

static void
test_network6(void **state)
{
	static const struct {
		const char *own, *link, *want;
	} cases[] = {
	    {"2001:db8:1:2::5", "2001:db8:1:2::/64", "2001:db8:1:2:77::/80"},
	    {"2001:db8:1:2:77::5", "2001:db8:1:2::/64", "2001:db8:1:2:78::/80"},
	    {"2001:db8:1:2::5", "2001:db8:1:2::/112", NULL},
	};
	char text[NET_TEXT];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct site site = {0};
		struct first first;

		assert_int_equal(ip_parse(span_str(cases[i].own), &site.own6), 0);
		assert_int_equal(net_parse(span_str(cases[i].link), &site.net6), 0);
		first_plan(&site, &first);
		if (!cases[i].want) {
			assert_false(ip_is_set(&first.network6.ip));
			continue;
		}
		assert_string_equal(net_print(&first.network6, text), cases[i].want);
		assert_true(net_overlaps(&first.network6, &site.net6));
		assert_false(net_has(&first.network6, &site.own6));
	}
}

/* The usual port where it is free, else the first that is; of several programs and protocols. */
static void
test_ports(void **state)
{
	static const struct {
		struct port_range listening[4];
		unsigned want[DOORS];
	} cases[] = {
	    {{{0}}, {80, 443, 443}},
	    {{{80, 80, .proto = PROTO_TCP}}, {8080, 443, 443}},
	    {{{80, 80, .proto = PROTO_UDP}}, {80, 443, 443}},
	    {{{443, 443, .proto = PROTO_UDP}}, {80, 443, 8443}},
	    {{{80, 80, .proto = PROTO_TCP}, {8080, 8080, .proto = PROTO_TCP}}, {8081, 443, 443}},
	    {{{80, 80, .proto = PROTO_TCP}, {8080, 8080, .proto = PROTO_UDP}}, {8080, 443, 443}},
	    {{{443, 443, .proto = PROTO_BOTH}, {8443, 8444, .proto = PROTO_TCP}}, {80, 8445, 8443}},
	    {{{80, 80, .proto = PROTO_TCP}, {8080, 8098, .proto = PROTO_TCP}}, {8099, 443, 443}},
	    {{{1, 65535, .proto = PROTO_TCP}}, {0, 0, 443}},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct site site = {.listening = cases[i].listening, .n_listening = 4};
		struct first first;

		first_plan(&site, &first);
		for (int door = 0; door < DOORS; door++)
			assert_int_equal(first.ports[door], cases[i].want[door]);
	}
}

static char *
printed(const struct site *site, void (*print)(const struct site *, const struct first *, FILE *))
{
	struct first first;
	char *text = NULL;
	size_t len;
	FILE *to = open_memstream(&text, &len);

	first_plan(site, &first);
	print(site, &first, to);
	fclose(to);
	return text;
}

static void
test_words(void **state)
{
	static const struct port_range some[] = {{80, 80, .proto = PROTO_TCP},
	    {443, 443, .proto = PROTO_UDP}},
				       all[] = {{1, 65535, .proto = PROTO_TCP}};
	static const struct site bare = {0},
				 full = {.wan = "ens3",
				     .kernel = "/k",
				     .account = true,
				     .redis = true,
				     .redis_server = true,
				     .listening = some,
				     .n_listening = 2,
				     .memory_bytes = 4096ull << 20},
				 crowded = {.listening = all, .n_listening = 1};
	static const struct {
		const struct site *site;
		void (*print)(const struct site *, const struct first *, FILE *);
		const char *words[8], *never;
	} cases[] = {
	    {&bare, first_print, {"\n# wan:", "\n# kernel:", "\n  http: [80]\n"}, "user:"},
	    {&bare, first_tell, {"kernel: none is there; lodge kernel build", "memory: room for 0 guests"},
		"because"},
	    {&full, first_print,
		{"\nwan: ens3\n", "\nkernel: /k\n", "\nuser: lodge\n",
		    "\n  http: [8080]  # somebody else listens on 80;", "\n  tls: [443]\n",
		    "\n  quic: [8443]  #"},
		"# kernel:"},
	    {&full, first_tell,
		{"quic: 8443, because somebody listens on 443/udp", "left alone", "room for 7 guests"},
		"none is there"},
	    {&crowded, first_print, {"\n  http: []  # somebody else listens on 80;", "\n  quic: [443]\n"},
		"[0]"},
	    {&crowded, first_tell,
		{"http: closed, because somebody listens on 80/tcp and on each of 8080 to 8099"},
		"quic: closed"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *text = printed(cases[i].site, cases[i].print);

		for (const char *const *word = cases[i].words; *word; word++)
			assert_non_null(strstr(text, *word));
		assert_null(strstr(text, cases[i].never));
		free(text);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_network), cmocka_unit_test(test_network6),
	    cmocka_unit_test(test_ports), cmocka_unit_test(test_words)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
