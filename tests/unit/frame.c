/* Frames as a capture hands them over: class, direction, bytes and wire bytes. */
#include "acct/frame.h"
#include "tests/unit/guard.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <stdio.h>

enum { IN = 0, BROADCAST = 1, OUT = 4, IF = 7, ROOM = 256 };

struct packet {
	unsigned char b[ROOM];
	size_t n;
};

static struct ip
ip(const char *text)
{
	struct ip out = {0};

	assert_int_equal(ip_parse(span_str(text), &out), 0);
	return out;
}

static void
cooked(struct packet *p, unsigned ethertype, unsigned type)
{
	*p = (struct packet){.n = FRAME_SLL2};
	p->b[0] = (unsigned char)(ethertype >> 8);
	p->b[1] = (unsigned char)ethertype;
	p->b[7] = IF;
	p->b[10] = (unsigned char)type;
}

static struct packet
ip4(unsigned type, const char *from, const char *to, unsigned protocol, unsigned words)
{
	struct packet p;
	struct ip a = ip(from), b = ip(to);

	cooked(&p, 0x0800, type);
	p.b[p.n] = (unsigned char)(0x40 | words);
	p.b[p.n + 9] = (unsigned char)protocol;
	memcpy(p.b + p.n + 12, a.b, 4);
	memcpy(p.b + p.n + 16, b.b, 4);
	p.n += words * 4;
	return p;
}

static struct packet
ip6(unsigned type, const char *from, const char *to, unsigned protocol)
{
	struct packet p;
	struct ip a = ip(from), b = ip(to);

	cooked(&p, 0x86dd, type);
	p.b[p.n] = 0x60;
	p.b[p.n + 6] = (unsigned char)protocol;
	memcpy(p.b + p.n + 8, a.b, 16);
	memcpy(p.b + p.n + 24, b.b, 16);
	p.n += 40;
	return p;
}

static struct packet
tcp(struct packet p, unsigned words)
{
	p.b[p.n + 12] = (unsigned char)(words << 4);
	p.n += words * 4;
	return p;
}

static struct packet
more(struct packet p, size_t n)
{
	p.n += n;
	return p;
}

static struct world
world(void)
{
	static struct ip host[3];
	struct world w = {.host = host, .n_host = 3};

	net_parse(span_str("192.168.77.0/24"), &w.network);
	net_parse(span_str("2001:db8:77::/64"), &w.network6);
	host[0] = ip("192.168.77.1");
	host[1] = ip("198.51.100.1");
	host[2] = ip("2001:db8:77::1");
	return w;
}

static struct doors
doors(void)
{
	return (struct doors){
	    .address = ip("192.168.77.2"), .address6 = ip("2001:db8:77::2"), .http = 80, .quic = 443};
}

static struct frame
decode(const struct packet *p, uint64_t length, uint32_t mtu)
{
	size_t n = p->n < FRAME_SLL2 + FRAME_SNAP ? p->n : FRAME_SLL2 + FRAME_SNAP;
	const char *copy = guard_copy(p->b, n);
	struct world w = world();
	struct doors d = doors();
	struct frame frame = {0};

	assert_int_equal(frame_decode(span_of(copy, n), length + FRAME_SLL2, mtu, &w, &d, &frame), 0);
	guard_free(copy, n);
	return frame;
}

