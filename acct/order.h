/*
 * Orders to lodge-natd (conf/curb.h) in the loop: one at a time, each answered or given up after five seconds.
 */
#ifndef ACCT_ORDER_H
#define ACCT_ORDER_H

#include <ev.h>
#include <stdbool.h>

/* why NULL: it holds, unless lifted, which says that it was lifted by hand before. Called once for each order sent. */
typedef void order_done(void *arg, const char *why, bool lifted);

struct order;

/* NULL: no memory. order_close drops what is under way without calling back. */
struct order *order_open(struct ev_loop *, order_done *, void *arg);
void order_close(struct order *);

bool order_is_busy(const struct order *);
/* One line to the socket at path. -1: errno, and nothing will be called. */
int order_send(struct order *, const char *path, const char *line);

#endif
