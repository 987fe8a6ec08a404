/*
 * One line a call, to stderr: "lodge-proxy: text", or with the journal's "<3>" level in front when systemd reads.
 * Control bytes in a text are printed as \xNN, so that no stranger writes a second line.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>

void log_open(const char *program, bool debug);

void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_debug(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Start-up failed: one line, then exit 1 (the system said no) or 2 (the input is wrong). */
_Noreturn void fatal(const char *format, ...) __attribute__((format(printf, 1, 2)));
_Noreturn void fatal_input(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
