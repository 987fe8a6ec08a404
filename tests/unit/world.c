/* Whose bytes: the host's own, another guest's, or those of a client that the proxy carries. */
#include "acct/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

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
world_of(const struct conf *conf, struct delivery *proxied)
{
	static struct ip host[3];
	struct world w = {.host = host, .n_host = 3, .proxied = proxied};

	host[0] = ip("192.168.77.1");
	host[1] = ip("198.51.100.1");
	host[2] = ip("2001:db8:77::1");
	net_parse(span_str("192.168.77.0/24"), &w.network);
	net_parse(span_str("2001:db8:77::/64"), &w.network6);
	w.n_proxied = world_proxied(conf, proxied);
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
	struct delivery proxied[2 * WORLD_PROXIED];
	struct world w = world_of(&conf, proxied);

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const struct addr other = {ip(cases[i].other), cases[i].other_port},
				  guest = {ip(cases[i].guest), cases[i].guest_port};
		struct ends to = {other, guest, cases[i].proto}, from = {guest, other, cases[i].proto};

		if (world_class(&w, TO_GUEST, &to) != cases[i].class)
			fail_msg("case %zu to the guest", i);
		if (world_class(&w, FROM_GUEST, &from) != cases[i].class)
			fail_msg("case %zu from the guest", i);
	}
}

static void
a_closed_door_carries_nobody(void **state)
{
	struct guest guests[2];
	uint16_t door[1] = {80};
	struct conf conf = two_guests(guests, door);
	struct delivery proxied[2 * WORLD_PROXIED];

	(void)state;
	assert_int_equal(world_proxied(&conf, proxied), 9);
	conf.proxy.n_http = 0;
	assert_int_equal(world_proxied(&conf, proxied), 6);
	conf.proxy.n_quic = 0;
	assert_int_equal(world_proxied(&conf, proxied), 3);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(proxied[i].at.port, 443);
		assert_int_equal(proxied[i].proto, PROTO_TCP);
	}
	conf.proxy.n_tls = 0;
	assert_int_equal(world_proxied(&conf, proxied), 0);
	conf.n_guests = 0;
	assert_int_equal(world_proxied(&conf, NULL), 0);
}

/* What is found is what a walk over the whole list finds. */
static void
any_list(void **state)
{
	enum { GUESTS = 50 };
	static struct guest guests[GUESTS];
	static struct delivery proxied[GUESTS * WORLD_PROXIED];
	uint16_t door[1] = {80};
	struct conf conf = two_guests(guests, door);

	(void)state;
	srand(5);
	for (int i = 0; i < GUESTS; i++) {
		guests[i] = (struct guest){.to_http = (uint16_t)(rand() % 4),
		    .to_tls = (uint16_t)(rand() % 4),
		    .to_quic = (uint16_t)(rand() % 4)};
		guests[i].address = (struct ip){4, {192, 168, 77, (uint8_t)(2 + rand() % 60)}};
	}
	for (conf.n_guests = 0; conf.n_guests <= GUESTS; conf.n_guests++) {
		struct world w = world_of(&conf, proxied);

		for (unsigned at = 0; at < 64 * 5 * 2; at++) {
			struct ends e = {{ip("192.168.77.1"), 9},
			    {{4, {192, 168, 77, (uint8_t)(2 + at / 10)}}, at % 5},
			    at / 5 % 2 ? PROTO_UDP : PROTO_TCP};
			bool want = false;

			for (size_t i = 0; i < conf.n_guests; i++) {
				const struct guest *g = &guests[i];
				bool there = e.proto == PROTO_UDP
						 ? g->to_quic == e.to.port
						 : g->to_http == e.to.port || g->to_tls == e.to.port;

				want |= there && ip_cmp(&g->address, &e.to.ip) == 0;
			}
			assert_int_equal(world_class(&w, TO_GUEST, &e), want ? CLASS_WAN : CLASS_HOST);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_proxys_clients),
	    cmocka_unit_test(a_closed_door_carries_nobody),
	    cmocka_unit_test(any_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
