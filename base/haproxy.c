/* The PROXY protocol header; see haproxy.h. */
#include "base/haproxy.h"

#include <stdio.h>

enum {
	VERSION_2_PROXY = 0x21,
	STREAM_IPV4 = 0x11,
	STREAM_IPV6 = 0x21,
};

static const char signature[12] = "\r\n\r\n\0\r\nQUIT\n";

size_t
haproxy_v1(const struct addr *from, const struct addr *to, char *out)
{
	char source[IP_TEXT], dest[IP_TEXT];

	ip_print(&from->ip, source);
	ip_print(&to->ip, dest);
	return (size_t)snprintf(out, HAPROXY_MAX, "PROXY TCP%d %s %s %d %d\r\n", from->ip.family, source,
	    dest, from->port, to->port);
}

static size_t
put(char *out, size_t n, const void *from, size_t len)
{
	memcpy(out + n, from, len);
	return n + len;
}

size_t
haproxy_v2(const struct addr *from, const struct addr *to, char *out)
{
	size_t ip = ip_len(&from->ip), n = put(out, 0, signature, sizeof(signature));
	uint8_t head[4] = {
	    VERSION_2_PROXY, from->ip.family == 6 ? STREAM_IPV6 : STREAM_IPV4, 0, (uint8_t)(ip * 2 + 4)};
	uint8_t ports[4] = {
	    (uint8_t)(from->port >> 8), (uint8_t)from->port, (uint8_t)(to->port >> 8), (uint8_t)to->port};

	n = put(out, n, head, sizeof(head));
	n = put(out, n, from->ip.b, ip);
	n = put(out, n, to->ip.b, ip);
	return put(out, n, ports, sizeof(ports));
}
