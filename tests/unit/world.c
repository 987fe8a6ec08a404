/* Whose bytes: the host's own, another guest's, or those of a client that the proxy carries. */
#include "acct/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

static struct ip
ip(const char *text)
{
	struct ip out = {0};

	assert_int_equal(ip_parse(span_str(text), &out), 0);
	return out;
}

/* Two guests; bob's web server listens elsewhere and has IPv6 too. */
static struct conf
two_guests(struct guest guests[2], uint16_t door[1])
{
	guests[0] =
	    (struct guest){.address = ip("192.168.77.9"), .to_http = 80, .to_tls = 443, .to_quic = 443};
	guests[1] = (struct guest){.address = ip("192.168.77.2"),
	    .address6 = ip("2001:db8:77::2"),
	    .to_http = 8080,
	    .to_tls = 443,
	    .to_quic = 8443};
	return (struct conf){
	    .guests = guests,
	    .n_guests = 2,
	    .proxy = {.http = door, .n_http = 1, .tls = door, .n_tls = 1, .quic = door, .n_quic = 1},
	};
}

static struct world
world_of_host(void)
{
	static struct ip host[3];
	struct world w = {.host = host, .n_host = 3};

	host[0] = ip("192.168.77.1");
	host[1] = ip("198.51.100.1");
	host[2] = ip("2001:db8:77::1");
	net_parse(span_str("192.168.77.0/24"), &w.network);
	net_parse(span_str("2001:db8:77::/64"), &w.network6);
	return w;
}

static void
the_proxys_clients(void **state)
{
	static const struct {
		const char *other, *guest;
		uint16_t other_port, guest_port;
		uint8_t proto;
		enum traffic class;
	} cases[] = {
	    {"192.168.77.1", "192.168.77.9", 40000, 80, PROTO_TCP, CLASS_WAN},
	    {"192.168.77.1", "192.168.77.9", 40000, 443, PROTO_TCP, CLASS_WAN},
	    {"198.51.100.1", "192.168.77.9", 40000, 80, PROTO_TCP, CLASS_WAN},
	    {"192.168.77.1", "192.168.77.9", 40000, 22, PROTO_TCP, CLASS_HOST},
	    {"192.168.77.1", "192.168.77.9", 40000, 8080, PROTO_TCP, CLASS_HOST}, /* bob's */
	    {"192.168.77.1", "192.168.77.2", 40000, 8080, PROTO_TCP, CLASS_WAN},
	    {"192.168.77.1", "192.168.77.2", 40000, 80, PROTO_TCP, CLASS_HOST},
	    {"2001:db8:77::1", "2001:db8:77::2", 40000, 8080, PROTO_TCP, CLASS_WAN},
	    {"2001:db8:77::1", "2001:db8:77::2", 40000, 80, PROTO_TCP, CLASS_HOST},
	    {"192.168.77.1", "192.168.77.8", 40000, 80, PROTO_TCP, CLASS_HOST}, /* nobody */
	    {"192.168.77.1", "192.168.77.9", 80, 40000, PROTO_TCP, CLASS_HOST}, /* the guest asks the host */
	    {"192.168.77.1", "192.168.77.9", 443, 443, PROTO_TCP, CLASS_WAN},
	    {"192.168.77.1", "192.168.77.9", 40000, 80, PROTO_UDP, CLASS_HOST},
	    {"192.168.77.1", "192.168.77.9", 0, 0, 0, CLASS_HOST},
	    {"192.168.77.2", "192.168.77.9", 40000, 80, PROTO_TCP, CLASS_GUESTS},
	    {"203.0.113.9", "192.168.77.9", 40000, 80, PROTO_TCP, CLASS_WAN},
	    {"203.0.113.9", "192.168.77.9", 40000, 22, PROTO_TCP, CLASS_WAN},
	    {"192.168.77.1", "192.168.77.9", 40000, 443, PROTO_UDP, CLASS_WAN},
	    {"2001:db8:77::1", "2001:db8:77::2", 40000, 8443, PROTO_UDP, CLASS_WAN},
	    {"192.168.77.1", "192.168.77.2", 40000, 8443, PROTO_TCP, CLASS_HOST}, /* bob's for QUIC alone */
	    {"192.168.77.1", "192.168.77.9", 443, 40000, PROTO_UDP, CLASS_HOST},
	    {"192.168.77.1", "192.168.77.9", 40000, 443, 0, CLASS_HOST}, /* a later fragment */
	    {"192.168.77.2", "192.168.77.9", 40000, 443, PROTO_UDP, CLASS_GUESTS},
	};
	struct guest guests[2];
	uint16_t door[1] = {80};
	struct conf conf = two_guests(guests, door);
	struct world w = world_of_host();

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const struct addr other = {ip(cases[i].other), cases[i].other_port},
				  guest = {ip(cases[i].guest), cases[i].guest_port};
		struct ends to = {other, guest, cases[i].proto}, from = {guest, other, cases[i].proto};
		bool is_first = ip_cmp(&guest.ip, &guests[0].address) == 0;
		struct doors own = world_doors(&conf, &guests[is_first ? 0 : 1]),
			     others = world_doors(&conf, &guests[is_first ? 1 : 0]);
		bool hosts = strncmp(cases[i].other, "192.168.77.1", 13) == 0 || other.ip.family == 6 ||
			     strncmp(cases[i].other, "198.51.100.1", 13) == 0;

		if (world_class(&w, &own, TO_GUEST, &to) != cases[i].class)
			fail_msg("case %zu to the guest", i);
		if (world_class(&w, &own, FROM_GUEST, &from) != cases[i].class)
			fail_msg("case %zu from the guest", i);
		/* On another guest's tap these are nobody's doors. */
		if (world_class(&w, &others, TO_GUEST, &to) != (hosts ? CLASS_HOST : cases[i].class))
			fail_msg("case %zu to another", i);
	}
}

