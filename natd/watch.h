/*
 * Tells when somebody else changed what is ours: another tool flushed the tables, a tap or its address or
 * route went, forwarding was switched off. Changes of our own are told too; the answer to them is to find
 * nothing to do.
 */
#ifndef NATD_WATCH_H
#define NATD_WATCH_H

#include <ev.h>

struct watch;

/* Who made the last change that concerned us, as "nft (process 123)"; "somebody" where the kernel does not tell. */
const char *watch_who(const struct watch *);

/* How often the kernel told more than there was room for. After each time there is a call back, as after a change. */
unsigned long watch_lost(const struct watch *);

/* Calls back within a millisecond after a change, later when one follows another. NULL: errno. */
struct watch *watch_open(struct ev_loop *, void (*on_change)(void *), void *arg);
void watch_close(struct watch *);

#endif
