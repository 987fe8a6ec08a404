/* The mistakes of a file for programs: `findings` of check -j and apply -j, see lodge(8). */
#ifndef CLI_MISTAKES_H
#define CLI_MISTAKES_H

#include "conf/conf.h"

#include <jansson.h>

/* An array, a new reference. */
json_t *mistakes_json(const struct conf_errors *);

#endif
