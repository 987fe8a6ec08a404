/* How a guest is reached from outside. */
#ifndef CLI_WAYS_H
#define CLI_WAYS_H

#include "conf/conf.h"

#include <jansson.h>

enum { WAYS_TEXT = 320 };

/* A name that is the guest's as it stands; NULL: it has none. */
const char *ways_domain(const struct guest *);
/* All its names as the file writes them, an array. */
json_t *ways_domains_json(const struct guest *);
/* What to type; "" where no port leads to its 22. */
const char *ways_ssh(const struct conf *, const struct guest *, char out[WAYS_TEXT]);

#endif
