/* The owner's time zone; see zone.h. */
#include "cli/zone.h"
#include "conf/zone.h"

#include <string.h>

zone_of *
zone_open(const struct conf *conf, const char **name)
{
	*name = conf->time_zone;
	if (strcmp(conf->time_zone, "UTC") == 0)
		return zone_utc;
	zone_enter(conf);
	return zone_offset;
}
