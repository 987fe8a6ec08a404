/* A directory that will be a guest's root, worked on from outside; see tree.h. */
#include "launch/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { FILE_BYTES_MAX = 16 << 20 };

static int
open_inside(int tree, const char *path, int flags)
{
	struct open_how how = {
	    .flags = (unsigned)flags | O_CLOEXEC,
	    .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	};

	return (int)syscall(SYS_openat2, tree, path, &how, sizeof(how));
}

int
tree_open(const char *path)
{
	return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

bool
tree_has(int tree, const char *path)
{
	int fd = open_inside(tree, path, O_PATH);

	if (fd == -1)
		return false;
	close(fd);
	return true;
}

static char *
read_all(int fd, size_t *len)
{
	struct stat st;
	char *text = NULL;
	size_t n = 0;
	ssize_t got = 0;

	if (fstat(fd, &st) == -1)
		return NULL;
	if (!S_ISREG(st.st_mode) || st.st_size > FILE_BYTES_MAX) {
		errno = S_ISREG(st.st_mode) ? EFBIG : EINVAL;
		return NULL;
	}
	text = malloc((size_t)st.st_size + 1);
	while (text && n < (size_t)st.st_size && (got = read(fd, text + n, (size_t)st.st_size - n)) > 0)
		n += (size_t)got;
	if (!text || got == -1) {
		free(text);
		return NULL;
	}
	text[n] = '\0';
	if (len)
		*len = n;
	return text;
}

/* Consumes the descriptor, keeps errno. */
static char *
read_closing(int fd, size_t *len)
{
	char *text = fd == -1 ? NULL : read_all(fd, len);
	int saved = errno;

	if (fd != -1)
		close(fd);
	errno = saved;
	return text;
}

char *
tree_read(int tree, const char *path, size_t *len)
{
	return read_closing(open_inside(tree, path, O_RDONLY | O_NONBLOCK | O_NOCTTY), len);
}

/* One step down; the parent is consumed. */
static int
mkdir_step(int tree, int parent, const char *path, const char *leaf)
{
	int fd = open_inside(tree, path, O_RDONLY | O_DIRECTORY);

	if (fd == -1 && errno == ENOENT && mkdirat(parent, leaf, 0755) == 0) {
		fd = open_inside(tree, path, O_RDONLY | O_DIRECTORY);
		if (fd != -1 && fchmod(fd, 0755) == -1) {
			close(fd);
			fd = -1;
		}
	}
	close(parent);
	return fd;
}

int
tree_mkdir(int tree, const char *path)
{
	char partial[PATH_MAX];
	size_t n = strlen(path), start = 0;
	int at = fcntl(tree, F_DUPFD_CLOEXEC, 0);

	if (n >= sizeof(partial)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	for (size_t i = 1; i <= n && at != -1; i++) {
		if (path[i] != '/' && path[i] != '\0')
			continue;
		memcpy(partial, path, i);
		partial[i] = '\0';
		at = mkdir_step(tree, at, partial, partial + start);
		start = i + 1;
	}
	return at;
}

/* The directory of a path, made where missing, and the name in it. */
static int
open_parent(int tree, const char *path, const char **leaf)
{
	const char *slash = strrchr(path, '/');
	char dir[PATH_MAX];

	*leaf = slash ? slash + 1 : path;
	if (!slash)
		return fcntl(tree, F_DUPFD_CLOEXEC, 0);
	if ((size_t)(slash - path) >= sizeof(dir)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(dir, path, (size_t)(slash - path));
	dir[slash - path] = '\0';
	return tree_mkdir(tree, dir);
}

static int
write_all(int fd, struct span content)
{
	while (content.len > 0) {
		ssize_t n = write(fd, content.ptr, content.len);

		if (n == -1)
			return -1;
		content = span_from(content, (size_t)n);
	}
	return 0;
}

int
tree_write(int tree, const char *path, unsigned mode, struct span content)
{
	const char *leaf;
	int parent = open_parent(tree, path, &leaf), fd = -1, result = -1, saved;

	if (parent == -1)
		return -1;
	if (unlinkat(parent, leaf, 0) == -1 && errno != ENOENT)
		goto out;
	fd = openat(parent, leaf, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd != -1 && write_all(fd, content) == 0 && fchmod(fd, mode) == 0)
		result = 0;
out:
	saved = errno;
	if (fd != -1)
		close(fd);
	close(parent);
	errno = saved;
	return result;
}

int
tree_copy(int tree, const char *path, unsigned mode, const char *from)
{
	size_t len = 0;
	char *text = read_closing(open(from, O_RDONLY | O_CLOEXEC), &len);
	int result = text ? tree_write(tree, path, mode, span_of(text, len)) : -1;

	free(text);
	return result;
}

static int
do_link(int tree, const struct edit *edit)
{
	const char *leaf;
	int parent = open_parent(tree, edit->path, &leaf), result, saved;

	if (parent == -1)
		return -1;
	result = unlinkat(parent, leaf, 0);
	if (result == -1 && errno == ENOENT)
		result = 0;
	if (result == 0 && edit->kind == EDIT_LINK)
		result = symlinkat(edit->text, parent, leaf);
	saved = errno;
	close(parent);
	errno = saved;
	return result;
}

static int
do_dir(int tree, const struct edit *edit)
{
	int fd = tree_mkdir(tree, edit->path), result;

	if (fd == -1)
		return -1;
	result = fchmod(fd, edit->mode);
	close(fd);
	return result;
}

int
tree_edit(int tree, const struct edit *edit)
{
	switch (edit->kind) {
	case EDIT_DIR:
		return do_dir(tree, edit);
	case EDIT_FILE:
		return tree_write(tree, edit->path, edit->mode, span_str(edit->text));
	case EDIT_LINK:
	case EDIT_REMOVE:
		return do_link(tree, edit);
	}
	errno = EINVAL;
	return -1;
}
