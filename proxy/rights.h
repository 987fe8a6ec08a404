/* What the supervisor keeps of its privilege, and what its workers will have. */
#ifndef PROXY_RIGHTS_H
#define PROXY_RIGHTS_H

#include "proxy/worker.h"

/* Does any guest want to see its clients' own addresses? */
bool rights_wanted(const struct conf *);
/* Give up all that is not needed any more, and note in the plan what becomes of workers. Ends the program on failure. */
void rights_drop(const struct conf *, struct workers_plan *);
/* Can guests be dialled from their clients' addresses, if one wants it? When not, that is said. */
bool rights_try(const struct conf *);

#endif
