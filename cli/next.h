/*
 * What to type so that something runs: by the units where those are in charge, else by hand. A core, but for
 * what looks at this host (next_units.c).
 */
#ifndef CLI_NEXT_H
#define CLI_NEXT_H

#include "conf/conf.h"

#include <stdbool.h>

enum { NEXT_TEXT = 160 };

/* Whether systemd is here and would start what this file says: a unit reads the usual file and no other. */
bool next_units_read(const char *file);
/*
 * Likewise the one that was read, and not where a lodge up of it runs already: the units beside it would be a second Redis on
 * its disk. False where none was.
 */
bool next_by_units(const struct conf *);

/* The command that starts the programs. */
const char *next_command(bool by_units);
/* The same as what to do, behind a semicolon. */
const char *next_all(bool by_units);
/* Likewise one guest. */
const char *next_guest(bool by_units, const char *name, char out[NEXT_TEXT]);
/* The unit's alone: the command that starts one guest, now and at each boot. */
const char *next_guest_unit(const char *name, char out[NEXT_TEXT]);

#endif
