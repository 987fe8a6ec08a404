/* A disk on a shared base made whole; see flatten.h. */
#include "cli/flatten.h"
#include "base/bases.h"
#include "base/cow.h"
#include "base/log.h"
#include "base/sys.h"
#include "base/tool.h"
#include "cli/cli.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CHUNK = 1 << 20, BITMAP_CHUNK = 64 << 10, BITS = 8 };

struct flatten {
	int from, to;
	uint64_t data; /* where the sectors begin in from */
	char *bytes; /* CHUNK of them */
};

/* Also where it is a hole, which is zeros that the guest wrote. */
static int
copy(const struct flatten *f, uint64_t at, uint64_t n)
{
	while (n > 0) {
		size_t some = n < CHUNK ? (size_t)n : CHUNK;

		if (tool_interrupted()) {
			errno = EINTR;
			return -1;
		}
		if (pread(f->from, f->bytes, some, (off_t)(f->data + at)) != (ssize_t)some ||
		    pwrite(f->to, f->bytes, some, (off_t)at) != (ssize_t)some)
			return -1;
		at += some;
		n -= some;
	}
	return 0;
}

static int
copy_all(const struct flatten *f, uint64_t size_bytes)
{
	static unsigned char bitmap[BITMAP_CHUNK];
	uint64_t bytes = cow_bitmap_bytes(size_bytes);

	for (uint64_t at = 0; at < bytes; at += BITMAP_CHUNK) {
		size_t some = bytes - at < BITMAP_CHUNK ? (size_t)(bytes - at) : BITMAP_CHUNK;

		if (pread(f->from, bitmap, some, (off_t)(COW_BITMAP + at)) != (ssize_t)some)
			return -1;
		for (uint64_t i = 0, run; i < BITS * some; i += run) {
			bool own;

			run = cow_run(bitmap, BITS * some, i, &own);
			if (own && copy(f, (BITS * at + i) * COW_SECTOR, run * COW_SECTOR) == -1)
				return -1;
		}
	}
	return 0;
}

/* The base's own holes stay, and where the host can, its blocks are shared until they differ. */
static int
lay_base(const struct base *b, const char *out)
{
	if (tool_run(-1, NULL,
		(const char *[]){"cp", "--sparse=always", "--reflink=auto", "--", b->path, out, NULL}) == -1)
		return cli_fail(EXIT_SYSTEM, "%s was not made; is there room?", out);
	return chmod(out, 0600) == -1 ? cli_errno(out) : EXIT_DONE;
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
	return why ? cli_fail(EXIT_SYSTEM, "%s: its image is not on base %s: %s", guest->name,
			 guest->disk.base, why)
		   : EXIT_DONE;
}

int
flatten(const struct conf *conf, const struct guest *guest, int cow, const char *out)
{
	struct flatten f = {.from = cow, .to = -1, .bytes = malloc(CHUNK)};
	struct base b = {0};
	int status;

	if (!f.bytes || bases_path(conf->state, guest->disk.base, &b) == -1 || bases_read(&b) == -1) {
		status = cli_errno(guest->disk.base);
		free(f.bytes);
		return status;
	}
	status = check(guest, cow, &b);
	if (status == EXIT_DONE)
		status = lay_base(&b, out);
	f.data = cow_data(b.size_bytes);
	if (status == EXIT_DONE &&
	    ((f.to = open(out, O_WRONLY | O_CLOEXEC | O_NOFOLLOW)) == -1 || copy_all(&f, b.size_bytes) == -1))
		status = errno == EINTR ? EXIT_SYSTEM : cli_errno(out);
	if (f.to != -1)
		close(f.to);
	free(f.bytes);
	return status;
}
