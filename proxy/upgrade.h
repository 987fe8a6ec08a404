/*
 * A new program takes this one's place: the same process, with the sockets and workers of the old one. The new one
 * is first asked whether it runs at all and understands the file; if it does not, nothing changes.
 */
#ifndef PROXY_UPGRADE_H
#define PROXY_UPGRADE_H

#include "proxy/handover.h"

#include <ev.h>

#define UPGRADE_VARIABLE "LODGE_PROXY_HANDOVER"

enum { UPGRADE_CHECK_S = 20 };

/*
 * The first thing in main: note by which path the program was started (by the time of an upgrade another one lies
 * there), and hold back the signals that would otherwise end a program not yet ready for them.
 */
void upgrade_learn(char **argv);
/* The loop watches for them now. */
void upgrade_hear(void);

/*
 * What another supervisor handed over. n_workers and n_listen are 0 where there was none. What is not understood
 * is closed, which tells its workers to end.
 */
void upgrade_receive(struct handover *);

/* Ask the new program; on_good: it is fit. Once it has been asked, further wishes are dropped until it answered. */
void upgrade_ask(struct ev_loop *, const char *file, void (*on_good)(void *), void *arg);

/* Become the new program. Returns only when that fails: errno, and all is as before. */
void upgrade_go(const struct handover *);

#endif
