/* What every guest moved, in Prometheus's text format (version 0.0.4). A core. */
#ifndef WEB_METRICS_H
#define WEB_METRICS_H

#include "web/page.h"

void metrics_put(struct out *, const struct page *, const struct shown *const *, size_t n);

#endif