static void
a_closed_door_carries_nobody(void **state)
{
	static const struct {
		size_t n_http, n_tls, n_quic;
		enum traffic http, tls, quic;
	} cases[] = {
	    {1, 1, 1, CLASS_WAN, CLASS_WAN, CLASS_WAN},
	    {0, 1, 1, CLASS_HOST, CLASS_WAN, CLASS_WAN},
	    {1, 0, 1, CLASS_WAN, CLASS_HOST, CLASS_WAN},
	    {1, 1, 0, CLASS_WAN, CLASS_WAN, CLASS_HOST},
	    {0, 0, 0, CLASS_HOST, CLASS_HOST, CLASS_HOST},
	};
	struct guest guests[2];
	uint16_t door[1] = {80};
	struct conf conf = two_guests(guests, door);
	struct world w = world_of_host();
	const struct ip host = ip("192.168.77.1");

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct doors doors;
		struct ends http = {{host, 9}, {guests[0].address, 80}, PROTO_TCP},
			    tls = {{host, 9}, {guests[0].address, 443}, PROTO_TCP},
			    quic = {{host, 9}, {guests[0].address, 443}, PROTO_UDP},
			    zero = {{host, 9}, {guests[0].address, 0}, PROTO_TCP};

		conf.proxy.n_http = cases[i].n_http;
		conf.proxy.n_tls = cases[i].n_tls;
		conf.proxy.n_quic = cases[i].n_quic;
		doors = world_doors(&conf, &guests[0]);
		assert_int_equal(world_class(&w, &doors, TO_GUEST, &http), cases[i].http);
		assert_int_equal(world_class(&w, &doors, TO_GUEST, &tls), cases[i].tls);
		assert_int_equal(world_class(&w, &doors, TO_GUEST, &quic), cases[i].quic);
		assert_int_equal(world_class(&w, &doors, TO_GUEST, &zero), CLASS_HOST);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_proxys_clients),
	    cmocka_unit_test(a_closed_door_carries_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
