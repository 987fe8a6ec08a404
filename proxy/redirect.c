/* Where a plain HTTP request is sent; see redirect.h. */
#include "proxy/redirect.h"

#include <stdio.h>

static const char spared[] = "/.well-known/acme-challenge/"; /* RFC 8555 8.3 */

bool
redirect_spares(struct span path)
{
	return path.len >= sizeof(spared) - 1 && memcmp(path.ptr, spared, sizeof(spared) - 1) == 0;
}

unsigned
redirect_status(const struct http_head *head)
{
	return head->is_get || head->is_head ? REDIRECT_MOVED : REDIRECT_PERMANENT;
}

static bool
is_hex(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* May the first of these stand in a path or a query as it is? RFC 3986 3.3 and 3.4. */
static bool
is_plain(struct span s)
{
	char c = s.ptr[0];

	if (c == '%')
		return s.len > 2 && is_hex(s.ptr[1]) && is_hex(s.ptr[2]);
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c && strchr("-._~!$&'()*+,;=:@/?", c));
}

size_t
redirect_location(const char *name, uint16_t port, struct span path, char *out)
{
	static const char hex[] = "0123456789ABCDEF";
	char colon[8] = "";
	size_t n;

	if (port)
		snprintf(colon, sizeof(colon), ":%u", (unsigned)port);
	n = (size_t)snprintf(out, REDIRECT_LOCATION_MAX, "https://%.*s%s%s", NAME_MAX_BYTES, name, colon,
	    path.len && path.ptr[0] == '/' ? "" : "/");
	path = span_first(path, span_find(path, '#'));
	for (; path.len; path = span_from(path, 1)) {
		unsigned char c = (unsigned char)path.ptr[0];

		if (is_plain(path)) {
			out[n++] = (char)c;
			continue;
		}
		out[n++] = '%';
		out[n++] = hex[c >> 4];
		out[n++] = hex[c & 15];
	}
	out[n] = '\0';
	return n;
}
