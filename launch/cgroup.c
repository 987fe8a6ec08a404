/* A cgroup for one guest; see cgroup.h. */
#include "launch/cgroup.h"
#include "base/append.h"
#include "launch/hierarchy.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum value { NO_VALUE, MEMORY, SWAP, MEMORY_AND_SWAP, PROCESSES, ONE_CPU, ONE_CPU_US, SHARE, YES };

struct knob {
	const char *file;
	enum value value;
	bool extra; /* nothing is missing without it */
};

/* A controller holds when one of its knobs that is no extra could be set. */
static const struct controller {
	const char *name, *old, *what;
	struct knob v2[4], v1[3];
} controllers[CGROUP_MAX] = {
    {"memory", "memory", "memory",
	{{"memory.max", MEMORY, false}, {"memory.swap.max", SWAP, true}, {"memory.oom.group", YES, true}},
	{{"memory.limit_in_bytes", MEMORY, false}, {"memory.memsw.limit_in_bytes", MEMORY_AND_SWAP, true}}},
    {"pids", "pids", "processes", {{"pids.max", PROCESSES, false}}, {{"pids.max", PROCESSES, false}}},
    {"cpu", "cpu", "cpu", {{"cpu.max", ONE_CPU, false}}, {{"cpu.cfs_quota_us", ONE_CPU_US, false}}},
    {"io", "blkio", "disk", {{"io.weight", SHARE, false}, {"io.bfq.weight", SHARE, false}},
	{{"blkio.bfq.weight", SHARE, false}, {"blkio.weight", SHARE, false}}},
};

struct ceilings {
	unsigned long long memory, guest;
	unsigned processes;
};

static void
print_value(enum value value, const struct ceilings *c, char *out, size_t room)
{
	switch (value) {
	case MEMORY:
		snprintf(out, room, "%llu", c->memory);
		break;
	case SWAP:
		snprintf(out, room, "%llu", c->guest);
		break;
	case MEMORY_AND_SWAP:
		snprintf(out, room, "%llu", c->memory + c->guest);
		break;
	case PROCESSES:
		snprintf(out, room, "%u", c->processes);
		break;
	case ONE_CPU:
		snprintf(out, room, "100000 100000");
		break;
	case ONE_CPU_US: /* of a period that has as many */
		snprintf(out, room, "100000");
		break;
	case SHARE:
		snprintf(out, room, "100");
		break;
	case YES:
		snprintf(out, room, "1");
		break;
	case NO_VALUE:
		break;
	}
}

/* True: one that counts could be set. */
static bool
set_knobs(const char *dir, const struct knob *knobs, size_t n, const struct ceilings *c)
{
	bool holds = false;
	char text[64];

	for (size_t i = 0; i < n && knobs[i].file; i++) {
		print_value(knobs[i].value, c, text, sizeof(text));
		if (hierarchy_put(dir, knobs[i].file, text) == 0 && !knobs[i].extra)
			holds = true;
	}
	return holds;
}

/* Tells apart guests of one name in two lodges, for v1 has no folder of our own to put theirs in. */
static int
mark_of(const char *guests, char *out)
{
	struct stat st;

	if (stat(guests, &st) == -1)
		return -1;
	snprintf(
	    out, CGROUP_MARK, "-%llx.%llx", (unsigned long long)st.st_dev, (unsigned long long)st.st_ino);
	return 0;
}

static int
own_folder(const char *parent, const char *name, const char *folder, char *out)
{
	char guests[PATH_MAX], mark[CGROUP_MARK];

	if (snprintf(guests, sizeof(guests), "%s/..", folder) >= (int)sizeof(guests) ||
	    mark_of(guests, mark) == -1)
		return -1;
	return snprintf(out, HIERARCHY_DIR, "%s/" CGROUP_PREFIX "%s%s", parent, name, mark) < HIERARCHY_DIR
		   ? 0
		   : -1;
}

/* Where those of all guests are made. */
static int
parent_of(const struct controller *c, char *out)
{
	return hierarchy_unified() ? hierarchy_parent_v2(out) : hierarchy_parent_v1(c->old, out);
}

/* Of the controller, with v1; all have one with v2. */
static int
folder_of(const struct controller *c, const char *name, const char *folder, char *out)
{
	char parent[HIERARCHY_DIR];

	return parent_of(c, parent) == -1 ? -1 : own_folder(parent, name, folder, out);
}

static int
open_procs(const char *dir)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/cgroup.procs", dir);
	return open(path, O_WRONLY | O_CLOEXEC);
}

/* One controller more that holds, or that does not. */
static void
count(struct cgroup *out, const struct controller *c, bool holds)
{
	char *text = holds ? out->text : out->missing;

	text_append(text, CGROUP_TEXT, "%s%s", *text ? ", " : "", c->what);
}

