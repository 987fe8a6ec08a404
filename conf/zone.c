/* The owner's time zone; see zone.h. */
#include "conf/zone.h"
#include "conf/parse.h"

#include <fcntl.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define ZONES "/usr/share/zoneinfo"

void
zone_enter(const struct conf *conf)
{
	setenv("TZ", conf->time_zone, 1);
	tzset();
}

int64_t
zone_offset(int64_t at)
{
	time_t t = at;
	struct tm tm;

	return localtime_r(&t, &tm) ? tm.tm_gmtoff : 0;
}

static bool
is_zone(const char *name)
{
	char path[sizeof(ZONES) + CONF_ZONE_MAX + 2], magic[4];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", ZONES, name);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd == -1)
		return false;
	n = read(fd, magic, sizeof(magic));
	close(fd);
	return n == sizeof(magic) && memcmp(magic, "TZif", sizeof(magic)) == 0;
}

/* A host without the list of zones still has its guests: it shows UTC. */
void
zone_check(struct report *r, const struct conf *conf)
{
	struct place at = conf->time_zone_place;

	if (!conf->time_zone || strcmp(conf->time_zone, "UTC") == 0 || is_zone(conf->time_zone))
		return;
	if (access(ZONES, F_OK) == -1) {
		error_warn(r, at, "time-zone: there is no %s, so times are shown by UTC", ZONES);
		error_hint(r, "install tzdata");
	} else {
		error_add(r, at, "time-zone: %s is none of %s", conf->time_zone, ZONES);
		error_hint(r, "write it as timedatectl list-timezones does, like Europe/Berlin");
	}
}
