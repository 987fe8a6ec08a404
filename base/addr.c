/* Addresses, networks and MACs as values; see addr.h. */
#include "base/addr.h"

#include <arpa/inet.h>
#include <stdio.h>

static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

static struct ip
ip_of_v6(const uint8_t b[16])
{
	struct ip ip = {.family = 6};

	if (memcmp(b, mapped, sizeof(mapped)) == 0) {
		ip.family = 4;
		memcpy(ip.b, b + 12, 4);
	} else {
		memcpy(ip.b, b, 16);
	}
	return ip;
}

int
ip_parse(struct span text, struct ip *out)
{
	char copy[IP_TEXT];
	uint8_t b[16] = {0};

	if (text.len == 0 || text.len >= sizeof(copy) || memchr(text.ptr, '\0', text.len))
		return -1;
	memcpy(copy, text.ptr, text.len);
	copy[text.len] = '\0';
	if (inet_pton(AF_INET, copy, b) == 1) {
		*out = (struct ip){.family = 4};
		memcpy(out->b, b, 4);
		return 0;
	}
	if (inet_pton(AF_INET6, copy, b) == 1) {
		*out = ip_of_v6(b);
		return 0;
	}
	return -1;
}

/* A decimal number without sign, space or leading zero, or -1. */
static int
small_number(struct span text, int max)
{
	int n = 0;

	if (text.len == 0 || text.len > 5 || (text.len > 1 && text.ptr[0] == '0'))
		return -1;
	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] < '0' || text.ptr[i] > '9')
			return -1;
		n = n * 10 + (text.ptr[i] - '0');
	}
	return n <= max ? n : -1;
}

static struct ip
masked(const struct ip *ip, unsigned bits)
{
	struct ip out = *ip;

	for (size_t i = 0; i < ip_len(ip); i++) {
		unsigned left = bits > i * 8 ? bits - (unsigned)i * 8 : 0;

		out.b[i] &= left >= 8 ? 0xff : (uint8_t)(0xff00 >> left);
	}
	return out;
}

int
net_parse(struct span text, struct net *out)
{
	size_t slash = span_find(text, '/');
	struct ip ip, low;
	int bits;

	if (slash == text.len || ip_parse(span_first(text, slash), &ip) == -1)
		return -1;
	bits = small_number(span_from(text, slash + 1), ip.family == 4 ? 32 : 128);
	if (bits == -1)
		return -1;
	low = masked(&ip, (unsigned)bits);
	if (ip_cmp(&low, &ip) != 0)
		return -1;
	*out = (struct net){ip, (uint8_t)bits};
	return 0;
}

int
addr_parse(struct span text, struct addr *out)
{
	bool bracket = text.len > 0 && text.ptr[0] == '[';
	size_t end = span_find(text, bracket ? ']' : ':');
	size_t colon = end + bracket;
	struct addr addr;
	int port;

	if (colon >= text.len || text.ptr[colon] != ':')
		return -1;
	port = small_number(span_from(text, colon + 1), UINT16_MAX);
	if (port == -1 || ip_parse(span_of(text.ptr + bracket, end - bracket), &addr.ip) == -1)
		return -1;
	if (bracket != (memchr(text.ptr, ':', end) != NULL))
		return -1;
	addr.port = (uint16_t)port;
	*out = addr;
	return 0;
}

static int
hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

int
mac_parse(struct span text, struct mac *out)
{
	struct mac mac;

	if (text.len != MAC_TEXT - 1)
		return -1;
	for (size_t i = 0; i < 6; i++) {
		int hi = hex(text.ptr[i * 3]), lo = hex(text.ptr[i * 3 + 1]);

		if (hi == -1 || lo == -1 || (i < 5 && text.ptr[i * 3 + 2] != ':'))
			return -1;
		mac.b[i] = (uint8_t)(hi << 4 | lo);
	}
	*out = mac;
	return 0;
}

const char *
ip_print(const struct ip *ip, char *out)
{
	if (!ip_is_set(ip))
		return strcpy(out, "-");
	return inet_ntop(ip->family == 4 ? AF_INET : AF_INET6, ip->b, out, IP_TEXT);
}

