/* The processes of the guests' uids, read at once: one walk through /proc for all of them. */
#ifndef CLI_PROCS_H
#define CLI_PROCS_H

#include "cli/load.h"
#include "conf/conf.h"

/* One for each guest, in the file's order. */
void procs_read(const struct conf *, struct load *);

#endif
