/*
 * The owner's time zone, in which times are shown. What is counted, and where a billing period begins, is UTC.
 */
#ifndef CONF_ZONE_H
#define CONF_ZONE_H

#include "conf/conf.h"

/* From here on localtime_r and mktime of this process, and the rest of this file, speak of that zone. */
void zone_enter(const struct conf *);

/* The first second of the day there in which at lies, and of the next; a day has 23 to 25 hours. */
int64_t zone_day(int64_t at);
int64_t zone_next_day(int64_t at);

/* As of strftime(3), %Z and %z included. Returns out; "" where it has no room. */
const char *zone_print(int64_t at, const char *format, char *out, size_t room);

#endif
