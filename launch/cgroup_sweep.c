/* What killed launchers left in the host's cgroups; see cgroup.h. */
#include "launch/cgroup.h"
#include "launch/hierarchy.h"
#include "base/ctl.h"
#include "base/log.h"
#include "conf/conf.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Does nobody stand behind RUN/guest-NAME.sock? */
static bool
is_forsaken(const char *run, const char *name)
{
	char path[HIERARCHY_DIR];
	int fd;

	if (snprintf(path, sizeof(path), "%s/guest-%s.sock", run, name) >= (int)sizeof(path))
		return false;
	fd = ctl_connect(path);
	if (fd != -1)
		close(fd);
	return fd == -1 && (errno == ENOENT || errno == ECONNREFUSED);
}

/* The guest's name between prefix and mark. False: it is no cgroup of a guest of ours. */
static bool
read_name(const char *entry, const char *mark, char *name, size_t room)
{
	size_t len = strlen(entry), before = strlen(CGROUP_PREFIX), after = strlen(mark);

	if (len <= before + after || strncmp(entry, CGROUP_PREFIX, before) != 0 ||
	    strcmp(entry + len - after, mark) != 0 || len - before - after >= room)
		return false;
	memcpy(name, entry + before, len - before - after);
	name[len - before - after] = '\0';
	return true;
}

/* One that still has a process stays: the kernel removes none but empty ones. */
void
cgroup_sweep_in(const char *parent, const char *run, const char *mark)
{
	DIR *dir = opendir(parent);
	struct dirent *entry;
	char name[CONF_GUEST_NAME_MAX + 1];

	while (dir && (entry = readdir(dir)) != NULL)
		if (read_name(entry->d_name, mark, name, sizeof(name)) && is_forsaken(run, name) &&
		    unlinkat(dirfd(dir), entry->d_name, AT_REMOVEDIR) == 0)
			log_info("%s/%s: left by a launcher that was killed, removed", parent, entry->d_name);
	if (dir)
		closedir(dir);
}
