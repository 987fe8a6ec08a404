/* The guest's socket: made here and nowhere else. */
#ifndef PROXY_DIAL_H
#define PROXY_DIAL_H

#include "proxy/reach.h"

/* Whether sockets of this process may bear a client's address: whether it has CAP_NET_RAW, in effect. */
bool dial_able(void);

/*
 * A nonblocking socket of this type (SOCK_STREAM, SOCK_DGRAM) on its way to the guest. able: as dial_able said.
 * reach->from becomes what the guest sees. -1: errno.
 */
int dial_guest(struct reach *, const struct addr *client, int type, bool able);

/* Of such an errno: at this address nobody listens, or nobody is there. */
bool dial_is_refused(int error);
/* Of such an errno: nothing is wrong with the guest, the system has no more to give. */
bool dial_is_short(int error);

#endif
