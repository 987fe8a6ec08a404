/* What the proxy says of itself. */
#ifndef PROXY_STATUS_H
#define PROXY_STATUS_H

#include "proxy/worker.h"

#include <jansson.h>

/* A new reference. reloads and refused_reloads: since the start. */
json_t *status_json(const struct conf *, const struct share *, const struct seats *, const struct workers *,
    unsigned reloads, unsigned refused_reloads);

#endif