static void
classes(void **state)
{
	static const struct {
		const char *from, *to;
		unsigned type;
		enum traffic class;
	} cases[] = {
	    {"203.0.113.9", "192.168.77.2", OUT, CLASS_WAN},
	    {"192.168.77.2", "203.0.113.9", IN, CLASS_WAN},
	    {"192.168.77.1", "192.168.77.2", OUT, CLASS_HOST},
	    {"192.168.77.2", "192.168.77.1", IN, CLASS_HOST},
	    {"192.168.77.2", "198.51.100.1", IN, CLASS_HOST},
	    {"198.51.100.1", "192.168.77.2", OUT, CLASS_HOST},
	    {"198.51.100.2", "192.168.77.2", OUT, CLASS_WAN},
	    {"192.168.77.3", "192.168.77.2", OUT, CLASS_GUESTS},
	    {"192.168.77.2", "192.168.77.3", IN, CLASS_GUESTS},
	    {"192.168.77.2", "192.168.77.255", BROADCAST, CLASS_HOST},
	    {"192.168.77.2", "255.255.255.255", BROADCAST, CLASS_HOST},
	    {"0.0.0.0", "255.255.255.255", BROADCAST, CLASS_HOST},
	    {"192.168.77.2", "224.0.0.251", IN, CLASS_HOST},
	    {"169.254.3.4", "203.0.113.9", IN, CLASS_HOST},
	    {"10.0.0.1", "10.0.0.2", IN, CLASS_WAN}, /* spoofed: not ours to judge */
	    {"2001:db8:1::9", "2001:db8:77::2", OUT, CLASS_WAN},
	    {"2001:db8:77::2", "2001:db8:77::1", IN, CLASS_HOST},
	    {"2001:db8:77::2", "2001:db8:77::3", IN, CLASS_GUESTS},
	    {"fe80::2", "ff02::1", IN, CLASS_HOST},
	    {"::", "ff02::16", IN, CLASS_HOST},
	    {"fe80::2", "fe80::1", OUT, CLASS_HOST},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		bool six = strchr(cases[i].from, ':');
		struct packet p = more(six ? ip6(cases[i].type, cases[i].from, cases[i].to, 17)
					   : ip4(cases[i].type, cases[i].from, cases[i].to, 17, 5),
		    8);
		struct frame f = decode(&p, p.n - FRAME_SLL2, 1500);

		if (f.class != cases[i].class)
			fail_msg("%s > %s is class %d", cases[i].from, cases[i].to, f.class);
		assert_int_equal(f.direction, cases[i].type == OUT ? TO_GUEST : FROM_GUEST);
		assert_int_equal(f.family, six ? 6 : 4);
		assert_int_equal(f.protocol, 17);
		assert_int_equal(f.ifindex, IF);
		assert_int_equal(f.bytes, p.n - FRAME_SLL2 + FRAME_ETHER);
		assert_int_equal(f.wire, f.bytes);
	}
}

static void
arp_is_the_hosts(void **state)
{
	struct packet p;
	struct frame f;

	(void)state;
	cooked(&p, 0x0806, IN);
	p.n += 28;
	f = decode(&p, 28, 1500);
	assert_int_equal(f.class, CLASS_HOST);
	assert_int_equal(f.family, 0);
	assert_int_equal(f.bytes, 42);
	assert_int_equal(f.wire, 42);
}

/* What the wire carries is what the same segments sent one by one would count. */
static uint64_t
one_by_one(uint64_t payload, uint64_t headers, uint64_t mtu)
{
	uint64_t wire = 0, room = mtu - headers;

	for (; payload > 0; payload -= payload < room ? payload : room)
		wire += FRAME_ETHER + headers + (payload < room ? payload : room);
	return wire;
}

