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

#define OUTSIDE "198.51.100.2"
#define OUTSIDE6 "2001:db8:1::2"
#define LOCAL "fe80::c0ff:fea8:4d02"

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
	check =
	    htons(sum(body, len, (uint32_t)~sum(frame + start + 8, 32, (uint32_t)(protocol + len)) & 0xffff));
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

enum shape { IN_UDP, IN_UDP6, IN_VLAN, IN_REDIRECT, IN_ARP, IN_ND };

/* to NULL: the host's MAC. a and b: of IP the source and the destination, of ARP who is said to be and who is asked. */
static const struct lie {
	const char *name;
	enum shape shape;
	const uint8_t *to, *from;
	const char *a, *b;
	uint16_t from_port, to_port; /* of UDP; 0: 7777 to 9999 */
	uint16_t kind; /* ARP's operation, ICMPv6's type */
	const uint8_t *mac; /* in the body of ARP */
	const char *target; /* of ND */
} lies[] = {
    {"honest", IN_UDP, NULL, alice, "192.168.77.2", OUTSIDE},
    {"honest6", IN_UDP6, NULL, alice, "2001:db8:77::2", OUTSIDE6},
    {"neighbours-address", IN_UDP, NULL, alice, "192.168.77.3", OUTSIDE},
    {"strangers-address", IN_UDP, NULL, alice, "203.0.113.9", OUTSIDE},
    {"hosts-address", IN_UDP, NULL, alice, "198.51.100.1", OUTSIDE},
    {"loopback", IN_UDP, NULL, alice, "127.0.0.1", "198.51.100.1"},
    {"neighbours-mac", IN_UDP, NULL, bob, "192.168.77.2", OUTSIDE},
    {"neighbours-all", IN_UDP, NULL, bob, "192.168.77.3", OUTSIDE},
    {"neighbours-address6", IN_UDP6, NULL, alice, "2001:db8:77::3", OUTSIDE6},
    {"another-address6", IN_UDP6, NULL, alice, "2001:db8:77::99", OUTSIDE6},
    {"to-neighbour", IN_UDP, NULL, alice, "192.168.77.2", "192.168.77.3"},
    {"to-neighbour6", IN_UDP6, NULL, alice, "2001:db8:77::2", "2001:db8:77::3"},
    {"to-neighbours-mac", IN_UDP, bob, alice, "192.168.77.2", "192.168.77.3"},
    {"to-everybody", IN_UDP, all, alice, "192.168.77.2", "255.255.255.255"},
    {"tagged", IN_VLAN, NULL, alice, "192.168.77.3", OUTSIDE},
    {"dhcp-offer", IN_UDP, all, alice, "192.168.77.2", "255.255.255.255", 67, 68},
    {"dhcp-offer-outside", IN_UDP, NULL, alice, "192.168.77.2", OUTSIDE, 67, 68},
    {"dhcp6-reply", IN_UDP6, NULL, alice, "2001:db8:77::2", OUTSIDE6, 547, 546},
    {"redirect", IN_REDIRECT, NULL, alice, "192.168.77.2", "192.168.77.1"},
    {"arp-neighbour", IN_ARP, NULL, alice, "192.168.77.3", "192.168.77.1", .kind = 2, .mac = alice},
    {"arp-host", IN_ARP, NULL, alice, "192.168.77.1", "192.168.77.1", .kind = 2, .mac = alice},
    {"arp-gratuitous", IN_ARP, NULL, alice, "192.168.77.3", "192.168.77.3", .kind = 1, .mac = alice},
    {"arp-neighbours-mac", IN_ARP, NULL, alice, "192.168.77.3", "192.168.77.1", .kind = 2, .mac = bob},
    {"arp-all-neighbours", IN_ARP, NULL, bob, "192.168.77.3", "192.168.77.1", .kind = 1, .mac = bob},
    {"ra", IN_ND, NULL, alice, LOCAL, "ff02::1", .kind = 134},
    {"ra-to-neighbour", IN_ND, NULL, alice, "2001:db8:77::2", "2001:db8:77::3", .kind = 134},
    {"redirect6", IN_ND, NULL, alice, LOCAL, "2001:db8:77::1", .kind = 137, .target = LOCAL},
    {"ns-as-neighbour", IN_ND, NULL, alice, "2001:db8:77::3", "2001:db8:77::1", .kind = 135,
	.target = "2001:db8:77::1"},
    {"na-as-neighbour", IN_ND, NULL, alice, "2001:db8:77::3", "2001:db8:77::1", .kind = 136,
	.target = "2001:db8:77::3"},
    {"na-for-neighbour", IN_ND, NULL, alice, "2001:db8:77::2", "2001:db8:77::1", .kind = 136,
	.target = "2001:db8:77::3"},
    {"na-for-neighbour-local", IN_ND, NULL, alice, LOCAL, "ff02::1", .kind = 136, .target = "2001:db8:77::3"},
    {"na-for-host", IN_ND, NULL, alice, "2001:db8:77::2", "ff02::1", .kind = 136, .target = "2001:db8:77::1"},
};

