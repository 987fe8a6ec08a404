/* Makes a guest's disk image; see image.h. */
#include "launch/image.h"
#include "base/log.h"
#include "base/progress.h"
#include "base/remedy.h"
#include "base/scrap.h"
#include "base/sys.h"
#include "launch/fit.h"
#include "launch/mkfs.h"
#include "launch/root.h"
#include "launch/shared.h"
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

enum {
	MIB = 20,
	SEED_ROOM = 1 << 20, /* of a guest on a base that is there */
};

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
	struct base base; /* that it shares, if it does */
};

static int
failed(const struct making *m, const char *what)
{
	log_error("guest %s: %s: %s", m->guest->name, what, remedy(errno, *what == '/' ? what : NULL));
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
	unsigned long long wanted, free_bytes;
	struct statvfs fs;
	struct base there;

	if (m->guest->disk.base && bases_path(m->conf->state, m->guest->disk.base, &there) == 0 &&
	    access(there.about, F_OK) == 0)
		wanted = SEED_ROOM;
	else
		wanted = source_room(m->conf, m->guest->disk.from);

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

static int
content_write(const struct making *m, int fd)
{
	if (m->guest->disk.base)
		return shared_write(m->conf, m->guest, &m->base, m->work, m->keys, fd);
	if (ftruncate(fd, (off_t)m->guest->disk.size_bytes) == -1)
		return failed(m, m->temporary);
	return mkfs_write(m->guest, m->work, m->temporary, NULL);
}

static int
image_write(const struct making *m)
{
	int fd = open(m->temporary, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	int result = -1;

	if (fd == -1)
		failed(m, m->temporary);
	else if (content_write(m, fd) == 0) {
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
	if (renameat2(AT_FDCWD, m->temporary, AT_FDCWD, m->image, RENAME_NOREPLACE) == -1)
		return failed(m, m->image);
	m->temporary[0] = '\0';
	if (sys_flush(m->dir) == -1)
		log_warn("guest %s: %s is not surely on disk yet: %s", m->guest->name, m->image,
		    remedy(errno, m->image));
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
	return root_check(m->tree, m->guest->disk.from) == -1 ? -1
							      : fit_tree(m->conf, m->guest, m->tree, m->keys);
}

static int
base_make(struct making *m)
{
	const struct guest *guest = m->guest, plain = shared_plain(guest);
	int result;

	m->guest = &plain;
	result = fetch(m) == -1 || root_check(m->tree, m->guest->disk.from) == -1
		     ? -1
		     : shared_make(m->conf, &plain, m->work, m->tree, &m->base);
	m->guest = guest;
	return result;
}

/* The base that it shares, made where there is none of this name. */
static int
base(struct making *m)
{
	int lock = shared_lock(m->conf), result;

	if (lock == -1)
		return -1;
	result = shared_find(m->conf, m->guest, m->refresh, &m->base);
	if (result == 0)
		result = base_make(m);
	close(lock);
	return result == -1 ? -1 : 0;
}

static int
finish(struct making *m)
{
	return image_write(m) == -1 ? -1 : image_rename(m);
}

static int
make(struct making *m)
{
	static const struct step {
		const char *name;
		int (*run)(struct making *);
	} whole[] = {{"root tree", fetch}, {"its name, keys, network and modules", fit},
	    {"filesystem", finish}},
	  shared[] = {{"its base", base}, {"its name and keys, and an empty disk", finish}};
	const struct step *steps = m->guest->disk.base ? shared : whole;
	const unsigned n =
	    m->guest->disk.base ? sizeof(shared) / sizeof(*shared) : sizeof(whole) / sizeof(*whole);
	int result = making_open(m);

	progress_open(m->guest->name, n);
	for (size_t i = 0; i < n && result == 0; i++) {
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
	bool interrupted;
	int result;

	if (!image)
		return failed(&m, "its path");
	tool_path(m.image, "%s", image);
	free(image);
	if (image_check(&m) == -1)
		return -1;
	tool_interruptible(true);
	result = make(&m);
	interrupted = tool_interrupted();
	tool_interruptible(false);
	making_close(&m);
	if (result == 0)
		log_info("guest %s: %s is ready (%.1f s)", guest->name,
		    strstr(m.image, "/.making-") ? "its image" : m.image, sys_seconds() - from);
	else
		log_error("guest %s: no image was made%s: lodge guest create %s", guest->name,
		    interrupted ? "; what was begun is gone, to make it anew"
				: "; mend what is said above, then",
		    guest->name);
	return result;
}
