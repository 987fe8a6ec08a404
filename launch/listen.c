/* A socket of the launcher's at a path; see listen.h. */
#include "launch/listen.h"
#include "base/sys.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

int
listen_at(const char *path, int type, int max)
{
	struct sockaddr_un sa;
	int fd, saved;

	if (sys_unix(path, &sa) == -1)
		return -1;
	fd = socket(AF_UNIX, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd == -1)
		return -1;
	unlink(path);
	if (bind(fd, (struct sockaddr *)&sa, sizeof(sa)) == 0 && chmod(path, 0600) == 0 &&
	    listen(fd, max) == 0)
		return fd;
	saved = errno;
	close(fd);
	errno = saved;
	return -1;
}
