/* Addresses, networks and MACs: tables, then print ∘ parse = id and a total order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include <arpa/inet.h>

#include "tests/unit/guard.h"

#include "base/addr.h"

#define COUNT(list) (sizeof(list) / sizeof(*(list)))

static struct ip
ip(const char *text)
{
	struct ip out = {0};

	assert_int_equal(ip_parse(span_str(text), &out), 0);
	return out;
}

static struct net
net(const char *text)
{
	struct net out = {0};

	assert_int_equal(net_parse(span_str(text), &out), 0);
	return out;
}

/* A text and how it is printed again; NULL: refused, and nothing is written. */
struct text_case {
	const char *text, *printed;
};

static void
ips(void **state)
{
	static const struct text_case cases[] = {
	    {"0.0.0.0", "0.0.0.0"},
	    {"192.168.77.2", "192.168.77.2"},
	    {"255.255.255.255", "255.255.255.255"},
	    {"::", "::"},
	    {"2001:DB8:0:0::0001", "2001:db8::1"},
	    {"::ffff:10.0.0.1", "10.0.0.1"},
	    {"::ffff:a00:1", "10.0.0.1"},
	    {"", NULL},
	    {"127.1", NULL},
	    {"1.2.3.4 ", NULL},
	    {" 1.2.3.4", NULL},
	    {"1.2.3.4.5", NULL},
	    {"1.2.3.256", NULL},
	    {"01.2.3.4", NULL},
	    {"0x1.2.3.4", NULL},
	    {"fe80::1%eth0", NULL},
	    {"[::1]", NULL},
	    {":::", NULL},
	    {"1:2:3:4:5:6:7", NULL},
	    {"1111:1111:1111:1111:1111:1111:111.111.111.1111", NULL},
	};
	char text[IP_TEXT];

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct ip out = {.family = 9};
		int result = ip_parse(guarded(cases[i].text), &out);

		assert_int_equal(result, cases[i].printed ? 0 : -1);
		if (cases[i].printed)
			assert_string_equal(ip_print(&out, text), cases[i].printed);
		else
			assert_int_equal(out.family, 9);
	}
	assert_int_equal(ip_parse(span_of("1.2.3.4\0", 8), &(struct ip){0}), -1);
	assert_string_equal(ip_print(&(struct ip){0}, text), "-");
}

static void
nets(void **state)
{
	static const struct text_case cases[] = {
	    {"192.168.77.0/24", "192.168.77.0/24"},
	    {"0.0.0.0/0", "0.0.0.0/0"},
	    {"10.1.2.3/32", "10.1.2.3/32"},
	    {"10.1.2.2/31", "10.1.2.2/31"},
	    {"2001:db8::/32", "2001:db8::/32"},
	    {"::1/128", "::1/128"},
	    {"192.168.77.1/24", NULL},
	    {"10.1.2.3/31", NULL},
	    {"2001:db8::1/64", NULL},
	    {"10.0.0.0/33", NULL},
	    {"2001:db8::/129", NULL},
	    {"10.0.0.0/08", NULL},
	    {"10.0.0.0/", NULL},
	    {"10.0.0.0", NULL},
	    {"/8", NULL},
	    {"10.0.0.0/-1", NULL},
	    {"10.0.0.0/8/8", NULL},
	};
	char text[NET_TEXT];

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct net out = {.bits = 99};

		assert_int_equal(net_parse(guarded(cases[i].text), &out), cases[i].printed ? 0 : -1);
		if (cases[i].printed)
			assert_string_equal(net_print(&out, text), cases[i].printed);
		else
			assert_int_equal(out.bits, 99);
	}
}

static void
addrs(void **state)
{
	static const struct text_case cases[] = {
	    {"127.0.0.1:8077", "127.0.0.1:8077"},
	    {"0.0.0.0:0", "0.0.0.0:0"},
	    {"[::1]:65535", "[::1]:65535"},
	    {"[::ffff:1.2.3.4]:5", "1.2.3.4:5"},
	    {"127.0.0.1:65536", NULL},
	    {"127.0.0.1:080", NULL},
	    {"127.0.0.1:", NULL},
	    {"127.0.0.1", NULL},
	    {":80", NULL},
	    {"::1:80", NULL},
	    {"[127.0.0.1]:80", NULL},
	    {"[::1]", NULL},
	    {"[::1]80", NULL},
	    {"[::1", NULL},
	    {"[", NULL},
	    {"", NULL},
	};
	char text[ADDR_TEXT];

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct addr out = {.port = 7}, back;
		struct sockaddr_storage sa;

		assert_int_equal(addr_parse(guarded(cases[i].text), &out), cases[i].printed ? 0 : -1);
		if (!cases[i].printed) {
			assert_int_equal(out.port, 7);
			continue;
		}
		assert_string_equal(addr_print(&out, text), cases[i].printed);
		assert_int_equal(addr_to_sockaddr(&out, &sa),
		    out.ip.family == 4 ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6));
		assert_int_equal(addr_from_sockaddr((struct sockaddr *)&sa, &back), 0);
		assert_int_equal(ip_cmp(&back.ip, &out.ip), 0);
		assert_int_equal(back.port, out.port);
	}
}

