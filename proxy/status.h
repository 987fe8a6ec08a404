/* What the proxy says of itself. */
#ifndef PROXY_STATUS_H
#define PROXY_STATUS_H

#include "proxy/worker.h"

#include <jansson.h>

/* A new reference. since: when this program began, which an upgrade does anew; reloads and refused_reloads: since then. */
json_t *status_json(const struct conf *, const struct share *, const struct seats *, const struct workers *,
    double since, unsigned reloads, unsigned refused_reloads);

#endif
