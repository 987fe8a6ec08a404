/* Whose disks stand on a base; see stands.h. */
#include "cli/stands.h"
#include "base/cow.h"
#include "base/scrap.h"

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* What a disk on it may have written down: what is known of the base, and what it is now. */
struct marks {
	struct cow known, now;
};

static struct marks
marks_of(const struct base *b)
{
	struct base known = *b;
	struct marks out = {0};
	struct stat st;

	if (bases_read(&known) == 0)
		out.known = (struct cow){known.size_bytes, (uint32_t)known.mtime_s};
	if (lstat(b->path, &st) == 0)
		out.now = (struct cow){(uint64_t)st.st_size, (uint32_t)st.st_mtim.tv_sec};
	return out;
}

static bool
same(const struct cow *a, const struct cow *b)
{
	return a->size_bytes == b->size_bytes && a->mtime_s == b->mtime_s;
}

/* As stands_find, of one file. */
static int
stands(const char *path, const struct marks *marks)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	char head[COW_HEAD];
	struct cow cow;
	struct stat st;
	ssize_t n = 0;

	if (fd == -1)
		return errno == ENOENT ? 0 : -1;
	if (fstat(fd, &st) == -1 || (S_ISREG(st.st_mode) && (n = pread(fd, head, sizeof(head), 0)) == -1)) {
		close(fd);
		return -1;
	}
	close(fd);
	return !cow_read(span_of(head, (size_t)n), &cow) &&
	       (same(&cow, &marks->known) || same(&cow, &marks->now));
}

/* What is being made when nobody makes anything is scrap. */
static bool
is_image(const FTSENT *entry)
{
	const char *dot = strrchr(entry->fts_name, '.');

	return (entry->fts_info == FTS_F || entry->fts_info == FTS_SL) && dot && strcmp(dot, ".img") == 0 &&
	       strncmp(entry->fts_name, ".making-", 8) != 0;
}

int
stands_find(const char *state, const struct base *b, char out[PATH_MAX])
{
	char root[PATH_MAX], *roots[] = {root, NULL};
	struct marks marks = marks_of(b);
	int result = 0, saved;
	FTSENT *entry;
	FTS *fts;

	snprintf(root, sizeof(root), "%s", state);
	snprintf(out, PATH_MAX, "%s", state);
	fts = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
	if (!fts)
		return -1;
	errno = 0;
	while (result == 0 && (entry = fts_read(fts))) {
		if (entry->fts_info == FTS_DNR || entry->fts_info == FTS_ERR || entry->fts_info == FTS_NS) {
			errno = entry->fts_errno;
			result = errno == ENOENT ? 0 : -1;
		} else if (is_image(entry)) {
			result = stands(entry->fts_path, &marks);
		}
		if (result != 0)
			snprintf(out, PATH_MAX, "%s", entry->fts_path);
		else
			errno = 0;
	}
	if (result == 0 && errno != 0)
		result = -1;
	saved = errno;
	fts_close(fts);
	errno = saved;
	return result;
}
