/*
 * `lodge`: what a person types. One file a command; each takes what was said, understood by the grammar, and returns the
 * exit status. stdout is data, stderr is progress and errors. commands.c has them all.
 */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include "cli/grammar.h"
#include "conf/conf.h"

#include <jansson.h>

extern const struct grammar lodge_grammar; /* commands.c */

int cmd_apply(const struct said *);
int cmd_check(const struct said *);
int cmd_complete(const struct said *);
int cmd_completion(const struct said *);
int cmd_console(const struct said *);
int cmd_doctor(const struct said *);
int cmd_guest_list(const struct said *);
int cmd_help(const struct said *);
int cmd_init(const struct said *);
int cmd_kernel_build(const struct said *);
int cmd_kernel_list(const struct said *);
int cmd_kernel_test(const struct said *);
int cmd_link(const struct said *);
int cmd_renew(const struct said *);
int cmd_routes(const struct said *);
int cmd_ssh(const struct said *);
int cmd_status(const struct said *);
int cmd_top(const struct said *);
int cmd_up(const struct said *);
int cmd_usage(const struct said *);

/* The usage of what was named: of all, of a group, of a command. EXIT_DONE. */
int help_print(const struct said *, FILE *);

/* The guest command's words of traffic; rate is "" but for throttle. */
int curb_guest(const struct conf *, const char *word, const char *name, const char *rate);

/* Load the file for a command: mistakes to stderr and exit status 2 in *status. -1: do not go on. */
int cli_load(const char *file, struct conf *, int *status);

/* All mistakes of a file, to stderr, as wide as that is. The exit status: 0, 2 with a fatal one, 5 where it is not ours to read. */
int cli_report(struct conf_errors *);

/* "error, and the next thing to try", as `lodge: text`; returns status, so that it ends a command. */
int cli_fail(int status, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* "path: what errno says, and the next thing to try" (remedy.h); EXIT_SYSTEM, or EXIT_PERMISSION. */
int cli_errno(const char *path);

/* As cli_errno, of what could not be read whole: an image that ends too soon is cut short. */
int cli_unread(const char *path);

/* To stdout, for programs; the value is given away. The status, or, where it cannot be told (NULL, too), EXIT_SYSTEM. */
int cli_json(int status, json_t *);

/* A text that comes from anywhere, a path: what is not UTF-8 as \xNN. NULL is null; NULL: no memory. */
json_t *cli_json_text(const char *);

/* There is no memory left; EXIT_SYSTEM. */
int cli_no_memory(void);

/* A program that should have written this file did not, and has said why; EXIT_SYSTEM. */
int cli_unmade(const char *path);

/* A guest by name, or NULL after an error that names the nearest one. */
struct guest *cli_guest(const struct conf *, const char *name);

#endif
