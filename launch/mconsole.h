/*
 * The guest kernel's management console, over the datagram socket in its jail.
 *
 * Everything in the guest's folder is hostile: it may be a link, or another kind of file, or gone. It is opened
 * by its own name only, below the folder, following no link. Our own reply socket lies beside it in a directory
 * that the guest cannot write to, under a relative name that means the same to the kernel (its working directory).
 */
#ifndef LAUNCH_MCONSOLE_H
#define LAUNCH_MCONSOLE_H

#include "launch/mcmsg.h"

#include <ev.h>
#include <stdbool.h>

/* A whole reply (or its last part), and what the kernel tells by itself; text borrowed, hostile. */
typedef void mconsole_answer(void *arg, const struct mcmsg_reply *);
typedef void mconsole_notice(void *arg, const struct mcmsg_notice *);

struct mconsole;

/* run_fd: the jail's directory JAIL_RUN, taken over. NULL: errno. */
struct mconsole *mconsole_open(struct ev_loop *, int run_fd, mconsole_answer *, mconsole_notice *, void *arg);
/* Takes what is there already; for a kernel that has gone. */
void mconsole_drain(struct mconsole *);
void mconsole_close(struct mconsole *);

/* Sends one command; its answer comes later, if ever. -1: errno; ENOENT: not listening yet. */
int mconsole_ask(struct mconsole *, const char *command);

#endif
