/*
 * Who reads the ledger: a thread of its own, for a Redis that hangs, or a name server that is dead, must not hold those
 * who ask for pages. It has the connection and nothing else; jobs go to it, and come back to the loop.
 */
#ifndef WEB_READER_H
#define WEB_READER_H

#include "web/work.h"

#include <ev.h>

struct reader;

/* A job that came back, read or not; job_free is the callee's. */
typedef void reader_done(void *arg, struct job *);

struct reader *reader_open(struct ev_loop *, reader_done *, void *arg); /* NULL: errno */
/* Once privilege is given up, for a thread keeps what it had; the system calls it makes then are sys_filter's. */
int reader_start(struct reader *); /* -1: errno */
/*
 * Short ones come before long ones (ALL, and USAGE of all), also in the midst of them: one, then of the long one a guest,
 * and so on, so that neither holds up the other. When Redis does not answer one, all that wait come back with it.
 */
void reader_give(struct reader *, struct job *);
/* For how long nothing was heard though there is something to be read; 0: there is nothing. */
double reader_quiet(const struct reader *);
/* false: it waits for an answer still. Then it, and all that it was given, has to be left as it is. */
bool reader_close(struct reader *);

#endif
