/* Taps that outlive their guests, /dev/net/tun and rtnetlink. -1: errno. Shell, linkset.c only. */
#ifndef NATD_TAP_H
#define NATD_TAP_H

#include "natd/link.h"

int tap_add(struct link *, const struct fact *);
/* Owner, alias, up; a guest that is attached keeps the owner it has until it lets go. */
int tap_change(struct link *, const struct fact *have, const struct fact *want);
int tap_delete(struct link *, const struct fact *);

#endif
