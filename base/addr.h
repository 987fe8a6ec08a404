/*
 * Addresses, networks and MACs as values: parse, print, compare. A core: no descriptor, no name lookup.
 * Texts are strict: no leading or trailing bytes, no zone, no shorthand IPv4 ("127.1"), and an IPv4
 * address inside IPv6 (::ffff:a.b.c.d) is an IPv4 address.
 */
#ifndef BASE_ADDR_H
#define BASE_ADDR_H

#include "base/span.h"

#include <netinet/in.h>
#include <stdint.h>

enum {
	IP_TEXT = 46, /* room for any printed address, NUL included */
	NET_TEXT = 50, /* … with its prefix length */
	ADDR_TEXT = 56, /* … with brackets and port */
	MAC_TEXT = 18,
};

struct ip {
	uint8_t family; /* 4, 6, or 0: no address */
	uint8_t b[16]; /* network order; the first 4 for IPv4, the rest zero */
};

struct addr {
	struct ip ip;
	uint16_t port; /* host order */
};

struct net {
	struct ip ip; /* bits past the prefix are zero */
	uint8_t bits;
};

struct mac {
	uint8_t b[6];
};

/* 0, or -1 when the text is no such thing; *out is then untouched. */
int ip_parse(struct span, struct ip *out);
int net_parse(struct span, struct net *out); /* "a.b.c.d/n"; host bits set is an error */
int addr_parse(struct span, struct addr *out); /* "a.b.c.d:port", "[v6]:port" */
int mac_parse(struct span, struct mac *out); /* six hex pairs with colons */

/* Into out (of the size above), which is returned. */
const char *ip_print(const struct ip *, char *out);
const char *net_print(const struct net *, char *out);
const char *addr_print(const struct addr *, char *out); /* 1.2.3.4:80, [::1]:80 */
const char *mac_print(const struct mac *, char *out);

int ip_cmp(const struct ip *, const struct ip *); /* a total order: IPv4 before IPv6 */
bool ip_is_set(const struct ip *);
size_t ip_len(const struct ip *); /* 4 or 16 bytes */
bool net_has(const struct net *, const struct ip *);
/* How far an address lies above its network's first (the low 32 bits of the difference). */
uint32_t net_host(const struct net *, const struct ip *);
/* The n-th address of a network; the caller keeps n inside it. */
struct ip net_nth(const struct net *, uint32_t n);
bool net_overlaps(const struct net *, const struct net *);

bool mac_is_multicast(const struct mac *);
/* The MAC a guest has when its file names none: 02:00 and the IPv4 address. */
struct mac mac_of_ip(const struct ip *);

/* To and from the system's own shape; IPv4-mapped IPv6 becomes IPv4. addr_from -1: another family. */
socklen_t addr_to_sockaddr(const struct addr *, struct sockaddr_storage *);
int addr_from_sockaddr(const struct sockaddr *, struct addr *);

#endif
