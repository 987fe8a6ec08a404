/*
 * The terminal as a screen of its own: what it showed before comes back with screen_close, always. Keys come one by
 * one and are not shown; lines that are too long end at the edge. Not for what is no terminal.
 */
#ifndef CLI_SCREEN_H
#define CLI_SCREEN_H

#include <stddef.h>

int screen_open(void); /* -1: errno, nothing changed */
/* Takes what somebody else did to an open one while this process was stopped back. */
void screen_again(void);
void screen_close(void);

/* Rows and columns; 24 and 80 where the terminal does not know. */
void screen_size(size_t *rows, size_t *columns);
/* In place of all that is shown, at once. */
void screen_draw(const char *text, size_t len);

#endif
