/* Makes the running programs read their file again, and tells how it went. */
#ifndef CLI_RELOAD_H
#define CLI_RELOAD_H

#include "conf/conf.h"

#include <jansson.h>

/*
 * First all that run are asked whether they would: where one would not, none does. Then lodge up where it runs, which
 * ends the guests that are gone; then lodge-natd, lodge-proxy, lodge-acct and lodge-web, each by its control socket.
 * Who fails then stops none that comes after it, but lodge up does; it is said who goes on by the file before, and nobody
 * is told to go back: the same again brings on who is behind.
 * file: what they are to be reading. The exit status; what was refused is said.
 * told: an array that learns what became of each program, as lodge(8) has it of apply -j; or NULL.
 */
int reload_all(const struct conf *, const char *file, json_t *told);

#endif
