/* Makes a guest's disk image; see image.h. */
#include "launch/image.h"
#include "base/log.h"
#include "base/progress.h"
#include "base/scrap.h"
#include "base/sys.h"
#include "launch/fit.h"
#include "launch/mkfs.h"
#include "launch/rootfs.h"
#include "launch/source.h"
#include "base/tool.h"
#include "launch/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

enum { MIB = 20 };

/* One image in the making. */
struct making {
	const struct conf *conf;
	const struct guest *guest;
	char work[TOOL_PATH_MAX]; /* STATE/.making-NAME-PID */
	char root[TOOL_PATH_MAX]; /* the tree, below work */
	char keys[TOOL_PATH_MAX]; /* fresh host keys, below work */
	char image[TOOL_PATH_MAX]; /* what is asked for */
	char dir[TOOL_PATH_MAX]; /* the folder it goes to */
	char temporary[TOOL_PATH_MAX]; /* beside it until it is whole */
	int tree;
	bool refresh;
};

static int
failed(const struct making *m, const char *what)
{
	log_error("guest %s: %s: %s", m->guest->name, what, strerror(errno));
	return -1;
}

/* What can be refused before any work. */
static int
image_check(const struct making *m)
{
	struct stat st;

	if (!m->guest->disk.from) {
		log_error(
		    "guest %s: disk has no `from`: bring the image yourself to %s, or say from: debian-12",
		    m->guest->name, m->image);
		return -1;
	}
	if (lstat(m->image, &st) == 0) {
		log_error("guest %s: %s exists already and is kept; remove it to have it made anew",
		    m->guest->name, m->image);
		return -1;
	}
	if (geteuid() != 0) {
		log_error("guest %s: making an image needs root; run it with sudo", m->guest->name);
		return -1;
	}
	return 0;
}

/* A disk that fills up half way is worse than none begun. */
static int
room_check(const struct making *m)
{
	unsigned long long wanted = source_room(m->conf, m->guest->disk.from), free_bytes;
	struct statvfs fs;

	if (statvfs(m->dir, &fs) == -1)
		return 0;
	free_bytes = (unsigned long long)fs.f_bavail * fs.f_frsize;
	if (wanted > free_bytes) {
		log_error(
		    "guest %s: %s has %lluM free, and making the image takes about %lluM; make room there",
		    m->guest->name, m->dir, free_bytes >> MIB, wanted >> MIB);
		return -1;
	}
	if (m->guest->disk.size_bytes > free_bytes)
		log_warn("guest %s: its disk of %lluM grows as it is used, and %s has only %lluM free",
		    m->guest->name, (unsigned long long)m->guest->disk.size_bytes >> MIB, m->dir,
		    free_bytes >> MIB);
	return 0;
}

static int
making_open(struct making *m)
{
	char copy[TOOL_PATH_MAX];

	tool_path(copy, "%s", m->image);
	tool_path(m->dir, "%s", dirname(copy));
	scrap_path(m->work, m->conf->state, m->guest->name, "");
	tool_path(m->root, "%s/tree", m->work);
	tool_path(m->keys, "%s/keys", m->work);
	scrap_path(m->temporary, m->dir, m->guest->name, ".img");
	umask(022);
	if (access(m->conf->state, F_OK) == -1 && sys_mkdir(m->conf->state, 0755, 0, 0) == -1)
		return failed(m, m->conf->state);
	if (access(m->dir, W_OK) == -1)
		return failed(m, m->dir);
	scrap_sweep(m->conf->state);
	scrap_sweep(m->dir);
	if (room_check(m) == -1)
		return -1;
	if (mkdir(m->work, 0700) == -1 || mkdir(m->root, 0755) == -1 || mkdir(m->keys, 0700) == -1)
		return failed(m, m->work);
	return 0;
}

static void
making_close(struct making *m)
{
	if (m->tree != -1)
		close(m->tree);
	if (m->temporary[0])
		unlink(m->temporary);
	if (m->work[0] && access(m->work, F_OK) == 0)
		tool_run(-1, NULL, (const char *[]){"rm", "-rf", "--one-file-system", "--", m->work, NULL});
}

