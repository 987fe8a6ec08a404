/*
 * What a guest's root may put on its wire: one frame of the case named, as good as it can be forged.
 * usage: liar DEVICE HOSTS-MAC CASE. It plays alice (192.168.77.2, 2001:db8:77::2, 02:00:c0:a8:4d:02) and lies about bob (…3).
 */
#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

static uint8_t frame[512];
static size_t n;
static const uint8_t alice[6] = {2, 0, 192, 168, 77, 2}, bob[6] = {2, 0, 192, 168, 77, 3},
		     all[6] = {255, 255, 255, 255, 255, 255}, all6[6] = {0x33, 0x33, 0, 0, 0, 1};

static void
put(const void *bytes, size_t len)
{
	memcpy(frame + n, bytes, len);
	n += len;
}

static void
put16(uint16_t value)
{
	uint16_t big = htons(value);

	put(&big, 2);
}

static void
put_ip(const char *text)
{
	uint8_t b[16];

	if (inet_pton(AF_INET, text, b) == 1)
		put(b, 4);
	else if (inet_pton(AF_INET6, text, b) == 1)
		put(b, 16);
}

static uint16_t
sum(const uint8_t *b, size_t len, uint32_t from)
{
	for (size_t i = 0; i < len; i++)
		from += (uint32_t)b[i] << (i % 2 ? 0 : 8);
	while (from >> 16)
		from = (from & 0xffff) + (from >> 16);
	return (uint16_t)~from;
}

static void
ether(const uint8_t *to, const uint8_t *from, uint16_t type)
{
	put(to, 6);
	put(from, 6);
	put16(type);
}

static void
ip4(const char *from, const char *to, uint8_t protocol, const void *body, size_t len)
{
	size_t at = n;
	uint16_t check;

	put16(0x4500);
	put16((uint16_t)(20 + len));
	put16(1);
	put16(0);
	put16((uint16_t)(64 << 8 | protocol));
	put16(0);
	put_ip(from);
	put_ip(to);
	check = htons(sum(frame + at, 20, 0));
	memcpy(frame + at + 10, &check, 2);
	put(body, len);
}

/* at: where the body's checksum stands in it. */
static void
ip6(const char *from, const char *to, uint8_t protocol, uint8_t *body, size_t len, size_t at)
{
	size_t start = n;
	uint16_t check;

	put16(0x6000);
	put16(0);
	put16((uint16_t)len);
	put16((uint16_t)(protocol << 8 | 255));
	put_ip(from);
	put_ip(to);
	check = htons(sum(body, len, (uint32_t)~sum(frame + start + 8, 32, (uint32_t)(protocol + len)) & 0xffff));
	memcpy(body + at, &check, 2);
	put(body, len);
}

static uint8_t udp[64];
static size_t udp_len;

static void
make_udp(uint16_t from, uint16_t to, const char *text)
{
	uint16_t head[4] = {htons(from), htons(to), htons((uint16_t)(8 + strlen(text))), 0};

	memcpy(udp, head, 8);
	memcpy(udp + 8, text, strlen(text));
	udp_len = 8 + strlen(text);
}

static void
arp(uint16_t op, const uint8_t *outer, const uint8_t *mac, const char *ip, const char *whom)
{
	ether(all, outer, 0x0806);
	put16(1);
	put16(0x0800);
	put16(0x0604);
	put16(op);
	put(mac, 6);
	put_ip(ip);
	put(op == 2 ? all : (const uint8_t *)"\0\0\0\0\0\0", 6);
	put_ip(whom);
}

/* Router advertisement, neighbour solicitation or advertisement, redirect: type, target, and the own link address. */
static void
nd(const uint8_t *host, uint8_t type, const char *from, const char *to, const char *target)
{
	uint8_t body[64] = {type};
	size_t len = 8;

	if (type == 134) {
		body[4] = 64, body[6] = 7, body[7] = 8; /* hop limit, 1800 s */
		len = 16;
	} else {
		if (type == 136)
			body[4] = 0xe0;
		inet_pton(AF_INET6, target, body + 8);
		len = 24;
		if (type == 137) {
			inet_pton(AF_INET6, "2001:db8:1::2", body + 24);
			len = 40;
		}
	}
	body[len] = type == 136 || type == 137 ? 2 : 1;
	body[len + 1] = 1;
	memcpy(body + len + 2, alice, 6);
	ether(strncmp(to, "ff", 2) == 0 ? all6 : host, alice, 0x86dd);
	ip6(from, to, 58, body, len + 8, 2);
}

