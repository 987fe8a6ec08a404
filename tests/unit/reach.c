/* At which of a guest's addresses a client arrives, and as whom the guest sees it. */
#include "proxy/reach.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <stdio.h>

static struct ip
ip(const char *text)
{
	struct ip out = {0};

	if (*text)
		assert_int_equal(ip_parse(span_str(text), &out), 0);
	return out;
}

static void
test_choose(void **state)
{
	static const struct {
		enum client_address how;
		const char *address6, *client, *to;
		enum reach_from from;
	} cases[] = {
	    {CLIENT_TRANSPARENT, "", "198.51.100.2", "192.168.77.2", FROM_CLIENT},
	    {CLIENT_TRANSPARENT, "2001:db8:77::2", "198.51.100.2", "192.168.77.2", FROM_CLIENT},
	    {CLIENT_TRANSPARENT, "2001:db8:77::2", "2001:db8::9", "2001:db8:77::2", FROM_CLIENT},
	    {CLIENT_TRANSPARENT, "", "2001:db8::9", "192.168.77.2", FROM_OTHER_FAMILY},
	    {CLIENT_TRANSPARENT, "", "192.168.77.3", "192.168.77.2", FROM_CLIENT}, /* another guest */
	    {CLIENT_TRANSPARENT, "", "192.168.77.2", "192.168.77.2", FROM_ITSELF},
	    {CLIENT_TRANSPARENT, "2001:db8:77::2", "2001:db8:77::2", "2001:db8:77::2", FROM_ITSELF},
	    {CLIENT_TRANSPARENT, "", "127.0.0.1", "192.168.77.2", FROM_NOWHERE},
	    {CLIENT_TRANSPARENT, "", "127.255.255.255", "192.168.77.2", FROM_NOWHERE},
	    {CLIENT_TRANSPARENT, "", "126.255.255.255", "192.168.77.2", FROM_CLIENT},
	    {CLIENT_TRANSPARENT, "", "128.0.0.1", "192.168.77.2", FROM_CLIENT},
	    {CLIENT_TRANSPARENT, "", "0.0.0.0", "192.168.77.2", FROM_NOWHERE},
	    {CLIENT_TRANSPARENT, "", "1.0.0.0", "192.168.77.2", FROM_CLIENT},
	    {CLIENT_TRANSPARENT, "", "223.255.255.255", "192.168.77.2", FROM_CLIENT},
	    {CLIENT_TRANSPARENT, "", "224.0.0.1", "192.168.77.2", FROM_NOWHERE},
	    {CLIENT_TRANSPARENT, "", "255.255.255.255", "192.168.77.2", FROM_NOWHERE},
	    {CLIENT_TRANSPARENT, "2001:db8:77::2", "::1", "2001:db8:77::2", FROM_NOWHERE},
	    {CLIENT_TRANSPARENT, "2001:db8:77::2", "::", "2001:db8:77::2", FROM_NOWHERE},
	    {CLIENT_TRANSPARENT, "2001:db8:77::2", "::2", "2001:db8:77::2", FROM_CLIENT},
	    {CLIENT_TRANSPARENT, "2001:db8:77::2", "fe80::1", "2001:db8:77::2", FROM_NOWHERE},
	    {CLIENT_TRANSPARENT, "2001:db8:77::2", "febf::1", "2001:db8:77::2", FROM_NOWHERE},
	    {CLIENT_TRANSPARENT, "2001:db8:77::2", "fec0::1", "2001:db8:77::2", FROM_CLIENT},
	    {CLIENT_TRANSPARENT, "2001:db8:77::2", "ff02::1", "2001:db8:77::2", FROM_NOWHERE},
	    {CLIENT_TRANSPARENT, "2001:db8:77::2", "::ffff:198.51.100.2", "192.168.77.2", FROM_CLIENT},
	    {CLIENT_NONE, "", "198.51.100.2", "192.168.77.2", FROM_HOST},
	    {CLIENT_NONE, "2001:db8:77::2", "2001:db8::9", "2001:db8:77::2", FROM_HOST},
	    {CLIENT_NONE, "", "127.0.0.1", "192.168.77.2", FROM_HOST},
	    {CLIENT_PROXY_V1, "2001:db8:77::2", "2001:db8::9", "2001:db8:77::2", FROM_HOST},
	    {CLIENT_PROXY_V2, "", "2001:db8::9", "192.168.77.2", FROM_HOST},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct route_guest guest = {.address = ip("192.168.77.2"),
		    .address6 = ip(cases[i].address6),
		    .client_address = cases[i].how};
		struct ip client = ip(cases[i].client), to = ip(cases[i].to);
		struct reach reach = reach_choose(&guest, 8443, &client);

		if (ip_cmp(&reach.to.ip, &to) != 0 || reach.to.port != 8443 || reach.from != cases[i].from)
			fail_msg("case %zu: %s", i, reach_name(reach.from));
	}
}

/* To the other address goes only who is called from the host, and once. */
static void
test_turn(void **state)
{
	static const struct {
		enum client_address how;
		const char *address6, *client, *to; /* "": it does not turn */
	} cases[] = {
	    {CLIENT_NONE, "2001:db8:77::2", "2001:db8::9", "192.168.77.2"},
	    {CLIENT_PROXY_V1, "2001:db8:77::2", "2001:db8::9", "192.168.77.2"},
	    {CLIENT_PROXY_V2, "2001:db8:77::2", "198.51.100.2", "2001:db8:77::2"},
	    {CLIENT_NONE, "", "2001:db8::9", ""},
	    {CLIENT_NONE, "", "198.51.100.2", ""},
	    {CLIENT_TRANSPARENT, "2001:db8:77::2", "2001:db8::9", ""},
	    {CLIENT_TRANSPARENT, "2001:db8:77::2", "198.51.100.2", ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct route_guest guest = {.address = ip("192.168.77.2"),
		    .address6 = ip(cases[i].address6),
		    .client_address = cases[i].how};
		struct ip client = ip(cases[i].client), to = ip(cases[i].to);
		struct reach reach = reach_choose(&guest, 8443, &client);
		bool turned = reach_turn(&reach);

		if (turned != (cases[i].to[0] != '\0') || (turned && ip_cmp(&reach.to.ip, &to) != 0) ||
		    reach.to.port != 8443 || reach_turn(&reach))
			fail_msg("case %zu", i);
	}
}

/* Whoever is dialled as itself has the family of what it is led to: no address of one is ever put in the other's. */
static void
test_families(void **state)
{
	(void)state;
	for (int i = 0; i < 1 << 12; i++) {
		struct route_guest guest = {.address = ip("192.168.77.2"),
		    .address6 = i & 1 ? ip("2001:db8:77::2") : (struct ip){0},
		    .client_address = (enum client_address)(CLIENT_TRANSPARENT + (i >> 1) % 4)};
		struct ip client = {i & 8 ? 6 : 4, {(uint8_t)(i >> 4)}};
		struct reach reach = reach_choose(&guest, 80, &client);

		assert_true(reach.from != FROM_CLIENT || reach.to.ip.family == client.family);
		assert_true((reach.from == FROM_HOST) == (guest.client_address != CLIENT_TRANSPARENT));
		assert_true(ip_is_set(&reach.to.ip));
	}
}

static void
test_names(void **state)
{
	(void)state;
	for (int i = 0; i < FROMS; i++)
		for (int k = 0; k < i; k++)
			assert_string_not_equal(
			    reach_name((enum reach_from)i), reach_name((enum reach_from)k));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_choose),
	    cmocka_unit_test(test_turn),
	    cmocka_unit_test(test_families),
	    cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
