/* Disks on a base that several guests share; see shared.h. */
#include "launch/shared.h"
#include "base/cow.h"
#include "base/log.h"
#include "base/remedy.h"
#include "base/scrap.h"
#include "base/tool.h"
#include "base/whole.h"
#include "launch/cmdline.h"
#include "launch/fit.h"
#include "launch/mkfs.h"
#include "launch/seed.h"
#include "launch/source.h"
#include "launch/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static int
failed(const char *what)
{
	if (!tool_interrupted())
		log_error("%s: %s", what, remedy(errno, *what == '/' ? what : NULL));
	return -1;
}

/* --- the base -------------------------------------------------------------------------------------- */

int
shared_lock(const struct conf *conf)
{
	char dir[TOOL_PATH_MAX];
	int fd = scrap_lock(tool_path(dir, "%s/bases", conf->state));

	return fd == -1 ? failed(dir) : fd;
}

static const char *
fs_name(const struct guest *guest)
{
	return guest->disk.fs == DISK_XFS ? "xfs" : "ext4";
}

/* An image of which nothing is known may be what others' disks stand on: it is nobody's to make anew. */
static int
is_unknown(const struct base *b)
{
	log_error("%s is there and %s is not; bring that back, or remove the image if no disk stands on it",
	    b->path, b->about);
	return -1;
}

/* A base keeps its name for good, and so what it is made from. */
static int
find_known(const struct guest *guest, bool refresh, const struct base *b)
{
	const char *name = guest->disk.base, *why;
	bool same;

	if (refresh) {
		log_error("base %s is there and never changes; name a new one: --base NAME", name);
		return -1;
	}
	why = bases_changed(b, &same);
	if (why) {
		log_error("base %s: %s: %s; lodge guest bases check says more", name, b->path, why);
		return -1;
	}
	if (strcmp(b->from, guest->disk.from) == 0 && strcmp(b->fs, fs_name(guest)) == 0 &&
	    b->size_bytes == guest->disk.size_bytes)
		return 1;
	log_error("base %s is %s of %lluM from %s, and guest %s wants %s of %lluM from %s; name another base",
	    name, b->fs, (unsigned long long)b->size_bytes >> 20, b->from, guest->name, fs_name(guest),
	    (unsigned long long)guest->disk.size_bytes >> 20, guest->disk.from);
	return -1;
}

int
shared_find(const struct conf *conf, const struct guest *guest, bool refresh, struct base *b)
{
	struct stat st;

	*b = (struct base){0};
	if (bases_path(conf->state, guest->disk.base, b) == -1)
		return failed(guest->disk.base);
	if (bases_read(b) == 0)
		return find_known(guest, refresh, b);
	if (errno == ENOENT)
		return lstat(b->path, &st) == 0 ? is_unknown(b) : 0;
	if (errno == EINVAL)
		log_error(
		    "base %s: %s: what stands there is not what lodge writes; name another base: --base NAME",
		    guest->disk.base, b->about);
	else
		log_error("base %s: %s: %s", guest->disk.base, b->about, remedy(errno, b->about));
	return -1;
}

struct guest
shared_plain(const struct guest *guest)
{
	struct guest plain = *guest;

	strcpy(plain.name, guest->disk.base);
	plain.n_domains = plain.n_forwards = plain.n_ssh_keys = 0;
	return plain;
}

/* What a guest has of its own it unpacks itself. */
static int
check_unpacks(const struct guest *guest, int tree)
{
	if (tree_has(tree, "bin/tar") &&
	    (tree_has(tree, "usr/lib/systemd/systemd") || tree_has(tree, "lib/systemd/systemd") ||
		tree_has(tree, "etc/inittab")))
		return 0;
	log_error(
	    "%s cannot be a base: it takes tar, and systemd or an /etc/inittab that runs lodge-net; leave "
	    "base: out",
	    guest->disk.from);
	return -1;
}

static int
write_image(const struct guest *guest, const char *work, const char *made, struct base *b)
{
	int fd = open(made, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600), result = -1;

	if (fd == -1 || ftruncate(fd, (off_t)guest->disk.size_bytes) == -1)
		failed(made);
	else if (mkfs_write(guest, work, made, NULL) == 0 && seed_find(fd, b->seed) == 0) {
		if (fchmod(fd, 0444) == -1 || fchown(fd, 0, 0) == -1 || fsync(fd) == -1 ||
		    bases_sum(fd, b->sum) == -1)
			failed(made);
		else
			result = 0;
	}
	if (fd != -1)
		close(fd);
	return result;
}

/* Who is killed before it is known leaves an image that nobody stands on: a sweep removes it. */
static int
keep(const char *made, const char *dir, struct base *b)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int result = -1;

	if (fd == -1)
		failed(dir);
	else if (renameat2(AT_FDCWD, made, AT_FDCWD, b->path, RENAME_NOREPLACE) == -1)
		result = errno == EEXIST ? is_unknown(b) : failed(b->path);
	else if (fsync(fd) == -1 || bases_write(b) == -1 || fsync(fd) == -1)
		failed(b->path);
	else
		result = 0;
	if (fd != -1)
		close(fd);
	return result;
}

