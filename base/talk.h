/* A netlink socket, and one request on it with all its answers. Shell. */
#ifndef BASE_TALK_H
#define BASE_TALK_H

#include <libmnl/libmnl.h>

/* Bound, and closed on exec; flags: SOCK_NONBLOCK, or 0. NULL: errno. */
struct mnl_socket *talk_open(int bus, int flags);

/*
 * Sends the request that stands in buffer, and calls back for every answer up to its end or acknowledgement.
 * -1: errno; EINTR when what was listed changed meanwhile, after the last answer: ask again.
 */
int talk(struct mnl_socket *, void *buffer, size_t room, mnl_cb_t, void *arg);

#endif