static int
forge(const char *what, const uint8_t *host)
{
	static uint8_t redirect[36] = {5, 1, 0, 0, 192, 168, 77, 2, 0x45, 0, 0, 28, 0, 1, 0, 0, 64, 17};
	char text[32];
	uint16_t check;

	snprintf(text, sizeof(text), "LIAR %s", what);
	make_udp(7777, 9999, text);
#define IS(name) (strcmp(what, name) == 0)
	if (IS("honest"))
		ether(host, alice, 0x0800), ip4("192.168.77.2", "198.51.100.2", 17, udp, udp_len);
	else if (IS("honest6"))
		ether(host, alice, 0x86dd), ip6("2001:db8:77::2", "2001:db8:1::2", 17, udp, udp_len, 6);
	else if (IS("neighbours-address"))
		ether(host, alice, 0x0800), ip4("192.168.77.3", "198.51.100.2", 17, udp, udp_len);
	else if (IS("strangers-address"))
		ether(host, alice, 0x0800), ip4("203.0.113.9", "198.51.100.2", 17, udp, udp_len);
	else if (IS("hosts-address"))
		ether(host, alice, 0x0800), ip4("198.51.100.1", "198.51.100.2", 17, udp, udp_len);
	else if (IS("loopback"))
		ether(host, alice, 0x0800), ip4("127.0.0.1", "198.51.100.1", 17, udp, udp_len);
	else if (IS("neighbours-mac"))
		ether(host, bob, 0x0800), ip4("192.168.77.2", "198.51.100.2", 17, udp, udp_len);
	else if (IS("neighbours-all"))
		ether(host, bob, 0x0800), ip4("192.168.77.3", "198.51.100.2", 17, udp, udp_len);
	else if (IS("neighbours-address6"))
		ether(host, alice, 0x86dd), ip6("2001:db8:77::3", "2001:db8:1::2", 17, udp, udp_len, 6);
	else if (IS("another-address6"))
		ether(host, alice, 0x86dd), ip6("2001:db8:77::99", "2001:db8:1::2", 17, udp, udp_len, 6);
	else if (IS("to-neighbour"))
		ether(host, alice, 0x0800), ip4("192.168.77.2", "192.168.77.3", 17, udp, udp_len);
	else if (IS("to-neighbour6"))
		ether(host, alice, 0x86dd), ip6("2001:db8:77::2", "2001:db8:77::3", 17, udp, udp_len, 6);
	else if (IS("to-neighbours-mac"))
		ether(bob, alice, 0x0800), ip4("192.168.77.2", "192.168.77.3", 17, udp, udp_len);
	else if (IS("to-everybody"))
		ether(all, alice, 0x0800), ip4("192.168.77.2", "255.255.255.255", 17, udp, udp_len);
	else if (IS("tagged")) {
		ether(host, alice, 0x8100);
		put16(1);
		put16(0x0800);
		ip4("192.168.77.3", "198.51.100.2", 17, udp, udp_len);
	} else if (IS("dhcp-offer"))
		make_udp(67, 68, text), ether(all, alice, 0x0800), ip4("192.168.77.2", "255.255.255.255", 17, udp, udp_len);
	else if (IS("dhcp-offer-outside"))
		make_udp(67, 68, text), ether(host, alice, 0x0800), ip4("192.168.77.2", "198.51.100.2", 17, udp, udp_len);
	else if (IS("dhcp6-reply"))
		make_udp(547, 546, text), ether(host, alice, 0x86dd), ip6("2001:db8:77::2", "2001:db8:1::2", 17, udp, udp_len, 6);
	else if (IS("redirect")) {
		inet_pton(AF_INET, "192.168.77.2", redirect + 20);
		inet_pton(AF_INET, "198.51.100.2", redirect + 24);
		check = htons(sum(redirect, 36, 0));
		memcpy(redirect + 2, &check, 2);
		ether(host, alice, 0x0800), ip4("192.168.77.2", "192.168.77.1", 1, redirect, 36);
	} else if (IS("arp-neighbour"))
		arp(2, alice, alice, "192.168.77.3", "192.168.77.1");
	else if (IS("arp-host"))
		arp(2, alice, alice, "192.168.77.1", "192.168.77.1");
	else if (IS("arp-gratuitous"))
		arp(1, alice, alice, "192.168.77.3", "192.168.77.3");
	else if (IS("arp-neighbours-mac"))
		arp(2, alice, bob, "192.168.77.3", "192.168.77.1");
	else if (IS("arp-all-neighbours"))
		arp(1, bob, bob, "192.168.77.3", "192.168.77.1");
	else if (IS("ra"))
		nd(host, 134, "fe80::c0ff:fea8:4d02", "ff02::1", NULL);
	else if (IS("ra-to-neighbour"))
		nd(host, 134, "2001:db8:77::2", "2001:db8:77::3", NULL);
	else if (IS("redirect6"))
		nd(host, 137, "fe80::c0ff:fea8:4d02", "2001:db8:77::1", "fe80::c0ff:fea8:4d02");
	else if (IS("ns-as-neighbour"))
		nd(host, 135, "2001:db8:77::3", "2001:db8:77::1", "2001:db8:77::1");
	else if (IS("na-as-neighbour"))
		nd(host, 136, "2001:db8:77::3", "2001:db8:77::1", "2001:db8:77::3");
	else if (IS("na-for-neighbour"))
		nd(host, 136, "2001:db8:77::2", "2001:db8:77::1", "2001:db8:77::3");
	else if (IS("na-for-neighbour-local"))
		nd(host, 136, "fe80::c0ff:fea8:4d02", "ff02::1", "2001:db8:77::3");
	else if (IS("na-for-host"))
		nd(host, 136, "2001:db8:77::2", "ff02::1", "2001:db8:77::1");
	else
		return -1;
	return 0;
}

int
main(int argc, char **argv)
{
	struct sockaddr_ll to = {.sll_family = AF_PACKET};
	unsigned b[6] = {0};
	uint8_t host[6];
	int fd = socket(AF_PACKET, SOCK_RAW, 0);

	if (argc != 4 || sscanf(argv[2], "%x:%x:%x:%x:%x:%x", &b[0], &b[1], &b[2], &b[3], &b[4], &b[5]) != 6) {
		fputs("usage: liar DEVICE HOSTS-MAC CASE\n", stderr);
		return 2;
	}
	for (int i = 0; i < 6; i++)
		host[i] = (uint8_t)b[i];
	to.sll_ifindex = (int)if_nametoindex(argv[1]);
	if (fd == -1 || forge(argv[3], host) == -1 || sendto(fd, frame, n, 0, (struct sockaddr *)&to, sizeof(to)) == -1) {
		perror(argv[3]);
		return 1;
	}
	printf("sent %s\n", argv[3]);
	return 0;
}
