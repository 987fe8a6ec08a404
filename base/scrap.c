/* Names of what is being made, and the end of what was left; see scrap.h. */
#include "base/scrap.h"
#include "base/log.h"
#include "base/sys.h"
#include "base/tool.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

const char *
scrap_path(char *out, const char *dir, const char *name, const char *tail)
{
	return tool_path(out, "%s/.making-%s-%d%s", dir, name, getpid(), tail);
}

/* The process id after the last dash of ".making-NAME-PID" or ".making-NAME-PID.img". */
static bool
is_abandoned(const char *name)
{
	const char *dash = strrchr(name, '-');
	long pid = dash ? strtol(dash + 1, NULL, 10) : 0;

	return strncmp(name, ".making-", 8) == 0 && pid > 0 && kill((pid_t)pid, 0) == -1 && errno == ESRCH;
}

/* By a maker on another host, where the folder is shared: its process is none of ours. */
static bool
is_held(const char *path)
{
	int fd = open(path, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	bool held = fd != -1 && flock(fd, LOCK_EX | LOCK_NB) == -1 && errno == EWOULDBLOCK;

	if (fd != -1)
		close(fd);
	return held;
}

void
scrap_sweep(const char *dir)
{
	DIR *d = opendir(dir);
	struct dirent *entry;
	char path[TOOL_PATH_MAX];

	if (!d)
		return;
	while ((entry = readdir(d))) {
		if (!is_abandoned(entry->d_name))
			continue;
		tool_path(path, "%s/%s", dir, entry->d_name);
		if (is_held(path))
			continue;
		log_info("removing %s, left by a maker that is gone", path);
		tool_run(-1, NULL, (const char *[]){"rm", "-rf", "--one-file-system", "--", path, NULL});
	}
	closedir(d);
}

int
scrap_lock(const char *dir)
{
	char path[TOOL_PATH_MAX];
	int fd = -1;

	tool_path(path, "%s/.lock", dir);
	if (sys_mkdir(dir, 0700, 0, 0) == 0)
		fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	while (fd != -1 && flock(fd, LOCK_EX) == -1) {
		int saved = errno;

		if (saved == EINTR && !tool_interrupted())
			continue;
		close(fd);
		fd = -1;
		errno = saved;
	}
	if (fd != -1)
		scrap_sweep(dir);
	return fd;
}

bool
scrap_busy(const char *dir)
{
	DIR *d = opendir(dir);
	struct dirent *entry;
	bool busy = false;

	while (d && !busy && (entry = readdir(d)))
		busy = strncmp(entry->d_name, ".making-", 8) == 0 && !is_abandoned(entry->d_name);
	if (d)
		closedir(d);
	return busy;
}
