/*
 * The owner's time zone, in which times are shown. What is counted, and where a billing period begins, is UTC.
 */
#ifndef CONF_ZONE_H
#define CONF_ZONE_H

#include "conf/conf.h"

/* From here on zone_offset, and localtime_r of this process, speak of that zone. */
void zone_enter(const struct conf *);

/* Seconds that clocks there are ahead of UTC at a time. */
int64_t zone_offset(int64_t at);

#endif