static void
segments(void **state)
{
	struct {
		struct packet p;
		uint64_t headers;
	} cases[] = {
	    {tcp(ip4(OUT, "203.0.113.9", "192.168.77.2", 6, 5), 5), 40},
	    {tcp(ip4(OUT, "203.0.113.9", "192.168.77.2", 6, 5), 8), 52},
	    {tcp(ip4(IN, "192.168.77.2", "203.0.113.9", 6, 15), 15), 120},
	    {tcp(ip6(OUT, "2001:db8::9", "2001:db8:77::2", 6), 8), 72},
	    {more(ip4(OUT, "203.0.113.9", "192.168.77.2", 17, 5), 8), 28},
	    {more(ip6(OUT, "2001:db8::9", "2001:db8:77::2", 17), 8), 48},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		for (uint64_t mtu = 1280; mtu <= 9000; mtu += 220)
			for (uint64_t payload = 1; payload < 200000; payload = payload * 3 + 1) {
				struct frame f = decode(&cases[i].p, cases[i].headers + payload, mtu);

				assert_int_equal(f.bytes, cases[i].headers + payload + FRAME_ETHER);
				assert_int_equal(f.wire, one_by_one(payload, cases[i].headers, mtu));
			}
}

static void
not_cut(void **state)
{
	struct packet fragment = ip4(OUT, "203.0.113.9", "192.168.77.2", 6, 5), icmp;
	struct frame f;

	(void)state;
	fragment.b[FRAME_SLL2 + 6] = 0x20;
	fragment = tcp(fragment, 5);
	f = decode(&fragment, 5000, 1500);
	assert_int_equal(f.wire, f.bytes);
	icmp = more(ip4(OUT, "203.0.113.9", "192.168.77.2", 1, 5), 8);
	f = decode(&icmp, 5000, 1500);
	assert_int_equal(f.wire, f.bytes);
	/* An MTU that no link has says nothing. */
	fragment = tcp(ip4(OUT, "203.0.113.9", "192.168.77.2", 6, 5), 5);
	f = decode(&fragment, 5000, 0);
	assert_int_equal(f.wire, f.bytes);
}

static void
extension_headers(void **state)
{
	/* hop-by-hop (8 bytes), destination options (16), then TCP */
	struct packet p = ip6(OUT, "2001:db8::9", "2001:db8:77::2", 0);
	struct frame f;

	(void)state;
	p.b[p.n] = 60;
	p.b[p.n + 8] = 6;
	p.b[p.n + 9] = 1;
	p = tcp(more(p, 24), 5);
	f = decode(&p, 40 + 24 + 20 + 3000, 1500);
	assert_int_equal(f.protocol, 6);
	assert_int_equal(f.wire, one_by_one(3000, 84, 1500));
}

static struct packet
ports(struct packet p, unsigned from, unsigned to)
{
	p.b[p.n] = (unsigned char)(from >> 8);
	p.b[p.n + 1] = (unsigned char)from;
	p.b[p.n + 2] = (unsigned char)(to >> 8);
	p.b[p.n + 3] = (unsigned char)to;
	return tcp(p, 5);
}

static struct packet
ip6_fragment(unsigned at)
{
	struct packet p = ip6(OUT, "2001:db8:77::1", "2001:db8:77::2", 44);

	p.b[p.n] = 6;
	p.b[p.n + 3] = (unsigned char)(at | 1);
	return ports(more(p, 8), 40000, 80);
}

/* What the proxy carries is a client's; what has no ports cannot be told from the host's own. */
static void
the_proxys_connections(void **state)
{
	struct packet first = ip4(OUT, "192.168.77.1", "192.168.77.2", 6, 5), later = first;
	const struct {
		struct packet p;
		enum traffic class;
	} cases[] = {
	    {ports(ip4(OUT, "192.168.77.1", "192.168.77.2", 6, 5), 40000, 80), CLASS_WAN},
	    {ports(ip4(OUT, "192.168.77.1", "192.168.77.2", 6, 15), 40000, 80), CLASS_WAN},
	    {ports(ip4(IN, "192.168.77.2", "192.168.77.1", 6, 5), 80, 40000), CLASS_WAN},
	    {ports(ip4(OUT, "192.168.77.1", "192.168.77.2", 6, 5), 40000, 22), CLASS_HOST},
	    {ports(ip4(IN, "192.168.77.2", "192.168.77.1", 6, 5), 22, 40000), CLASS_HOST},
	    {ports(ip4(IN, "192.168.77.2", "192.168.77.1", 6, 5), 40000, 80), CLASS_HOST},
	    {ports(ip4(OUT, "192.168.77.1", "192.168.77.2", 17, 5), 40000, 80), CLASS_HOST},
	    {ports(ip6(OUT, "2001:db8:77::1", "2001:db8:77::2", 6), 40000, 80), CLASS_WAN},
	    {ports(ip6(OUT, "2001:db8:77::1", "2001:db8:77::2", 17), 40000, 80), CLASS_HOST},
	    {ports(ip4(OUT, "192.168.77.1", "192.168.77.2", 17, 5), 40000, 443), CLASS_WAN},
	    {ports(ip4(IN, "192.168.77.2", "192.168.77.1", 17, 5), 443, 40000), CLASS_WAN},
	    {ports(ip4(OUT, "192.168.77.1", "192.168.77.2", 6, 5), 40000, 443), CLASS_HOST},
	    {ports(ip4(OUT, "192.168.77.1", "192.168.77.2", 132, 5), 40000, 443), CLASS_HOST},
	    {ports(ip6(IN, "2001:db8:77::2", "2001:db8:77::1", 17), 443, 40000), CLASS_WAN},
	    {ip6_fragment(0), CLASS_WAN},
	    {ip6_fragment(8), CLASS_HOST},
	};
	struct frame f;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		f = decode(&cases[i].p, cases[i].p.n - FRAME_SLL2, 1500);
		if (f.class != cases[i].class)
			fail_msg("case %zu is class %d", i, f.class);
	}
	first.b[FRAME_SLL2 + 6] = 0x20; /* more follow */
	first = ports(first, 40000, 80);
	later.b[FRAME_SLL2 + 7] = 1; /* at 8 */
	later = ports(later, 40000, 80);
	assert_int_equal(decode(&first, 40, 1500).class, CLASS_WAN);
	assert_int_equal(decode(&later, 40, 1500).class, CLASS_HOST);
}

