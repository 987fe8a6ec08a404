/* What the host offers a guest; see host.h. */
#include "launch/host.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#define CGROUPS "/sys/fs/cgroup"
#define LEAF "/launcher" /* where the launcher itself goes, below what was delegated to it */

/* The number in DIR/NAME/cpu, or -1. */
static int
cpu_of(int dir, const char *name)
{
	char path[PATH_MAX], text[16] = "";
	ssize_t n = -1;
	int cpu, fd;

	if (snprintf(path, sizeof(path), "%s/cpu", name) >= (int)sizeof(path))
		return -1;
	fd = openat(dir, path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd == -1)
		return -1;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	return n > 0 && sscanf(text, "%d", &cpu) == 1 ? cpu : -1;
}

static int
least_used(int guests)
{
	unsigned used[CPU_SETSIZE] = {0};
	struct dirent *entry;
	int best = -1, fd = fcntl(guests, F_DUPFD_CLOEXEC, 0);
	cpu_set_t set;
	DIR *dir = fd == -1 ? NULL : fdopendir(fd);

	if (!dir && fd != -1)
		close(fd);
	while (dir && (entry = readdir(dir)) != NULL) {
		int cpu = entry->d_name[0] == '.' ? -1 : cpu_of(guests, entry->d_name);

		if (cpu >= 0 && cpu < CPU_SETSIZE)
			used[cpu]++;
	}
	if (dir)
		closedir(dir);
	if (sched_getaffinity(0, sizeof(set), &set) == -1)
		return -1;
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET(cpu, &set) && (best == -1 || used[cpu] < used[best]))
			best = cpu;
	return best;
}

/* One launcher at a time: those that start together would all take the same one. */
int
host_take_cpu(const char *folder)
{
	char path[PATH_MAX];
	int guests, cpu;
	FILE *f;

	host_leave_cpu(folder);
	if (snprintf(path, sizeof(path), "%s/..", folder) >= (int)sizeof(path))
		return -1;
	guests = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (guests == -1 || flock(guests, LOCK_EX) == -1) {
		if (guests != -1)
			close(guests);
		return -1;
	}
	cpu = least_used(guests);
	snprintf(path, sizeof(path), "%s/cpu", folder);
	f = cpu == -1 ? NULL : fopen(path, "we");
	if (f) {
		fprintf(f, "%d\n", cpu);
		fclose(f);
	}
	close(guests);
	return cpu;
}

void
host_leave_cpu(const char *folder)
{
	char path[PATH_MAX];

	if (snprintf(path, sizeof(path), "%s/cpu", folder) < (int)sizeof(path))
		unlink(path);
}

int
host_memory(uint64_t *whole, uint64_t *available)
{
	unsigned long long kib, total = 0, swap = 0, free_now = 0;
	FILE *f = fopen("/proc/meminfo", "re");
	char line[128];

	if (!f)
		return -1;
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "MemTotal: %llu", &kib) == 1)
			total = kib;
		else if (sscanf(line, "SwapTotal: %llu", &kib) == 1)
			swap = kib;
		else if (sscanf(line, "MemAvailable: %llu", &kib) == 1)
			free_now = kib;
	}
	fclose(f);
	*whole = (total + swap) << 10;
	*available = free_now << 10;
	return 0;
}

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

/*
 * A cgroup that hands its controllers down may hold no process itself, so the launcher moves to a leaf; that
 * fails where others (lodge up) share the parent, and then there are no limits.
 */
static int
enable_controllers(const char *parent)
{
	char leaf[PATH_MAX];

	if (put(parent, "cgroup.subtree_control", "+memory +pids") == 0)
		return 0;
	if (snprintf(leaf, sizeof(leaf), "%s" LEAF, parent) >= (int)sizeof(leaf))
		return -1;
	if ((mkdir(leaf, 0755) == -1 && errno != EEXIST) || put(leaf, "cgroup.procs", "0") == -1)
		return -1;
	return put(parent, "cgroup.subtree_control", "+memory +pids");
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

int
host_cgroup(const char *name, uint64_t memory_bytes, unsigned processes, char *text)
{
	char parent[PATH_MAX], dir[PATH_MAX], file[PATH_MAX + 16], value[32];
	int fd;

	if (cgroup_path(name, parent, dir) == -1) {
		snprintf(text, HOST_TEXT,
		    "resource limits of the uid only: the host has no unified cgroup hierarchy");
		return -1;
	}
	if (enable_controllers(parent) == -1 || (mkdir(dir, 0755) == -1 && errno != EEXIST)) {
		snprintf(text, HOST_TEXT,
		    "resource limits of the uid only: its cgroup is not delegated to lodge-guest");
		return -1;
	}
	snprintf(
	    value, sizeof(value), "%llu", (unsigned long long)(memory_bytes + memory_bytes / 8 + (64 << 20)));
	if (put(dir, "memory.max", value) == -1)
		goto refused;
	snprintf(value, sizeof(value), "%u", processes);
	if (put(dir, "pids.max", value) == -1)
		goto refused;
	snprintf(file, sizeof(file), "%s/cgroup.procs", dir);
	fd = open(file, O_WRONLY | O_CLOEXEC);
	if (fd == -1)
		goto refused;
	snprintf(text, HOST_TEXT, "cgroup with ceilings of memory and processes");
	return fd;
refused:
	rmdir(dir);
	snprintf(text, HOST_TEXT, "resource limits of the uid only: the cgroup lacks memory or pids");
	return -1;
}

void
host_cgroup_remove(const char *name)
{
	char parent[PATH_MAX], dir[PATH_MAX];

	if (cgroup_path(name, parent, dir) == 0)
		rmdir(dir);
}
