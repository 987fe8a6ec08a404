/*
 * What is still being made has a name that says so, beside what it will be: ".making-NAME-PID…". Who is killed leaves
 * it; the next one takes it away.
 */
#ifndef BASE_SCRAP_H
#define BASE_SCRAP_H

#include <stdbool.h>

/*
 * One maker at a time in a directory, which is made, root's alone, where it is not there; what was left in it is swept. A
 * descriptor whose closing lets the next one in. -1: errno.
 */
int scrap_lock(const char *dir);

/* The path of such a thing of ours in a directory into out (of TOOL_PATH_MAX bytes), which is returned; tail: "" or ".img". */
const char *scrap_path(char *out, const char *dir, const char *name, const char *tail);

/* Removes those of processes that are gone, but for files that somebody holds a lock on (flock). */
void scrap_sweep(const char *dir);
/* Somebody is making something there. */
bool scrap_busy(const char *dir);

#endif
