/* Where a control socket lies, and the socket itself; see ctl_place.h. */
#include "base/ctl_place.h"
#include "base/ctl.h"
#include "base/sys.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* A socket that somebody answers is in use; one that nobody answers is left over. */
static int
clear_stale(const char *path)
{
	int fd = ctl_connect(path);

	if (fd != -1 || errno == EAGAIN) {
		if (fd != -1)
			close(fd);
		errno = EADDRINUSE;
		return -1;
	}
	if (errno == ECONNREFUSED && unlink(path) == -1)
		return -1;
	return errno == ENOENT || errno == ECONNREFUSED ? 0 : -1;
}

/* The link's target into out, from the link's own folder on; false: it has no room there. */
static bool
follow(const char *link, char out[CTL_PATH])
{
	const char *slash = strrchr(link, '/');
	size_t folder = slash ? (size_t)(slash + 1 - link) : 0;
	char target[CTL_PATH];
	ssize_t n = readlink(link, target, sizeof(target));

	if (n <= 0 || (size_t)n >= sizeof(target))
		return false;
	if (target[0] == '/')
		folder = 0;
	if (folder + (size_t)n >= CTL_PATH)
		return false;
	memcpy(out, link, folder);
	memcpy(out + folder, target, (size_t)n);
	out[folder + (size_t)n] = '\0';
	return true;
}

static bool
has_folder(const char *path)
{
	const char *slash = strrchr(path, '/');
	char folder[CTL_PATH] = ".";

	if (slash) {
		memcpy(folder, path, (size_t)(slash + 1 - path));
		folder[slash + 1 - path] = '\0';
	}
	return access(folder, F_OK) == 0 || errno != ENOENT;
}

/*
 * A daemon that is not root has its socket in a folder of its own, below one of root's, and everybody asks at the same path as
 * ever: a link of root's. The folder is gone with its unit, the link is not.
 */
static int
find_place(const char *path, char at[CTL_PATH])
{
	struct stat st;

	if (strlen(path) >= CTL_PATH) {
		errno = ENAMETOOLONG;
		return -1;
	}
	if (lstat(path, &st) == 0 && S_ISLNK(st.st_mode) && st.st_uid == 0 && follow(path, at)) {
		if (has_folder(at) || unlink(path) == -1)
			return 0;
	}
	strcpy(at, path);
	return 0;
}

int
ctl_bind(const char *path, unsigned uid, unsigned gid, char at[CTL_PATH])
{
	if (find_place(path, at) == -1 || clear_stale(at) == -1)
		return -1;
	return sys_unix_listen(at, SOCK_STREAM, CTL_CLIENTS, 0660, uid, gid);
}
