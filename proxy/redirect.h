/*
 * Where a plain HTTP request is sent whose guest wants https: the same place there. A core. RFC 9110 15.4, RFC 3986.
 *
 * Nothing that a client wrote is said back to it but a name that was judged and a target that is one: what may not
 * stand in a path or a query is percent-encoded.
 */
#ifndef PROXY_REDIRECT_H
#define PROXY_REDIRECT_H

#include "base/name.h"
#include "proxy/http.h"

enum {
	REDIRECT_MOVED = 301, /* of GET and HEAD */
	REDIRECT_PERMANENT = 308, /* of all others, which keep their method */
	REDIRECT_LOCATION_MAX = sizeof("https://:65535/") + NAME_MAX_BYTES + 3 * HTTP_HEAD_MAX,
};

/* This path stays: a certificate authority asks here whose the name is, and follows no promise of a certificate. */
bool redirect_spares(struct span path);

unsigned redirect_status(const struct http_head *);

/*
 * The URL. name: as name_judge made it. port: 0: that of https. path: what http_path gave. out: REDIRECT_LOCATION_MAX,
 * NUL-terminated. Returns the length.
 */
size_t redirect_location(const char *name, uint16_t port, struct span path, char *out);

#endif
