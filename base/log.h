/*
 * One line a call, to stderr: "lodge-proxy: text", or with the journal's "<3>" level in front when systemd reads.
 * Control bytes in a text are printed as \xNN, so that no stranger writes a second line.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

void log_open(const char *program, bool debug);

/*
 * Wait for nobody who reads stderr from now on: a line that is not taken at once is lost and counted, and when lines
 * are taken again, one says how many were lost. To be called while the process may still open its own stderr; those
 * it forks need not.
 */
void log_no_wait(void);
/*
 * A text as a line has it, for who shows it elsewhere: its control bytes as \xNN, cut where there is no room, ended by
 * NUL. Returns its length; room is at least 1.
 */
size_t log_printable(const char *text, char *out, size_t room);
/* What lines are written to, for who closes all others. */
int log_descriptor(void);
/* Gather lines until log_flush, as many as there is room for, and count lost ones from nothing. -1: errno. */
int log_gather(void);
/* False: something waits for who reads. */
bool log_flush(void);
uint64_t log_lost(void);
/*
 * The process ends: from now on lines wait up to so long, in all, for who reads. Before that end log_last flushes;
 * what is left then is lost, and counted and told as far as that goes.
 */
void log_wait(double seconds);
void log_last(void);

void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_debug(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Start-up failed: one line, then exit 1 (the system said no) or 2 (the input is wrong). */
_Noreturn void fatal(const char *format, ...) __attribute__((format(printf, 1, 2)));
_Noreturn void fatal_input(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