static const char *
open_v2(const char *name, const char *folder, const struct ceilings *ceilings, struct cgroup *out)
{
	char parent[HIERARCHY_DIR], dir[HIERARCHY_DIR];
	const char *why, *all[CGROUP_MAX];
	int fd;

	for (size_t i = 0; i < CGROUP_MAX; i++)
		all[i] = controllers[i].name;
	if (hierarchy_parent_v2(parent) == -1 || own_folder(parent, name, folder, dir) == -1)
		return "its own cgroup is not known";
	why = hierarchy_enable(parent, all, CGROUP_MAX);
	if (why)
		return why;
	if (mkdir(dir, 0755) == -1 && errno != EEXIST)
		return "its cgroup cannot be made";
	fd = open_procs(dir);
	if (fd == -1)
		return "its cgroup cannot be entered";
	out->fds[out->n++] = fd;
	for (size_t i = 0; i < CGROUP_MAX; i++)
		count(out, &controllers[i], set_knobs(dir, controllers[i].v2, 4, ceilings));
	return "neither the host nor the cgroup it is in has that";
}

/* Its cgroup.procs; -1: this controller holds nothing. */
static int
open_v1(const struct controller *c, const char *name, const char *folder, const struct ceilings *ceilings)
{
	char dir[HIERARCHY_DIR];
	int fd = -1;

	if (folder_of(c, name, folder, dir) == -1 || (mkdir(dir, 0755) == -1 && errno != EEXIST))
		return -1;
	if (set_knobs(dir, c->v1, 3, ceilings))
		fd = open_procs(dir);
	if (fd == -1)
		rmdir(dir);
	return fd;
}

void
cgroup_open(
    const char *name, const char *folder, uint64_t memory_bytes, unsigned processes, struct cgroup *out)
{
	struct ceilings ceilings = {memory_bytes + memory_bytes / 8 + (64 << 20), memory_bytes, processes};
	const char *why = "this host has no such controller";
	bool unified = hierarchy_unified();
	char held[CGROUP_TEXT];

	*out = (struct cgroup){0};
	if (unified)
		why = open_v2(name, folder, &ceilings, out);
	for (size_t i = 0; i < CGROUP_MAX && !unified; i++) {
		int fd = open_v1(&controllers[i], name, folder, &ceilings);

		if (fd != -1)
			out->fds[out->n++] = fd;
		count(out, &controllers[i], fd != -1);
	}
	if (!*out->text) {
		snprintf(out->text, CGROUP_TEXT, "resource limits of the uid only: %s", why);
		snprintf(out->missing, CGROUP_TEXT, "memory, processes, cpu, disk: %s", why);
		return;
	}
	snprintf(held, sizeof(held), "%s", out->text);
	snprintf(out->text, CGROUP_TEXT, "cgroup v%d with ceilings of ", unified ? 2 : 1);
	text_append(out->text, CGROUP_TEXT, "%s", held);
	if (*out->missing) {
		text_append(out->missing, CGROUP_TEXT, ": %s", why);
		text_append(out->text, CGROUP_TEXT, "; none of %s", out->missing);
	}
}

void
cgroup_close(struct cgroup *cgroup)
{
	for (size_t i = 0; i < cgroup->n; i++)
		close(cgroup->fds[i]);
	cgroup->n = 0;
}

static bool
killed_in(const char *dir, const char *file)
{
	char path[PATH_MAX], word[64];
	unsigned long long n = 0;
	bool killed = false;
	FILE *f = NULL;

	if (snprintf(path, sizeof(path), "%s/%s", dir, file) < (int)sizeof(path))
		f = fopen(path, "re");
	while (f && fscanf(f, "%63s %llu", word, &n) == 2)
		killed = killed || (strcmp(word, "oom_kill") == 0 && n > 0);
	if (f)
		fclose(f);
	return killed;
}

bool
cgroup_was_full(const char *name, const char *folder)
{
	char dir[HIERARCHY_DIR];

	return folder_of(&controllers[0], name, folder, dir) == 0 &&
	       killed_in(dir, hierarchy_unified() ? "memory.events" : "memory.oom_control");
}

void
cgroup_remove(const char *name, const char *folder)
{
	char dir[HIERARCHY_DIR];

	for (size_t i = 0; i < CGROUP_MAX; i++)
		if (folder_of(&controllers[i], name, folder, dir) == 0)
			rmdir(dir);
}

void
cgroup_sweep(const char *run)
{
	char guests[PATH_MAX], mark[CGROUP_MARK], parent[HIERARCHY_DIR];
	bool known = snprintf(guests, sizeof(guests), "%s/guests", run) < (int)sizeof(guests) &&
		     mark_of(guests, mark) == 0;

	for (size_t i = 0; i < CGROUP_MAX && known; i++)
		if (parent_of(&controllers[i], parent) == 0)
			cgroup_sweep_in(parent, run, mark);
}
