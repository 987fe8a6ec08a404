/* Name → guest: exact before the longest suffix before the default, at any number of names. */
#include "conf/route.h"
#include "tests/unit/guard.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <cmocka.h>

static struct domain alice_domains[] = {
    {DOMAIN_EXACT, (char[]){"alice.example"}, {0, 1, 1}},
    {DOMAIN_SUFFIX, (char[]){"alice.dev"}, {0, 2, 1}},
    {DOMAIN_EXACT, (char[]){"deep.bob.dev"}, {0, 3, 1}},
    {DOMAIN_SUFFIX, (char[]){"both.example"}, {0, 4, 1}},
};
static struct domain bob_domains[] = {
    {DOMAIN_BELOW, (char[]){"bob.dev"}, {0, 5, 1}},
    {DOMAIN_SUFFIX, (char[]){"sub.alice.dev"}, {0, 6, 1}},
    {DOMAIN_BELOW, (char[]){"both.example"}, {0, 7, 1}},
    {DOMAIN_SUFFIX, (char[]){"tld"}, {0, 8, 1}},
};
static struct guest guests[] = {
    {.name = "alice", .domains = alice_domains, .n_domains = 4, .to_http = 80, .to_tls = 443},
    {.name = "bob",
	.domains = bob_domains,
	.n_domains = 4,
	.client_address = CLIENT_PROXY_V2,
	.address6 = {6, {0x20, 0x01, [15] = 3}},
	.redirect_https = true},
};
static struct conf conf = {
    .guests = guests,
    .n_guests = 2,
    .proxy.client_address = CLIENT_NONE,
};

static const char *
owner(const struct routes *r, const char *name, unsigned *line)
{
	const char *copy = guard_copy(name, strlen(name));
	const struct route *route = routes_find(r, span_of(copy, strlen(name)));

	guard_free(copy, strlen(name));
	*line = route ? route->place.line : 0;
	return route ? route->guest->name : "-";
}

static void
test_find(void **state)
{
	static const struct {
		const char *name, *guest;
		unsigned line;
	} cases[] = {
	    {"alice.example", "alice", 1},
	    {"x.alice.example", "-", 0},
	    {"xalice.example", "-", 0},
	    {"example", "-", 0},
	    {"alice.dev", "alice", 2},
	    {"a.b.c.alice.dev", "alice", 2},
	    {"xalice.dev", "-", 0},
	    {"sub.alice.dev", "bob", 6},
	    {"x.sub.alice.dev", "bob", 6},
	    {"bob.dev", "-", 0},
	    {"x.bob.dev", "bob", 5},
	    {"deep.bob.dev", "alice", 3},
	    {"deeper.deep.bob.dev", "bob", 5},
	    {"both.example", "alice", 4},
	    {"x.both.example", "bob", 7},
	    {"tld", "bob", 8},
	    {"a.tld", "bob", 8},
	    {"", "-", 0},
	    {"com", "-", 0},
	};
	struct routes *r = routes_plan(&conf);

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		unsigned line;

		assert_string_equal(owner(r, cases[i].name, &line), cases[i].guest);
		assert_int_equal(line, cases[i].line);
	}
	assert_int_equal(routes_names(r), 8);
	assert_null(routes_default(r));
	routes_free(r);
}

static void
test_guests(void **state)
{
	struct routes *r = routes_plan(&conf);
	const struct route_guest *list;

	(void)state;
	assert_int_equal(routes_guests(r, &list), 2);
	assert_int_equal(list[0].client_address, CLIENT_NONE);
	assert_int_equal(list[1].client_address, CLIENT_PROXY_V2);
	assert_int_equal(list[0].to_tls, 443);
	assert_false(ip_is_set(&list[0].address6));
	assert_false(list[0].redirect_https);
	assert_int_equal(ip_cmp(&list[1].address6, &guests[1].address6), 0);
	assert_true(list[1].redirect_https);
	routes_free(r);
}

static void
test_default(void **state)
{
	struct conf with = conf;
	struct routes *r;
	unsigned line;

	(void)state;
	with.proxy.fallback = &guests[1];
	r = routes_plan(&with);
	assert_string_equal(owner(r, "nobody.example", &line), "bob");
	assert_string_equal(owner(r, "alice.example", &line), "alice");
	assert_string_equal(routes_default(r)->guest->name, "bob");
	routes_free(r);
	with = (struct conf){0};
	r = routes_plan(&with);
	assert_string_equal(owner(r, "alice.example", &line), "-");
	routes_free(r);
}

static struct routes *
many(struct domain *domains, char (*names)[48], size_t n)
{
	struct guest guest = {.name = "many", .domains = domains, .n_domains = n};
	struct conf big = {.guests = &guest, .n_guests = 1};

	for (size_t i = 0; i < n; i++) {
		snprintf(names[i], sizeof(names[i]), "host%zu.example.org", i);
		domains[i] = (struct domain){(enum domain_kind)(i % 3), names[i], {0, (uint32_t)i + 1, 1}};
	}
	return routes_plan(&big);
}

static double
time_of(const struct routes *r, size_t n)
{
	clock_t began = clock();
	char name[48];

	for (size_t i = 0; i < 100000; i++) {
		int len = snprintf(name, sizeof(name), "host%zu.example.org", i % n);

		routes_find(r, span_of(name, (size_t)len));
	}
	return (double)(clock() - began);
}

/* Each of 10,000 is found, and for about what one of 10 costs. */
static void
test_many(void **state)
{
	enum { MANY = 10000 };
	struct domain *domains = calloc(MANY, sizeof(*domains));
	char(*names)[48] = calloc(MANY, sizeof(*names)), below[64];
	struct routes *r = many(domains, names, MANY);
	double few, lots = time_of(r, MANY);
	unsigned line;

	(void)state;
	for (size_t i = 0; i < MANY; i++) {
		owner(r, names[i], &line);
		assert_int_equal(line, i % 3 == DOMAIN_BELOW ? 0 : i + 1);
		snprintf(below, sizeof(below), "x.%s", names[i]);
		owner(r, below, &line);
		assert_int_equal(line, i % 3 == DOMAIN_EXACT ? 0 : i + 1);
	}
	routes_free(r);
	r = many(domains, names, 10);
	few = time_of(r, 10);
	assert_true(lots < few * 5 + CLOCKS_PER_SEC / 50);
	routes_free(r);
	free(domains);
	free(names);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_find),
	    cmocka_unit_test(test_guests),
	    cmocka_unit_test(test_default),
	    cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
