/* What one of the kernel's messages (rtnetlink) says of an interface. */
#ifndef ACCT_ROW_H
#define ACCT_ROW_H

#include "acct/link.h"

#include <libmnl/libmnl.h>

/* Of RTM_NEWLINK, RTM_DELLINK. False: no interface with counters. */
bool row_of_link(const struct nlmsghdr *, struct link_row *);
/* Of RTM_NEWSTATS: the counters alone, and whose. False: there are none in it. */
bool row_of_stats(const struct nlmsghdr *, uint32_t *ifindex, struct kernel *);
/*
 * Of RTM_NEWADDR, RTM_DELADDR. False: no address that is asked for. Every tap has the host's, and a link-local one that
 * never is.
 */
bool row_of_address(const struct nlmsghdr *, struct ip *);

#endif
