/* Who of those that sit there has too many seats, and who goes when there are too few. A core. */
#ifndef WEB_CROWD_H
#define WEB_CROWD_H

#include "web/door.h"

/* Of one address (IPv6: /64), `of` included, more than DOOR_PER_CLIENT stay. Programs of the host have the ceiling of all. */
bool crowd_too_many(const struct seat *, size_t n, const struct seat *of);
/*
 * The one that sits the longest of those that have shown nothing yet by which they may sit; like: of that one's client,
 * and another than it, or NULL: of all. NULL: there is none.
 */
struct seat *crowd_eldest_stranger(struct seat *, size_t n, const struct seat *like);
/* That tenant keeps as many seats as one may, or more. */
bool crowd_keeps_enough(const struct seat *, size_t n, const char *tenant);

#endif
