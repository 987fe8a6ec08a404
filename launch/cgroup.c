/* A cgroup for one guest; see cgroup.h. */
#include "launch/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#define CGROUPS "/sys/fs/cgroup"
#define LEAF "/launcher" /* where the launcher itself goes, below what was delegated to it */

/* The line of the unified hierarchy: "0::PATH". */
static int
own_cgroup(char *line, size_t room)
{
	FILE *f = fopen("/proc/self/cgroup", "re");
	int found = -1;

	while (f && found == -1 && fgets(line, (int)room, f))
		if (strncmp(line, "0::/", 4) == 0)
			found = 0;
	if (f)
		fclose(f);
	line[strcspn(line, "\n")] = '\0';
	return found;
}

/* Where the guest's cgroup goes: below what is delegated to us, or below the root when we are there. */
static int
cgroup_parent(char *out, size_t room)
{
	char line[PATH_MAX] = "";
	size_t n, leaf = strlen(LEAF);
	char *path = line + 3;

	if (own_cgroup(line, sizeof(line)) == -1)
		return -1;
	n = strlen(path);
	if (n >= leaf && strcmp(path + n - leaf, LEAF) == 0)
		path[n - leaf] = '\0';
	if (strcmp(path, "/") == 0)
		*path = '\0';
	return snprintf(out, room, CGROUPS "%s", path) < (int)room ? 0 : -1;
}

static int
put(const char *dir, const char *file, const char *text)
{
	char path[PATH_MAX];
	ssize_t n;
	int fd;

	if (snprintf(path, sizeof(path), "%s/%s", dir, file) >= (int)sizeof(path))
		return -1;
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd == -1)
		return -1;
	n = write(fd, text, strlen(text));
	close(fd);
	return n == (ssize_t)strlen(text) ? 0 : -1;
}

/* Does DIR/FILE name this controller? */
static bool
names(const char *dir, const char *file, const char *controller)
{
	char path[PATH_MAX], word[32];
	bool found = false;
	FILE *f = NULL;

	if (snprintf(path, sizeof(path), "%s/%s", dir, file) < (int)sizeof(path))
		f = fopen(path, "re");
	while (f && !found && fscanf(f, "%31s", word) == 1)
		found = strcmp(word, controller) == 0;
	if (f)
		fclose(f);
	return found;
}

static bool
is_alone_in(const char *dir)
{
	char path[PATH_MAX];
	int pid, others = 0;
	FILE *f;

	if (snprintf(path, sizeof(path), "%s/cgroup.procs", dir) >= (int)sizeof(path))
		return false;
	f = fopen(path, "re");
	if (!f)
		return false;
	while (fscanf(f, "%d", &pid) == 1)
		others += pid != getpid();
	fclose(f);
	return others == 0;
}

/*
 * A cgroup that hands its controllers down may hold no process itself (but for the root), so the launcher moves to a
 * leaf. NULL, or why not.
 */
static const char *
enable_controllers(const char *parent)
{
	char leaf[PATH_MAX];

	if (!names(parent, "cgroup.controllers", "memory") || !names(parent, "cgroup.controllers", "pids"))
		return "the cgroup it is in has no memory and pids controllers";
	if (put(parent, "cgroup.subtree_control", "+memory +pids") == 0)
		return NULL;
	if (!is_alone_in(parent))
		return "other programs share its cgroup; make it a service of its own, Delegate=yes";
	if (snprintf(leaf, sizeof(leaf), "%s" LEAF, parent) < (int)sizeof(leaf) &&
	    (mkdir(leaf, 0755) == 0 || errno == EEXIST) && put(leaf, "cgroup.procs", "0") == 0 &&
	    put(parent, "cgroup.subtree_control", "+memory +pids") == 0)
		return NULL;
	return "its cgroup cannot be written";
}

static int
cgroup_path(const char *name, char *parent, char *out)
{
	struct statfs fs;

	if (statfs(CGROUPS, &fs) == -1 || fs.f_type != CGROUP2_SUPER_MAGIC)
		return -1;
	if (cgroup_parent(parent, PATH_MAX) == -1)
		return -1;
	return snprintf(out, PATH_MAX, "%s/lodge-guest-%s", parent, name) < PATH_MAX ? 0 : -1;
}

/* cgroup.procs of the new one; -1: refused. */
static int
make(const char *dir, uint64_t memory_bytes, unsigned processes)
{
	char file[PATH_MAX + 16], value[32];
	int fd;

	if (mkdir(dir, 0755) == -1 && errno != EEXIST)
		return -1;
	snprintf(
	    value, sizeof(value), "%llu", (unsigned long long)(memory_bytes + memory_bytes / 8 + (64 << 20)));
	if (put(dir, "memory.max", value) == -1)
		goto refused;
	snprintf(value, sizeof(value), "%u", processes);
	if (put(dir, "pids.max", value) == -1)
		goto refused;
	snprintf(file, sizeof(file), "%s/cgroup.procs", dir);
	fd = open(file, O_WRONLY | O_CLOEXEC);
	if (fd != -1)
		return fd;
refused:
	rmdir(dir);
	return -1;
}

int
cgroup_open(const char *name, uint64_t memory_bytes, unsigned processes, char *text)
{
	char parent[PATH_MAX], dir[PATH_MAX];
	const char *why = "the host has no unified cgroup hierarchy";
	int fd = -1;

	if (cgroup_path(name, parent, dir) == 0) {
		why = enable_controllers(parent);
		if (!why) {
			fd = make(dir, memory_bytes, processes);
			why = "its cgroup cannot be made";
		}
	}
	if (fd == -1)
		snprintf(text, CGROUP_TEXT, "resource limits of the uid only: %s", why);
	else
		snprintf(text, CGROUP_TEXT, "cgroup with ceilings of memory and processes");
	return fd;
}

void
cgroup_remove(const char *name)
{
	char parent[PATH_MAX], dir[PATH_MAX];

	if (cgroup_path(name, parent, dir) == 0)
		rmdir(dir);
}
