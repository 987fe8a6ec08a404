/* Room for what is made; see room.h. */
#include "cli/room.h"
#include "base/sys.h"
#include "cli/cli.h"

#include <sys/statvfs.h>

enum {
	MIB = 20,
	PART = 20, /* of the file system is the reserve */
	RESERVE_MAX = 1 << 30,
};

/* In whole MiB; what is needed is no less than that. */
static unsigned long long
up(unsigned long long bytes)
{
	return (bytes + (1 << MIB) - 1) >> MIB;
}

int
room_check(const char *path, unsigned long long bytes, const char *what, const char *hint)
{
	unsigned long long room, reserve;
	struct statvfs fs;

	if (statvfs(path, &fs) == -1 || fs.f_blocks == 0) /* a tmpfs without a size says nothing, too */
		return EXIT_DONE;
	room = (unsigned long long)fs.f_bavail * fs.f_frsize;
	reserve = (unsigned long long)fs.f_blocks * fs.f_frsize / PART;
	if (reserve > RESERVE_MAX)
		reserve = RESERVE_MAX;
	if (bytes <= room && room - bytes >= reserve)
		return EXIT_DONE;
	return cli_fail(EXIT_SYSTEM,
	    "%s takes %lluM, and there are %lluM, of which %lluM stay free for the guests' disks; %s", what,
	    up(bytes), room >> MIB, up(reserve), hint);
}
