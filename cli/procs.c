/* The processes of the guests' uids; see procs.h. */
#include "cli/procs.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { STAT_ROOM = 1024 };

struct whose {
	unsigned uid;
	size_t guest;
};

static int
by_uid(const void *a, const void *b)
{
	const struct whose *x = a, *y = b;

	return (x->uid > y->uid) - (x->uid < y->uid);
}

/* What the kernel says of a process; gone meanwhile: nothing. */
static void
process_add(int proc, const char *pid, struct load *load)
{
	char path[64], text[STAT_ROOM];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "%.32s/stat", pid);
	fd = openat(proc, path, O_RDONLY | O_CLOEXEC);
	if (fd == -1)
		return;
	n = read(fd, text, sizeof(text));
	close(fd);
	if (n > 0)
		load_take(span_of(text, (size_t)n), load);
}

static void
walk(DIR *dir, const struct whose *all, size_t n, struct load *loads)
{
	struct dirent *entry;
	struct stat st;

	while ((entry = readdir(dir))) {
		const struct whose *found;

		if (entry->d_name[0] < '1' || entry->d_name[0] > '9' ||
		    fstatat(dirfd(dir), entry->d_name, &st, 0) == -1)
			continue;
		found = bsearch(&(struct whose){.uid = st.st_uid}, all, n, sizeof(*all), by_uid);
		if (found)
			process_add(dirfd(dir), entry->d_name, &loads[found->guest]);
	}
}

void
procs_read(const struct conf *conf, struct load *loads)
{
	struct whose *all = calloc(conf->n_guests + 1, sizeof(*all));
	DIR *dir = opendir("/proc");

	memset(loads, 0, conf->n_guests * sizeof(*loads));
	for (size_t i = 0; all && i < conf->n_guests; i++)
		all[i] = (struct whose){conf->guests[i].uid, i};
	if (all && dir) {
		qsort(all, conf->n_guests, sizeof(*all), by_uid);
		walk(dir, all, conf->n_guests, loads);
	}
	if (dir)
		closedir(dir);
	free(all);
}
