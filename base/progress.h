/*
 * What takes a while, on a terminal: one line that is drawn while a tool (tool.h) runs and gone when it ends, with how
 * far it is, what is done now and since when. Elsewhere nothing is drawn, and lines in the log tell.
 */
#ifndef BASE_PROGRESS_H
#define BASE_PROGRESS_H

#include <stdbool.h>
#include <sys/types.h>

enum { PROGRESS_TICK_MS = 200 };

/* So many steps are to come; only where stderr is a terminal. what is kept by the caller. */
void progress_open(const char *what, unsigned steps);
/* The next one begins. */
void progress_step(const char *name);
void progress_close(void);
bool progress_shown(void);

/* For tool.h: a program runs, which may be reading one large file; it ended. */
void progress_draw(pid_t);
void progress_clear(void);

#endif
