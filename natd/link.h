/*
 * Taps, addresses, routes, policy rules, neighbours and sysctls: read into facts, changed by operations (rtnetlink
 * through libmnl, /dev/net/tun, /proc/sys). Errors: -1 and errno; link_why says in words what was refused.
 */
#ifndef NATD_LINK_H
#define NATD_LINK_H

#include "natd/diff.h"
#include "natd/fact.h"

#include <sys/types.h>

struct link;

struct link *link_open(void);
void link_close(struct link *);

/* The device of the default route with the lowest metric. -1: none (errno ENOENT), or errno. */
int link_default_device(struct link *, char out[16]);

/*
 * The prefixes of a device's IPv6 addresses, link-local ones apart, in order and each once; those beyond room are
 * left out. How many, or -1: errno.
 */
ssize_t link_prefixes(struct link *, const char *device, struct net *out, size_t room);

/*
 * Adds what is there of ours to have: taps whose alias says so, their addresses, routes and rules of our
 * protocol number, and of the sysctls those that want names. EEXIST: a device of a wanted tap's name is not ours.
 */
int link_read(struct link *, const struct facts *want, struct facts *have);

/* Those of a read's facts that are FACT_NEIGHBOUR, sorted: the kernel tells nobody when they change. */
int link_neighbours(struct link *, struct facts *have);

/* Every address of this host, as the last link_read saw them. */
const struct ip *link_addresses(const struct link *, size_t *n);

/*
 * The operations that are about links: undo before the nft transaction, make after it, so that no tap is ever
 * up without its rules. One refusal is logged and does not stop the others; -1 when there was any, -2 from undo when
 * a tap is still there, whose rules must stay, too.
 */
int link_undo(struct link *, const struct ops *);
int link_make(struct link *, const struct ops *);

/* Changes of the last link_make that wait for a guest to let go of its tap; its next carrier change tells. */
size_t link_waiting(const struct link *);

const char *link_why(const struct link *);

/* A number below /proc/sys, or -1. */
int sysctl_read(const char *path);

#endif
