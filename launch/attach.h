/*
 * Who is attached to a guest's console: a socket (base/conpkt.h) to which ATTACH_MAX at a time may come: one writes, all
 * read. Each has a place of its own in the ring; one that is slow misses what the ring no longer holds, and is told how
 * much; the guest waits for nobody.
 */
#ifndef LAUNCH_ATTACH_H
#define LAUNCH_ATTACH_H

#include "launch/ring.h"

#include <ev.h>
#include <sys/types.h>

enum { ATTACH_MAX = 8 };

struct attach;

/* What the one who writes typed; false: there is no room for it. */
typedef bool attach_typed(void *arg, const char *bytes, size_t n);
/* Its terminal has that size now. */
typedef void attach_sized(void *arg, unsigned rows, unsigned columns);

/* NULL: errno. The socket is its owner's alone. */
struct attach *attach_open(
    struct ev_loop *, const char *path, const struct ring *, attach_typed *, attach_sized *, void *arg);
void attach_close(struct attach *); /* NULL is nothing */

/* There is more in the ring. */
void attach_pump(struct attach *);
/* A line of the launcher's own to all. */
void attach_note(struct attach *, const char *text);
/* How many are attached; *writer is the process that writes, 0 where none does. */
unsigned attach_count(const struct attach *, pid_t *writer);

#endif
