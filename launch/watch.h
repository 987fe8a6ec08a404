/*
 * Watches one guest: brings the events to guest.h's table and does its acts, until the launcher is told to go.
 *
 * Owns RUN/guest-NAME.sock (words: status start stop restart kill console) and the folder RUN/guests/NAME, which
 * goes with it. The folder's `cpu` says where the guest runs, `console.sock` is its console.
 */
#ifndef LAUNCH_WATCH_H
#define LAUNCH_WATCH_H

#include "conf/conf.h"
#include "launch/launch.h"

#include <ev.h>

struct watch;

/*
 * The watch owns *conf from here on; watch_reload puts a new one in its place. NULL: errno,
 * EADDRINUSE when another launcher has the guest; *failed is the path it was about, for the caller to free.
 */
struct watch *watch_open(struct ev_loop *, struct conf *, const char *name, char **failed);
void watch_close(struct watch *);

void watch_start(struct watch *); /* the word start */
void watch_end(struct watch *); /* once: gracefully; again: at once. sys_stop when the guest is gone */
bool watch_ended(const struct watch *);
void watch_reload(void *watch); /* the file again; what changed holds from the next start */

#endif
