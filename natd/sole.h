/* One lodge-natd in a network, whatever file it reads: two would undo each other's work for ever. */
#ifndef NATD_SOLE_H
#define NATD_SOLE_H

#include <ev.h>

/* Holds the place until the process ends. -1: errno, EADDRINUSE when a process of root's holds it. */
int sole_take(struct ev_loop *);

#endif