/* What a kernel would start, as far as one can see from here. */
static int
init_check(const struct making *m)
{
	static const char *const inits[] = {"sbin/init", "etc/init", "bin/init", "bin/sh", "init"};

	for (size_t i = 0; i < sizeof(inits) / sizeof(*inits); i++)
		if (tree_has(m->tree, inits[i]))
			return 0;
	log_error("%s holds no root of a Linux: neither sbin/init nor bin/sh is in it", m->guest->disk.from);
	return -1;
}

/* A guest with swap hangs in udev: refused before anything is written over it. */
static int
fstab_check(const struct making *m)
{
	size_t len, line;
	char *text = tree_read(m->tree, "etc/fstab", &len);

	if (!text)
		return 0;
	line = rootfs_swap_line(span_of(text, len));
	free(text);
	if (line == 0)
		return 0;
	log_error(
	    "%s/etc/fstab:%zu: swap in a guest hangs it at boot; take the line out and make the image again",
	    m->guest->disk.from, line);
	return -1;
}

static int
image_write(const struct making *m)
{
	int fd = open(m->temporary, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	int result = -1;

	if (fd == -1 || ftruncate(fd, (off_t)m->guest->disk.size_bytes) == -1)
		failed(m, m->temporary);
	else if (mkfs_write(m->guest, m->work, m->temporary, NULL) == 0) {
		if (fchown(fd, m->guest->uid, m->guest->uid) == -1 || fsync(fd) == -1)
			failed(m, m->temporary);
		else
			result = 0;
	}
	if (fd != -1)
		close(fd);
	return result;
}

/* Never over an image that came to be meanwhile. */
static int
image_rename(struct making *m)
{
	int dir;

	if (renameat2(AT_FDCWD, m->temporary, AT_FDCWD, m->image, RENAME_NOREPLACE) == -1)
		return failed(m, m->image);
	m->temporary[0] = '\0';
	dir = tree_open(m->dir);
	if (dir == -1 || fsync(dir) == -1)
		log_warn(
		    "guest %s: %s is not surely on disk yet: %s", m->guest->name, m->image, strerror(errno));
	if (dir != -1)
		close(dir);
	return 0;
}

static int
fetch(struct making *m)
{
	if (source_fetch(m->conf, m->guest, m->work, m->root, m->refresh) == -1)
		return -1;
	m->tree = tree_open(m->root);
	return m->tree == -1 ? failed(m, m->root) : 0;
}

static int
fit(struct making *m)
{
	return init_check(m) == -1 || fstab_check(m) == -1 ? -1
							   : fit_tree(m->conf, m->guest, m->tree, m->keys);
}

static int
finish(struct making *m)
{
	return image_write(m) == -1 ? -1 : image_rename(m);
}

static int
make(struct making *m)
{
	static const struct {
		const char *name;
		int (*run)(struct making *);
	} steps[] = {
	    {"root tree", fetch}, {"its name, keys, network and modules", fit}, {"filesystem", finish}};
	enum { N = sizeof(steps) / sizeof(*steps) };
	int result = making_open(m);

	progress_open(m->guest->name, N);
	for (size_t i = 0; i < N && result == 0; i++) {
		double from = sys_seconds();

		progress_step(steps[i].name);
		result = tool_interrupted() ? -1 : steps[i].run(m);
		if (result == 0 && !progress_shown())
			log_info("guest %s: %s: %.1f s", m->guest->name, steps[i].name, sys_seconds() - from);
	}
	progress_close();
	return result;
}

int
image_make(const struct conf *conf, const struct guest *guest, bool refresh)
{
	struct making m = {.conf = conf, .guest = guest, .tree = -1, .refresh = refresh};
	char *image = conf_state_path(conf, guest->disk.image);
	double from = sys_seconds();
	int result;

	if (!image)
		return failed(&m, "its path");
	tool_path(m.image, "%s", image);
	free(image);
	if (image_check(&m) == -1)
		return -1;
	tool_interruptible(true);
	result = make(&m);
	tool_interruptible(false);
	making_close(&m);
	if (result == 0)
		log_info("guest %s: %s is ready (%.1f s)", guest->name,
		    strstr(m.image, "/.making-") ? "its image" : m.image, sys_seconds() - from);
	else
		log_error("guest %s: no image was made", guest->name);
	return result;
}
