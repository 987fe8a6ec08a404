/*
 * Flows that a change left behind. After the commit: those of a guest that is gone, those led to a guest that
 * the wanted maps do not lead there, those that an entry of `allow` let pass which is gone, and UDP that reached the host itself on ports which now are a guest's.
 * All others stay.
 */
#ifndef NATD_CONNTRACK_H
#define NATD_CONNTRACK_H

#include "natd/diff.h"

/* addresses: the host's own. The number of flows forgotten, or -1: errno. */
struct sock;
int conntrack_forget(
    const struct ops *, const struct facts *want, const struct ip *addresses, size_t n, struct sock *);

#endif
