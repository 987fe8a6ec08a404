/*
 * The PROXY protocol's header, version 1 (text) and 2 (binary), as the specification of haproxy.org, sections 2.1 and
 * 2.2: written to tell a guest the client's address, read where a balancer in front of us tells it to us. A core.
 */
#ifndef BASE_HAPROXY_H
#define BASE_HAPROXY_H

#include "base/addr.h"
#include "base/sniff.h"

enum {
	HAPROXY_MAX = 108, /* longest header that is written, 2.1 */
	HAPROXY_IN_MAX = 2048, /* longest header that is read, with whatever a balancer adds to it */
};

/* from: the client; to: the address it called. Both of one family. Into out; returns the length. */
size_t haproxy_v1(const struct addr *from, const struct addr *to, char *out);
size_t haproxy_v2(const struct addr *from, const struct addr *to, char *out);

/* What the first bytes of a connection say; the law of sniff.h. */
struct haproxy {
	enum verdict verdict; /* HOST: from and to are told; NONE: the connection speaks for itself */
	uint32_t length; /* of the header; HOST and NONE only */
	struct addr from, to; /* of one family; HOST only */
	const char *why; /* static text; BAD only */
};

/*
 * Strict: one space, no leading zeros, additions whose lengths fit; a stream over IPv4 or IPv6. NONE are UNKNOWN,
 * LOCAL, and addresses of another kind. What a balancer adds behind the addresses is skipped.
 */
struct haproxy haproxy_read(struct span in);

#endif
