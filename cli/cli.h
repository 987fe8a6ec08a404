/*
 * `lodge`: what a person types. One file a command; each takes what is left of the command line, argv[0] being
 * its own word, and returns the exit status. stdout is data, stderr is progress and errors.
 */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include "conf/conf.h"

struct command {
	const char *name;
	int (*run)(const char *file, int argc, char **argv);
	const char *operands; /* for the usage */
	const char *summary;
};

int cmd_apply(const char *file, int argc, char **argv);
int cmd_console(const char *file, int argc, char **argv);
int cmd_check(const char *file, int argc, char **argv);
int cmd_doctor(const char *file, int argc, char **argv);
int cmd_guest(const char *file, int argc, char **argv);
/* The guest command's words of traffic; rate is "" but for throttle. */
int curb_guest(const struct conf *, const char *word, const char *name, const char *rate);

int cmd_link(const char *file, int argc, char **argv);
int cmd_kernel(const char *file, int argc, char **argv);
int cmd_renew(const char *file, int argc, char **argv);
int cmd_routes(const char *file, int argc, char **argv);
int cmd_status(const char *file, int argc, char **argv);
int cmd_top(const char *file, int argc, char **argv);
int cmd_usage(const char *file, int argc, char **argv);
int cmd_up(const char *file, int argc, char **argv);

/* Load the file for a command: mistakes to stderr and exit status 2 in *status. -1: do not go on. */
int cli_load(const char *file, struct conf *, int *status);

/* All mistakes of a file, to stderr. The exit status: 0, 2 with a fatal one, 5 where it is not ours to read. */
int cli_report(const struct conf_errors *);

/* "error, and the next thing to try", as `lodge: text`; returns status, so that it ends a command. */
int cli_fail(int status, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* "path: what errno says"; EXIT_SYSTEM. */
int cli_errno(const char *path);

/* A guest by name, or NULL after an error that names the nearest one. */
struct guest *cli_guest(const struct conf *, const char *name);

#endif
