/* Makes the running programs read their file again, and tells how it went. */
#ifndef CLI_RELOAD_H
#define CLI_RELOAD_H

#include "conf/conf.h"

/*
 * lodge up where it runs, which ends the guests that are gone first; then lodge-natd, lodge-proxy and lodge-acct, each
 * by its control socket. file: what they are to be reading. The exit status; what was refused is said.
 */
int reload_all(const struct conf *, const char *file);

#endif
