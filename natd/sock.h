/* The host's own sockets, asked of the kernel (sock_diag). Errors: -1 and errno; with NULL nothing is known. */
#ifndef NATD_SOCK_H
#define NATD_SOCK_H

#include "base/addr.h"
#include "natd/plan.h"

struct sock;

struct sock *sock_open(void);
void sock_close(struct sock *);

/*
 * The ports on which programs of the host wait for anybody; not those of UDP which the kernel may have picked for a
 * client. A person's program has bits of its own (conf/host.h). Needs no struct sock.
 */
int sock_listening(struct plan_ports *);

/* Whether the host has a socket with these two ends; protocol: IPPROTO_TCP or IPPROTO_UDP. */
bool sock_is(struct sock *, uint8_t protocol, const struct addr *local, const struct addr *remote);

#endif
