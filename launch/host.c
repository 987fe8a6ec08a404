/* What the host offers a guest; see host.h. */
#include "launch/host.h"
#include "launch/hierarchy.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

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

/* PATH and all above it, down to the hierarchy's root. */
static uint64_t
least_of(const char *hierarchy, char *path, const char *file, uint64_t least)
{
	char full[2 * PATH_MAX];
	unsigned long long value;
	char *slash;

	do {
		FILE *f;

		snprintf(full, sizeof(full), "%s%s/%s", hierarchy, path, file);
		f = fopen(full, "re");
		if (f && fscanf(f, "%llu", &value) == 1 && value < least)
			least = value;
		if (f)
			fclose(f);
		slash = strrchr(path, '/');
		if (slash)
			*slash = '\0';
	} while (slash);
	return least;
}

uint64_t
host_memory_ceiling(uint64_t whole)
{
	char own[PATH_MAX];

	if (hierarchy_own(NULL, own, sizeof(own)) == 0)
		whole = least_of(HIERARCHY_ROOT, own, "memory.max", whole);
	if (hierarchy_own("memory", own, sizeof(own)) == 0)
		whole = least_of(HIERARCHY_ROOT "/memory", own, "memory.limit_in_bytes", whole);
	return whole;
}
