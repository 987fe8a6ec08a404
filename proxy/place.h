/*
 * What a flow has in tables: the names by which other workers find whose it is, and its place in its worker's own table, of
 * which no guest may have too many.
 */
#ifndef PROXY_PLACE_H
#define PROXY_PLACE_H

#include "proxy/lane.h"

/* Other workers are to know whose this flow is; again when its first id has changed. */
void place_announce(struct lane *);
/* Names and ids are nobody's any more; but when the worker ends they stay, for those who follow. */
void place_withdraw(struct lane *);

/* Room for one more of this class. One that is worth less makes it. */
bool place_in_table(struct datagrams *, enum flow_class);
/* Room for one more of this guest's. One of its own makes it. */
bool place_of_guest(struct datagrams *, uint16_t seat);

/* It has a guest now; its client is proven; it has none any more. */
void place_take(struct lane *);
void place_settle(struct lane *);
void place_leave(struct lane *);

#endif