const char *
net_print(const struct net *net, char *out)
{
	ip_print(&net->ip, out);
	snprintf(out + strlen(out), 5, "/%d", net->bits);
	return out;
}

const char *
addr_print(const struct addr *addr, char *out)
{
	char ip[IP_TEXT];

	ip_print(&addr->ip, ip);
	snprintf(out, ADDR_TEXT, addr->ip.family == 6 ? "[%s]:%d" : "%s:%d", ip, addr->port);
	return out;
}

const char *
mac_print(const struct mac *mac, char *out)
{
	const uint8_t *b = mac->b;

	snprintf(out, MAC_TEXT, "%02x:%02x:%02x:%02x:%02x:%02x", b[0], b[1], b[2], b[3], b[4], b[5]);
	return out;
}

int
ip_cmp(const struct ip *a, const struct ip *b)
{
	if (a->family != b->family)
		return a->family < b->family ? -1 : 1;
	return memcmp(a->b, b->b, sizeof(a->b));
}

bool
ip_is_set(const struct ip *ip)
{
	return ip->family != 0;
}

size_t
ip_len(const struct ip *ip)
{
	return ip->family == 6 ? 16 : 4;
}

bool
net_has(const struct net *net, const struct ip *ip)
{
	struct ip low;

	if (net->ip.family != ip->family)
		return false;
	low = masked(ip, net->bits);
	return ip_cmp(&low, &net->ip) == 0;
}

static uint32_t
low32(const struct ip *ip)
{
	const uint8_t *b = ip->b + ip_len(ip) - 4;

	return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

uint32_t
net_host(const struct net *net, const struct ip *ip)
{
	return low32(ip) - low32(&net->ip);
}

struct ip
net_nth(const struct net *net, uint32_t n)
{
	struct ip ip = net->ip;
	uint32_t low = low32(&net->ip) + n;
	uint8_t *b = ip.b + ip_len(&ip) - 4;

	b[0] = (uint8_t)(low >> 24);
	b[1] = (uint8_t)(low >> 16);
	b[2] = (uint8_t)(low >> 8);
	b[3] = (uint8_t)low;
	return ip;
}

bool
net_overlaps(const struct net *a, const struct net *b)
{
	return net_has(a, &b->ip) || net_has(b, &a->ip);
}

bool
mac_is_multicast(const struct mac *mac)
{
	return mac->b[0] & 1;
}

struct mac
mac_of_ip(const struct ip *ip)
{
	struct mac mac = {{0x02, 0x00}};

	memcpy(mac.b + 2, ip->b + ip_len(ip) - 4, 4);
	return mac;
}

socklen_t
addr_to_sockaddr(const struct addr *addr, struct sockaddr_storage *out)
{
	struct sockaddr_in *in = (struct sockaddr_in *)out;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)out;

	memset(out, 0, sizeof(*out));
	if (addr->ip.family == 4) {
		in->sin_family = AF_INET;
		in->sin_port = htons(addr->port);
		memcpy(&in->sin_addr, addr->ip.b, 4);
		return sizeof(*in);
	}
	in6->sin6_family = AF_INET6;
	in6->sin6_port = htons(addr->port);
	memcpy(&in6->sin6_addr, addr->ip.b, 16);
	return sizeof(*in6);
}

int
addr_from_sockaddr(const struct sockaddr *sa, struct addr *out)
{
	const struct sockaddr_in *in = (const struct sockaddr_in *)sa;
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)sa;

	*out = (struct addr){0};
	if (sa->sa_family == AF_INET) {
		out->ip.family = 4;
		memcpy(out->ip.b, &in->sin_addr, 4);
		out->port = ntohs(in->sin_port);
		return 0;
	}
	if (sa->sa_family != AF_INET6)
		return -1;
	out->ip = ip_of_v6(in6->sin6_addr.s6_addr);
	out->port = ntohs(in6->sin6_port);
	return 0;
}
