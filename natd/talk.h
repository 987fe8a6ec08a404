/* One netlink request and all its answers. Shell, natd only. */
#ifndef NATD_TALK_H
#define NATD_TALK_H

#include <libmnl/libmnl.h>

/*
 * Sends the request that stands in buffer, and calls back for every answer up to its end or acknowledgement.
 * -1: errno; EINTR when what was listed changed meanwhile, after the last answer: ask again.
 */
int talk(struct mnl_socket *, void *buffer, size_t room, mnl_cb_t, void *arg);

#endif