/* A cut before the last byte of the ports is the host's, one behind it the client's; nothing else changes. */
static void
every_prefix_of_a_proxied(void **state)
{
	const struct packet whole[] = {
	    ports(ip4(OUT, "192.168.77.1", "192.168.77.2", 6, 7), 40000, 80),
	    ports(ip6(OUT, "2001:db8:77::1", "2001:db8:77::2", 6), 40000, 80),
	    ports(ip4(OUT, "192.168.77.1", "192.168.77.2", 17, 5), 40000, 443),
	};
	const size_t known[] = {FRAME_SLL2 + 28 + 4, FRAME_SLL2 + 40 + 4, FRAME_SLL2 + 20 + 4};
	struct world w = world();
	struct doors d = doors();

	(void)state;
	for (int i = 0; i < 3; i++)
		for (size_t n = FRAME_SLL2; n <= whole[i].n; n++) {
			const char *copy = guard_copy(whole[i].b, n);
			struct frame f;

			assert_int_equal(frame_decode(span_of(copy, n), whole[i].n, 1500, &w, &d, &f), 0);
			assert_int_equal(f.class, n < known[i] ? CLASS_HOST : CLASS_WAN);
			assert_int_equal(f.bytes, whole[i].n - FRAME_SLL2 + FRAME_ETHER);
			guard_free(copy, n);
		}
}

/* Any cut of any packet is read safely; from the cooked header on it is a frame of the same bytes. */
static void
every_prefix(void **state)
{
	struct packet p = tcp(ip6(OUT, "2001:db8::9", "2001:db8:77::2", 0), 8);
	struct world w = world();
	struct doors d = doors();

	(void)state;
	p.n = ROOM;
	for (size_t n = 0; n <= p.n; n++) {
		const char *copy = guard_copy(p.b, n);
		struct frame f = {.bytes = 99};
		int status = frame_decode(span_of(copy, n), 4000, 1500, &w, &d, &f);

		assert_int_equal(status, n < FRAME_SLL2 ? -1 : 0);
		assert_int_equal(f.bytes, n < FRAME_SLL2 ? 99 : 4000 - FRAME_SLL2 + FRAME_ETHER);
		assert_int_equal(frame_ifindex(span_of(copy, n)), n < FRAME_SLL2 ? 0 : IF);
		guard_free(copy, n);
	}
	assert_int_equal(
	    frame_decode(span_of(p.b, p.n), FRAME_SLL2 - 1, 1500, &w, &d, &(struct frame){0}), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(classes),
	    cmocka_unit_test(arp_is_the_hosts),
	    cmocka_unit_test(segments),
	    cmocka_unit_test(not_cut),
	    cmocka_unit_test(extension_headers),
	    cmocka_unit_test(the_proxys_connections),
	    cmocka_unit_test(every_prefix_of_a_proxied),
	    cmocka_unit_test(every_prefix),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
