/* A socket of the launcher's at a path; see listen.h. */
#include "launch/listen.h"
#include "base/sys.h"

#include <sys/socket.h>
#include <unistd.h>

int
listen_at(const char *path, int type, int max)
{
	unlink(path);
	return sys_unix_listen(path, type, max, 0600, geteuid(), getegid());
}
