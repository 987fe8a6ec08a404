/* Running another program to its end: no shell, its output kept, and it dies with us. */
#ifndef BASE_TOOL_H
#define BASE_TOOL_H

#include "base/span.h"

#include <limits.h>

enum { TOOL_PATH_MAX = PATH_MAX };

/*
 * Runs argv (found on the system's own path) in the directory of descriptor cwd (-1: ours). What it prints is shown
 * only when it fails: its last lines, after one that names it. tmpdir: its TMPDIR, or NULL.
 * 0: it exited 0. -1: logged why.
 */
int tool_run(int cwd, const char *tmpdir, const char *const argv[]);

/*
 * The same for a program that reads what a stranger wrote: it is uid (and that gid), has no capability and gets none,
 * and its standard input is fd, which it finds as /proc/self/fd/0.
 */
int tool_run_as(unsigned uid, int fd, const char *const argv[]);

/* The same for a program whose first line of output is wanted: into out, without its newline. */
int tool_line(const char *const argv[], char *out, size_t room);

/*
 * true: from now on SIGINT, SIGTERM and SIGHUP end the program that runs and fail every one after it, so that the
 * caller cleans up. false: they are ignored, for the cleaning.
 */
void tool_interruptible(bool);
bool tool_interrupted(void);

/* A path into out (of TOOL_PATH_MAX bytes), which is returned; one too long becomes "", which nothing has. */
const char *tool_path(char *out, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
