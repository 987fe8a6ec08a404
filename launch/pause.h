/*
 * The guest's world stopped for as long as somebody holds a connection: RUN/guests/NAME/pause.sock. Who connects hears one
 * line, «stopped» when the guest has written out what it had in memory and its kernel has stopped, or «error WHY»; when he
 * goes, however he ends, it goes on. One at a time, and nobody for longer than HOLD_STILL_MAX_S (base/hold.h).
 */
#ifndef LAUNCH_PAUSE_H
#define LAUNCH_PAUSE_H

#include "launch/console.h"
#include "launch/health.h"

enum {
	PAUSE_SYNC_S = 10, /* it is stopped after that also where it does not say that all is written */
	PAUSE_STOP_S = 5,
};

struct pause;

/* name: for the log. NULL: errno. */
struct pause *pause_open(struct ev_loop *, const char *path, const char *name, struct console *);
void pause_close(struct pause *);

/* The guest is up from here on. */
void pause_up(struct pause *, struct health *);
/* It is about to be something else: who holds it is sent away, and it goes on, which is seen to until its kernel has ended. */
void pause_not_up(struct pause *, const char *why);
/* Its kernel has: before the health is closed. */
void pause_ended(struct pause *);
bool pause_holds(const struct pause *);

#endif
