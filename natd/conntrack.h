/* Flows that a change left behind (stale.h) are forgotten, after the commit; all others stay. Shell, natd only. */
#ifndef NATD_CONNTRACK_H
#define NATD_CONNTRACK_H

#include "natd/diff.h"

struct sock;

/* addresses: the host's own. The number of flows forgotten, or -1: errno. */
int conntrack_forget(
    const struct ops *, const struct facts *want, const struct ip *addresses, size_t n, struct sock *);

#endif
