/* The usage page behind the proxy. */
#include "conf/page.h"
#include "proxy/rules.h"
#include "tests/unit/guard.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static void
parse(const char *yaml, struct conf *conf)
{
	const struct conf_text text = {"lodge.yaml", span_str(yaml)};
	struct conf_errors errors = {0};

	assert_int_equal(conf_parse(&text, 1, &(struct conf_host){0}, conf, &errors), 0);
	conf_errors_free(&errors);
}

static void
it_is_behind_the_guests(void **state)
{
	static const struct {
		const char *listen, *address;
	} cases[] = {{"127.0.0.1:8077", "127.0.0.1"}, {"0.0.0.0:8077", "127.0.0.1"}, {"\"[::]:8077\"", "::1"},
	    {"198.51.100.1:8077", "198.51.100.1"}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const struct route_guest *page;
		const struct route *route;
		struct routes *routes;
		struct conf conf, again;
		char yaml[512], address[IP_TEXT], *bytes = NULL;
		size_t n = 0;
		FILE *to;

		snprintf(yaml, sizeof(yaml),
		    "proxy: {default: zoe}\nweb: {listen: %s, name: usage.example.org}\nguests:\n"
		    "  alice: {address: 192.168.77.2}\n  zoe: {address: 192.168.77.3}\n",
		    cases[i].listen);
		parse(yaml, &conf);
		assert_int_equal(page_add(&conf), 0);
		to = open_memstream(&bytes, &n);
		rules_write(&conf, to);
		fclose(to);
		conf_free(&conf);
		/* As a worker has it. */
		assert_int_equal(rules_read(span_of(bytes, n), &again), 0);
		routes = routes_plan(&again);
		page = page_find(routes);
		assert_non_null(page);
		assert_int_equal(page->client_address, CLIENT_PROXY_V2);
		assert_int_equal(page->to_http, 8077);
		assert_string_equal(ip_print(&page->address, address), cases[i].address);
		route = routes_find(routes, guarded("usage.example.org"));
		assert_true(route && route->guest == page);
		assert_string_equal(routes_find(routes, guarded("other.example.org"))->guest->name, "zoe");
		assert_string_equal(routes_default(routes)->guest->name, "zoe");
		routes_free(routes);
		conf_free(&again);
		free(bytes);
	}
}

static void
without_one_there_is_none(void **state)
{
	struct routes *routes;
	struct conf conf;

	(void)state;
	parse("guests: {alice: {address: 192.168.77.2}}\n", &conf);
	assert_int_equal(page_add(&conf), 0);
	assert_int_equal(conf.n_guests, 1);
	routes = routes_plan(&conf);
	assert_null(page_find(routes));
	routes_free(routes);
	conf_free(&conf);
}

static void
a_guest_asks_by_address(void **state)
{
	static const struct {
		const char *host, *client;
		bool asked;
	} cases[] = {
	    {"192.168.77.1", "192.168.77.2", true},
	    {"192.168.77.1:80", "192.168.77.2", true},
	    {"203.0.113.9", "192.168.77.2", true},
	    {"[2001:db8:77::1]", "2001:db8:77::2", true},
	    {"[2001:db8:77::1]:80", "2001:db8:77::2", true},
	    {"192.168.77.1", "198.51.100.2", false}, /* a stranger learns of no page by it */
	    {"192.168.77.1", "2001:db8:78::2", false},
	    {"usage", "192.168.77.2", false},
	    {"192.168.77.1.example.org", "192.168.77.2", false},
	    {"192.168.77", "192.168.77.2", false},
	    {"[]", "192.168.77.2", false},
	    {"[", "192.168.77.2", false},
	    {"", "192.168.77.2", false},
	};
	struct net network, network6;

	(void)state;
	assert_int_equal(net_parse(span_str("192.168.77.0/24"), &network), 0);
	assert_int_equal(net_parse(span_str("2001:db8:77::/64"), &network6), 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct ip client;

		assert_int_equal(ip_parse(span_str(cases[i].client), &client), 0);
		assert_int_equal(
		    page_is_asked(guarded(cases[i].host), &client, &network, &network6), cases[i].asked);
	}
	assert_false(
	    page_is_asked(span_str("192.168.77.1"), &(struct ip){6, {0}}, &network, &(struct net){0}));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(it_is_behind_the_guests),
	    cmocka_unit_test(without_one_there_is_none),
	    cmocka_unit_test(a_guest_asks_by_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
