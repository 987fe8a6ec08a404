/*
 * Is the guest alive: its own word (what its init writes to /proc/mconsole), its kernel, asked on the management
 * console, and something in it, asked on a port. It is called up when it said so and the port answers.
 *
 * A guest that says nothing is up when its kernel answers and the port has been open for a while, or has been refused
 * for longer; without a port, when its kernel has answered for so long.
 */
#ifndef LAUNCH_HEALTH_H
#define LAUNCH_HEALTH_H

#include "base/addr.h"
#include "base/span.h"

#include <ev.h>

enum {
	HEALTH_WORD_S = 5, /* the port open for so long: a guest that says nothing, and up */
	HEALTH_REFUSED_S = 15, /* it is refused for so long: a guest without it, and up */
	HEALTH_SAID = 64, /* of its own words, kept */
};

struct health;

/* Called each time it is found alive; how is words for the log. */
typedef void health_alive(void *arg, const char *how);

/* run_fd: the jail's directory JAIL_RUN, taken over. port 0: none is asked. NULL: errno. */
struct health *health_open(
    struct ev_loop *, int run_fd, const struct ip *, unsigned port, health_alive *, void *arg);
void health_close(struct health *); /* NULL is nothing */

/* One command to the management console, and whatever it answers, to this or another one; hostile. -1: errno. */
typedef void health_heard(void *arg, bool failed, struct span text);
int health_ask(struct health *, const char *command);
void health_listen(struct health *, health_heard *, void *arg);

bool health_console_answers(const struct health *);
/* Asks the guest to power off, as soon as its kernel takes the request, and once. */
void health_shutdown(struct health *);

/* What the guest last said of itself, and why its kernel panicked, as it told; "" where it did not. Hostile. */
const char *health_said(const struct health *);
struct span health_panic(struct health *);

#endif
