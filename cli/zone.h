/* The owner's time zone, as the system knows it: for showing times only. */
#ifndef CLI_ZONE_H
#define CLI_ZONE_H

#include "cli/when.h"

/* The zone of the file, UTC where it names none, and what to call it. */
zone_of *zone_open(const struct conf *, const char **name);

#endif