static void
put_redirect(const struct lie *lie)
{
	static uint8_t body[36] = {5, 1, 0, 0, 192, 168, 77, 2, 0x45, 0, 0, 28, 0, 1, 0, 0, 64, 17};
	uint16_t check;

	inet_pton(AF_INET, "192.168.77.2", body + 20);
	inet_pton(AF_INET, OUTSIDE, body + 24);
	check = htons(sum(body, sizeof(body), 0));
	memcpy(body + 2, &check, 2);
	ip4(lie->a, lie->b, 1, body, sizeof(body));
}

static void
tell(const struct lie *lie, const uint8_t *host)
{
	const uint8_t *to = lie->to ? lie->to : host;
	char text[32];

	snprintf(text, sizeof(text), "LIAR %s", lie->name);
	make_udp(lie->from_port ? lie->from_port : 7777, lie->to_port ? lie->to_port : 9999, text);
	switch (lie->shape) {
	case IN_UDP:
		ether(to, lie->from, 0x0800), ip4(lie->a, lie->b, 17, udp, udp_len);
		break;
	case IN_UDP6:
		ether(to, lie->from, 0x86dd), ip6(lie->a, lie->b, 17, udp, udp_len, 6);
		break;
	case IN_VLAN:
		ether(to, lie->from, 0x8100), put16(1), put16(0x0800), ip4(lie->a, lie->b, 17, udp, udp_len);
		break;
	case IN_REDIRECT:
		ether(to, lie->from, 0x0800), put_redirect(lie);
		break;
	case IN_ARP:
		arp(lie->kind, lie->from, lie->mac, lie->a, lie->b);
		break;
	case IN_ND:
		nd(host, (uint8_t)lie->kind, lie->a, lie->b, lie->target);
		break;
	}
}

static int
forge(const char *what, const uint8_t *host)
{
	for (size_t i = 0; i < sizeof(lies) / sizeof(*lies); i++)
		if (strcmp(lies[i].name, what) == 0) {
			tell(&lies[i], host);
			return 0;
		}
	return -1;
}

int
main(int argc, char **argv)
{
	struct sockaddr_ll to = {.sll_family = AF_PACKET};
	unsigned b[6] = {0};
	uint8_t host[6];
	int fd = socket(AF_PACKET, SOCK_RAW, 0);

	if (argc != 4 ||
	    sscanf(argv[2], "%x:%x:%x:%x:%x:%x", &b[0], &b[1], &b[2], &b[3], &b[4], &b[5]) != 6) {
		fputs("usage: liar DEVICE HOSTS-MAC CASE\n", stderr);
		return 2;
	}
	for (int i = 0; i < 6; i++)
		host[i] = (uint8_t)b[i];
	to.sll_ifindex = (int)if_nametoindex(argv[1]);
	if (fd == -1 || forge(argv[3], host) == -1 ||
	    sendto(fd, frame, n, 0, (struct sockaddr *)&to, sizeof(to)) == -1) {
		perror(argv[3]);
		return 1;
	}
	printf("sent %s\n", argv[3]);
	return 0;
}
