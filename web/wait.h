/* Requests that wait a moment for what is being read; data.h says how long that is worth it. */
#ifndef WEB_WAIT_H
#define WEB_WAIT_H

#include "web/data.h"

#include <microhttpd.h>

struct waits;
struct wait; /* one request's */

/* resumed: connections are to be gone on with. NULL: no memory. */
struct waits *waits_open(struct ev_loop *, struct data *, void (*resumed)(void *), void *arg);
void waits_close(struct waits *); /* before the daemons end: no connection stays suspended */

/*
 * Is this needed, and worth waiting for? Then the connection sleeps, and its request is asked again later with the same
 * *of, which wait_over ends; NULL at first.
 */
bool wait_for(struct waits *, struct wait **of, struct MHD_Connection *, const struct need *);
void wait_over(struct wait *);

#endif
