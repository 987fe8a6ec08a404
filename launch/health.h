/*
 * Is the guest alive: its kernel, asked on the management console, and something in it, asked on port 22. It is
 * called up when both answer, or when the kernel has answered for a while and port 22 is refused.
 */
#ifndef LAUNCH_HEALTH_H
#define LAUNCH_HEALTH_H

#include "base/addr.h"

#include <ev.h>

enum {
	HEALTH_PORT = 22,
	HEALTH_REFUSED_S = 15, /* port 22 refused for so long: a guest without it, and up */
};

struct health;

/* Called each time it is found alive; how is words for the log. */
typedef void health_alive(void *arg, const char *how);

/* run_fd: the jail's directory JAIL_RUN, taken over. NULL: errno. */
struct health *health_open(struct ev_loop *, int run_fd, const struct ip *, health_alive *, void *arg);
void health_close(struct health *); /* NULL is nothing */

bool health_console_answers(const struct health *);
/* Asks the guest to power off, as soon as its kernel takes the request, and once. */
void health_shutdown(struct health *);

#endif
