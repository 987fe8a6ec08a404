/* A disk on a shared base made whole; see flatten.h. */
#include "cli/flatten.h"
#include "base/bases.h"
#include "base/cow.h"
#include "base/log.h"
#include "base/sys.h"
#include "base/tool.h"
#include "base/whole.h"
#include "cli/cli.h"
#include "cli/room.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CHUNK = 1 << 20, BITMAP_CHUNK = 64 << 10, BITS = 8 };

struct flatten {
	const char *image, *out, *failed; /* the paths of from and to; of which an error is */
	int from, to;
	uint64_t data; /* where the sectors begin in from */
	char *bytes; /* CHUNK of them */
	uint64_t own; /* how many of the disk's lie in from */
};

static int
count(struct flatten *f, uint64_t at, uint64_t n)
{
	(void)at;
	f->own += n;
	return 0;
}

/* Also where it is a hole, which is zeros that the guest wrote. */
static int
copy(struct flatten *f, uint64_t at, uint64_t n)
{
	while (n > 0) {
		size_t some = n < CHUNK ? (size_t)n : CHUNK;

		if (tool_interrupted()) {
			errno = EINTR;
			return -1;
		}
		f->failed = f->image;
		if (whole_read(f->from, f->bytes, some, (off_t)(f->data + at)) == -1)
			return -1;
		f->failed = f->out;
		if (whole_write(f->to, f->bytes, some, (off_t)at) == -1)
			return -1;
		at += some;
		n -= some;
	}
	return 0;
}

/* Does that with each run of what lies in from. */
static int
each(struct flatten *f, uint64_t size_bytes, int (*run_of)(struct flatten *, uint64_t at, uint64_t n))
{
	static unsigned char bitmap[BITMAP_CHUNK];
	uint64_t bytes = cow_bitmap_bytes(size_bytes);

	for (uint64_t at = 0; at < bytes; at += BITMAP_CHUNK) {
		size_t some = bytes - at < BITMAP_CHUNK ? (size_t)(bytes - at) : BITMAP_CHUNK;

		f->failed = f->image;
		if (whole_read(f->from, bitmap, some, (off_t)(COW_BITMAP + at)) == -1)
			return -1;
		for (uint64_t i = 0, run; i < BITS * some; i += run) {
			bool own;

			run = cow_run(bitmap, BITS * some, i, &own);
			if (own && run_of(f, (BITS * at + i) * COW_SECTOR, run * COW_SECTOR) == -1)
				return -1;
		}
	}
	return 0;
}

/* What both take at the most, where the host cannot share the base's blocks until they differ. */
static int
check_room(const struct flatten *f, const struct base *b, bool clones)
{
	unsigned long long bytes = f->own;
	struct stat st;

	if (!clones && stat(b->path, &st) == 0)
		bytes += (unsigned long long)st.st_blocks * 512;
	return room_check(f->out, bytes < b->size_bytes ? bytes : b->size_bytes,
	    "its disk, made whole for the backup,", "make room");
}

/* The base's own holes stay. */
static int
lay_base(struct flatten *f, const struct base *b)
{
	int status, base = open(b->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	bool clones = base != -1 && ioctl(f->to, FICLONE, base) == 0;

	if (base != -1)
		close(base);
	if (each(f, b->size_bytes, count) == -1)
		return cli_unread(f->failed);
	status = check_room(f, b, clones);
	if (status == EXIT_DONE && !clones &&
	    tool_run(-1, NULL, (const char *[]){"cp", "--sparse=always", "--", b->path, f->out, NULL}) == -1)
		return cli_unmade(f->out);
	return status;
}

static int
check(const struct guest *guest, int cow, const struct base *b)
{
	bool same;
	const char *why = bases_changed(b, &same);

	if (why)
		return cli_fail(EXIT_SYSTEM, "its base %s: %s: %s; lodge guest bases check says more",
		    guest->disk.base, b->path, why);
	why = bases_under(b, cow);
	return why ? cli_fail(EXIT_SYSTEM,
			 "%s: its image is not on base %s: %s; name in base: the one that it was made with",
			 guest->name, guest->disk.base, why)
		   : EXIT_DONE;
}

unsigned long long
flatten_takes(const struct conf *conf, const struct guest *guest, const char *image)
{
	unsigned long long bytes;
	struct base b = {0};
	struct stat own, base;

	if (bases_path(conf->state, guest->disk.base, &b) == -1 || stat(b.path, &base) == -1 ||
	    stat(image, &own) == -1)
		return 0;
	bytes = ((unsigned long long)own.st_blocks + (unsigned long long)base.st_blocks) * 512;
	return bytes < (unsigned long long)base.st_size ? bytes : (unsigned long long)base.st_size;
}

int
flatten(const struct conf *conf, const struct guest *guest, const char *image, int cow, const char *out)
{
	struct flatten f = {.image = image, .out = out, .from = cow, .to = -1, .bytes = malloc(CHUNK)};
	struct base b = {0};
	int status;

	if (!f.bytes || bases_path(conf->state, guest->disk.base, &b) == -1 || bases_read(&b) == -1) {
		status = cli_errno(b.about[0] ? b.about : conf->state);
		free(f.bytes);
		return status;
	}
	f.data = cow_data(b.size_bytes);
	status = check(guest, cow, &b);
	if (status == EXIT_DONE && (f.to = open(out, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600)) == -1)
		status = cli_errno(out);
	if (status == EXIT_DONE)
		status = lay_base(&f, &b);
	if (status == EXIT_DONE && each(&f, b.size_bytes, copy) == -1)
		status = errno == EINTR ? EXIT_SYSTEM : cli_unread(f.failed);
	if (f.to != -1)
		close(f.to);
	free(f.bytes);
	return status;
}
