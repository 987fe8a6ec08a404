/* Whose process is at the other end of a loopback connection, as the kernel says (sock_diag). */
#ifndef WEB_PEER_H
#define WEB_PEER_H

#include "base/addr.h"

#include <stdbool.h>

struct peers;

struct peers *peers_open(void); /* NULL: errno */
void peers_close(struct peers *);

/* Is it root's, or that user's? false also when it cannot be told. */
bool peer_is(struct peers *, int fd, unsigned uid);

/* The other end has an address of this host: loopback, or the very one that it connected to. */
bool peer_is_here(int fd, const struct ip *peer);

#endif