int
shared_make(const struct conf *conf, const struct guest *guest, const char *work, int tree, struct base *b)
{
	char dir[TOOL_PATH_MAX], made[TOOL_PATH_MAX];
	struct fit_ssh ssh;
	int result;

	if (check_unpacks(guest, tree) == -1 || fit_base(conf, guest, tree, &ssh) == -1)
		return -1;
	if (seed_plant(tree) == -1)
		return failed(SEED_FILE);
	snprintf(b->from, sizeof(b->from), "%s", guest->disk.from);
	snprintf(b->fs, sizeof(b->fs), "%s", fs_name(guest));
	b->openssh = ssh.openssh;
	b->dropbear = ssh.dropbear;
	tool_path(dir, "%s/bases", conf->state);
	scrap_path(made, dir, guest->name, ".img");
	result = write_image(guest, work, made, b);
	if (result == 0)
		result = keep(made, dir, b);
	if (result == -1)
		unlink(made);
	else
		log_info("base %s: %s is made; it never changes", guest->name, b->path);
	return result;
}

/* --- a guest's own --------------------------------------------------------------------------------- */

/* The bitmap is a hole but for where something is. */
static int
write_bitmap(int fd, const unsigned char *bitmap, uint64_t bytes)
{
	static const unsigned char zeros[COW_ALIGN];

	for (uint64_t at = 0; at < bytes; at += COW_ALIGN) {
		size_t n = bytes - at < COW_ALIGN ? (size_t)(bytes - at) : COW_ALIGN;

		if (memcmp(bitmap + at, zeros, n) != 0 &&
		    whole_write(fd, bitmap + at, n, (off_t)(COW_BITMAP + at)) == -1)
			return -1;
	}
	return 0;
}

static int
write_cow(int fd, const struct base *b, const char *seed)
{
	const struct cow cow = {.size_bytes = b->size_bytes, .mtime_s = (uint32_t)b->mtime_s};
	uint64_t bytes = cow_bitmap_bytes(b->size_bytes), data = cow_data(b->size_bytes);
	unsigned char head[COW_HEAD], *bitmap = calloc(1, bytes);
	int result = -1;

	if (!bitmap)
		return -1;
	cow_head(&cow, JAIL_BASE, head);
	if (ftruncate(fd, (off_t)(data + b->size_bytes)) == 0 && whole_write(fd, head, sizeof(head), 0) == 0)
		result = 0;
	for (size_t i = 0; i < BASES_SEED && result == 0; i++) {
		cow_mark(bitmap, b->seed[i] / COW_SECTOR, BASES_BLOCK / COW_SECTOR);
		if (whole_write(fd, seed + i * BASES_BLOCK, BASES_BLOCK, (off_t)(data + b->seed[i])) == -1)
			result = -1;
	}
	if (result == 0)
		result = write_bitmap(fd, bitmap, bytes);
	free(bitmap);
	return result;
}

int
shared_write(const struct conf *conf, const struct guest *guest, const struct base *b, const char *work,
    const char *keys, int fd)
{
	struct fit_ssh ssh = {b->openssh, b->dropbear};
	char own[TOOL_PATH_MAX], seed[SEED_BYTES] = {0};
	int tree, result;

	tool_path(own, "%s/own", work);
	if (mkdir(own, 0755) == -1 || (tree = tree_open(own)) == -1)
		return failed(own);
	result = source_own(guest, own) == -1 || fit_own(conf, guest, tree, keys, ssh) == -1 ? -1 : 0;
	close(tree);
	if (result == 0)
		result = seed_pack(guest, work, own, seed);
	if (result == 0 && write_cow(fd, b, seed) == -1)
		result = failed("its disk");
	return result;
}

/* --- at every launch ------------------------------------------------------------------------------- */

static const char *
image_fault(const char *image, const struct base *b)
{
	int fd = open(image, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	const char *why = fd == -1 ? remedy(errno, image) : bases_under(b, fd);

	if (fd != -1)
		close(fd);
	return why;
}

enum launched
shared_check(const struct conf *conf, const struct guest *guest, const char *image, struct base *b, char *why)
{
	const char *name = guest->disk.base, *what;
	bool same;

	*b = (struct base){0};
	if (bases_path(conf->state, name, b) == -1 || bases_read(b) == -1) {
		launch_why(why, "its base %s: %s: %s; bring it back, or restore %s from a backup", name,
		    b->about, strerror(errno), guest->name);
		return LAUNCH_NEVER;
	}
	what = bases_changed(b, &same);
	if (what) {
		launch_why(why,
		    "its base %s may never change, and %s: %s; lodge guest bases check says whether its "
		    "content "
		    "is the same",
		    name, b->path, what);
		return LAUNCH_NEVER;
	}
	what = image_fault(image, b);
	if (!what)
		return LAUNCHED;
	launch_why(why, "image %s is not on base %s: %s; name in base: the one that it was made with", image,
	    name, what);
	return LAUNCH_NEVER;
}