static void
macs(void **state)
{
	static const struct text_case cases[] = {
	    {"02:00:c0:a8:4d:02", "02:00:c0:a8:4d:02"},
	    {"FF:ff:00:9A:a9:0f", "ff:ff:00:9a:a9:0f"},
	    {"02:00:c0:a8:4d", NULL},
	    {"02:00:c0:a8:4d:02:01", NULL},
	    {"02-00-c0-a8-4d-02", NULL},
	    {"02:00:c0:a8:4d:0g", NULL},
	    {"2:0:c0:a8:4d:2", NULL},
	    {"", NULL},
	};
	struct ip four = ip("192.168.77.2");
	struct mac derived = mac_of_ip(&four);
	char text[MAC_TEXT];

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct mac out = {{9}};

		assert_int_equal(mac_parse(guarded(cases[i].text), &out), cases[i].printed ? 0 : -1);
		if (cases[i].printed)
			assert_string_equal(mac_print(&out, text), cases[i].printed);
		else
			assert_int_equal(out.b[0], 9);
	}
	assert_string_equal(mac_print(&derived, text), "02:00:c0:a8:4d:02");
	assert_false(mac_is_multicast(&derived));
	assert_true(mac_is_multicast(&(struct mac){{0x23, 0x33}}));
}

static void
networks_and_their_members(void **state)
{
	struct net four = net("192.168.77.0/24"), six = net("2001:db8::/64"), all = net("0.0.0.0/0");
	struct ip inside = ip("192.168.77.200"), outside = ip("192.168.78.0"), in6 = ip("2001:db8::5");
	struct ip third;
	char text[IP_TEXT];

	(void)state;
	assert_true(net_has(&four, &inside));
	assert_false(net_has(&four, &outside));
	assert_true(net_has(&all, &outside));
	assert_false(net_has(&all, &in6));
	assert_true(net_has(&six, &in6));
	assert_int_equal(net_host(&four, &inside), 200);
	assert_int_equal(net_host(&six, &in6), 5);
	third = net_nth(&four, 3);
	assert_string_equal(ip_print(&third, text), "192.168.77.3");
	third = net_nth(&six, 0x10000);
	assert_string_equal(ip_print(&third, text), "2001:db8::1:0");
	four = net("10.0.0.0/8");
	third = net_nth(&four, 0x123456);
	assert_int_equal(net_host(&four, &third), 0x123456);
	assert_true(net_overlaps(&four, &all));
	assert_true(net_overlaps(&all, &four));
	assert_false(net_overlaps(&four, &six));
	six = net("11.0.0.0/8");
	assert_false(net_overlaps(&four, &six));
}

/* IPv4 before IPv6, and antisymmetric. */
static void
the_order_is_total(void **state)
{
	static const char *const sorted[] = {
	    "0.0.0.0", "1.2.3.4", "1.2.4.0", "255.0.0.0", "::", "::1", "fe80::"};

	(void)state;
	for (size_t i = 0; i < COUNT(sorted); i++) {
		for (size_t j = 0; j < COUNT(sorted); j++) {
			struct ip a = ip(sorted[i]), b = ip(sorted[j]);
			int order = ip_cmp(&a, &b);

			assert_int_equal((order > 0) - (order < 0), (i > j) - (i < j));
		}
	}
}

static void
other_families_are_refused(void **state)
{
	struct sockaddr sa = {.sa_family = AF_UNIX};
	struct addr addr;

	(void)state;
	assert_int_equal(addr_from_sockaddr(&sa, &addr), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(ips),
	    cmocka_unit_test(nets),
	    cmocka_unit_test(addrs),
	    cmocka_unit_test(macs),
	    cmocka_unit_test(networks_and_their_members),
	    cmocka_unit_test(the_order_is_total),
	    cmocka_unit_test(other_families_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
