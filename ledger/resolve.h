/* A host's address without waiting in the loop: a child that lives a few seconds asks, and its answer is read. */
#ifndef LEDGER_RESOLVE_H
#define LEDGER_RESOLVE_H

#include <ev.h>

struct resolve;

/* address: as text; NULL: why. resolve_close is then due. */
typedef void resolve_done(void *arg, const char *address, const char *why);

/* turn: of a name with several addresses, which. NULL: errno. */
struct resolve *resolve_open(
    struct ev_loop *, const char *name, unsigned turn, resolve_done *done, void *arg);
void resolve_close(struct resolve *); /* whether it was done or not; NULL is none */

#endif
