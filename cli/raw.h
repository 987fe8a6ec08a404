/*
 * The terminal as a wire to another one: each key goes out as it is, and what comes in is shown as it is. raw_leave
 * gives it back as it was, also from what the other side switched on in it; it may be called at any time.
 */
#ifndef CLI_RAW_H
#define CLI_RAW_H

#include <stdbool.h>
#include <stddef.h>

int raw_enter(void); /* -1: errno, nothing changed */
void raw_again(void); /* after the process was stopped */
void raw_leave(void);

/* Look at what is about to be shown: has it gone to the terminal's other screen? */
void raw_watch(const char *bytes, size_t n);

/* False: standard output is no terminal, or it does not know. */
bool raw_size(unsigned *rows, unsigned *columns);

#endif
