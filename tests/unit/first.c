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
	struct site bare = {0}, full = {.wan = "ens3",
				    .kernel = "/k",
				    .account = true,
				    .redis = true,
				    .redis_server = true,
				    .held = {true, false, true},
				    .memory_bytes = 4096ull << 20};
	char *text = printed(&bare, first_print);

	(void)state;
	assert_non_null(strstr(text, "\n# wan:"));
	assert_non_null(strstr(text, "\n# kernel:"));
	assert_null(strstr(text, "user:"));
	assert_non_null(strstr(text, "\n  http: [80]\n"));
	free(text);
	text = printed(&bare, first_tell);
	assert_non_null(strstr(text, "kernel: none is there; lodge kernel build"));
	assert_non_null(strstr(text, "memory: room for 0 guests"));
	free(text);
	text = printed(&full, first_print);
	assert_non_null(strstr(text, "\nwan: ens3\n"));
	assert_non_null(strstr(text, "\nkernel: /k\n"));
	assert_non_null(strstr(text, "\nuser: lodge\n"));
	assert_non_null(strstr(text, "\n  http: [8080]  # somebody else listens on 80;"));
	assert_non_null(strstr(text, "\n  tls: [443]\n"));
	assert_non_null(strstr(text, "\n  quic: [8443]  #"));
	free(text);
	text = printed(&full, first_tell);
	assert_non_null(strstr(text, "quic: 8443, because somebody listens on 443/udp"));
	assert_non_null(strstr(text, "left alone"));
	assert_non_null(strstr(text, "room for 7 guests"));
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_network), cmocka_unit_test(test_network6), cmocka_unit_test(test_words)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
