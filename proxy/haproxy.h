/*
 * The PROXY protocol header that tells a guest the client's address: version 1 (text) and 2 (binary), as the
 * specification of haproxy.org, sections 2.1 and 2.2. A core.
 */
#ifndef PROXY_HAPROXY_H
#define PROXY_HAPROXY_H

#include "base/addr.h"

enum {
	HAPROXY_MAX = 108, /* longest header, 2.1 */
};

/* from: the client; to: the address it called. Both of one family. Into out; returns the length. */
size_t haproxy_v1(const struct addr *from, const struct addr *to, char *out);
size_t haproxy_v2(const struct addr *from, const struct addr *to, char *out);

#endif
