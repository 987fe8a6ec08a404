/* Where the host keeps its cgroups; see hierarchy.h. */
#include "launch/hierarchy.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#define LEAF "/launcher" /* where the launcher itself goes, below what was delegated to it */

int
hierarchy_put(const char *dir, const char *file, const char *text)
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

bool
hierarchy_unified(void)
{
	struct statfs fs;

	return statfs(HIERARCHY_ROOT, &fs) == 0 && fs.f_type == CGROUP2_SUPER_MAGIC;
}

/* Is name in a list with commas? */
static bool
listed(const char *list, size_t len, const char *name)
{
	size_t n = strlen(name);

	for (const char *at = list; at < list + len;) {
		const char *end = memchr(at, ',', (size_t)(list + len - at));
		size_t word = (size_t)((end ? end : list + len) - at);

		if (word == n && memcmp(at, name, n) == 0)
			return true;
		at += word + 1;
	}
	return false;
}

/* From lines of the form NUMBER:CONTROLLERS:PATH; v2 names none. */
int
hierarchy_own(const char *controller, char *out, size_t room)
{
	FILE *f = fopen("/proc/self/cgroup", "re");
	char line[PATH_MAX];
	int found = -1;

	while (f && found == -1 && fgets(line, sizeof(line), f)) {
		char *list = strchr(line, ':'), *path = list ? strchr(list + 1, ':') : NULL;

		if (!path)
			continue;
		line[strcspn(line, "\n")] = '\0';
		if (controller ? listed(list + 1, (size_t)(path - list - 1), controller) : path == list + 1)
			found = snprintf(out, room, "%s", path + 1) < (int)room ? 0 : -1;
	}
	if (f)
		fclose(f);
	if (found == 0 && strcmp(out, "/") == 0)
		*out = '\0';
	return found;
}

/* v2: below what is delegated to us, or below the root when we are there. */
int
hierarchy_parent_v2(char *out)
{
	char own[PATH_MAX];
	size_t n, leaf = strlen(LEAF);

	if (hierarchy_own(NULL, own, sizeof(own)) == -1)
		return -1;
	n = strlen(own);
	if (n >= leaf && strcmp(own + n - leaf, LEAF) == 0)
		own[n - leaf] = '\0';
	return snprintf(out, HIERARCHY_DIR, HIERARCHY_ROOT "%s", own) < HIERARCHY_DIR ? 0 : -1;
}

/* v1: below our own; in a container that path may be another's, and the root is ours. */
int
hierarchy_parent_v1(const char *controller, char *out)
{
	char own[PATH_MAX];

	if (hierarchy_own(controller, own, sizeof(own)) == -1)
		return -1;
	if (snprintf(out, HIERARCHY_DIR, HIERARCHY_ROOT "/%s%s", controller, own) >= HIERARCHY_DIR)
		return -1;
	if (access(out, F_OK) == 0)
		return 0;
	snprintf(out, HIERARCHY_DIR, HIERARCHY_ROOT "/%s", controller);
	return access(out, F_OK);
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

/* How many of the controllers are handed down. */
static size_t
hand_down(const char *parent, const char *const controllers[], size_t n)
{
	size_t done = 0;
	char word[32];

	for (size_t i = 0; i < n; i++) {
		snprintf(word, sizeof(word), "+%s", controllers[i]);
		done += names(parent, "cgroup.controllers", controllers[i]) &&
			hierarchy_put(parent, "cgroup.subtree_control", word) == 0;
	}
	return done;
}

/* The root of all may hold processes and hand down; what a container sees as its root has a type, and may not. */
static bool
is_root(const char *dir)
{
	char path[PATH_MAX];

	return snprintf(path, sizeof(path), "%s/cgroup.type", dir) < (int)sizeof(path) &&
	       access(path, F_OK) == -1;
}

/*
 * A cgroup that hands memory or io down may hold no process itself, so the launcher moves to a leaf first. (cpu and pids
 * alone could be handed down with it inside; nobody could then join what lies below.) NULL, or why not.
 */
const char *
hierarchy_enable(const char *parent, const char *const controllers[], size_t n)
{
	char leaf[HIERARCHY_DIR];
	bool some = false;

	for (size_t i = 0; i < n; i++)
		some = some || names(parent, "cgroup.controllers", controllers[i]);
	if (!some)
		return "the cgroup it is in has no controllers";
	if (is_root(parent))
		return hand_down(parent, controllers, n) > 0 ? NULL : "the root cgroup cannot be written";
	if (!is_alone_in(parent))
		return "other programs share its cgroup; make it a service of its own, Delegate=yes";
	if (snprintf(leaf, sizeof(leaf), "%s" LEAF, parent) < (int)sizeof(leaf) &&
	    (mkdir(leaf, 0755) == 0 || errno == EEXIST) && hierarchy_put(leaf, "cgroup.procs", "0") == 0 &&
	    hand_down(parent, controllers, n) > 0)
		return NULL;
	return "its cgroup cannot be written";
}
