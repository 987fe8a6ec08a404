/* `lodge guest resize NAME SIZE`: a larger disk, made on a copy beside the old one. */
#include "base/log.h"
#include "base/progress.h"
#include "base/remedy.h"
#include "base/scrap.h"
#include "base/sys.h"
#include "base/tool.h"
#include "cli/cli.h"
#include "cli/guest.h"
#include "cli/rest.h"
#include "conf/draft.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MIB = 20 };

static int
check(const struct guest *guest, const struct rest *rest, unsigned long long wanted)
{
	struct stat st;

	if (fstat(rest->fd, &st) == -1)
		return cli_errno(rest->image);
	if (wanted <= (unsigned long long)st.st_size)
		return cli_fail(EXIT_INPUT, "%s has %lluM; a disk only grows, so name more", guest->name,
		    (unsigned long long)st.st_size >> MIB);
	return EXIT_DONE;
}

/*
 * The guest's root wrote what these two read: they are the guest on this host, who may no more than open this file. e2fsck says
 * 1 when it mended something, and that is well.
 */
static int
grow_ext4(const struct guest *guest, int fd)
{
	if (fchown(fd, guest->uid, guest->uid) == -1)
		return -1;
	if (tool_run_as(guest->uid, fd,
		(const char *[]){"sh", "-c", "e2fsck -fp /proc/self/fd/0 || [ $? = 1 ]", NULL}) == -1)
		return -1;
	return tool_run_as(guest->uid, fd, (const char *[]){"resize2fs", "/proc/self/fd/0", NULL});
}

static int
grow(const struct guest *guest, const char *made, unsigned long long bytes)
{
	int fd = open(made, O_RDWR | O_CLOEXEC | O_NOFOLLOW), status = EXIT_DONE;

	if (fd == -1 || ftruncate(fd, (off_t)bytes) == -1 || fchmod(fd, 0600) == -1)
		status = cli_errno(made);
	else if (guest->disk.fs == DISK_EXT4 && grow_ext4(guest, fd) == -1)
		status = cli_fail(EXIT_SYSTEM,
		    "%s was not resized, and its disk is as it was; start it and see what it says of its "
		    "disk: lodge console %s",
		    guest->name, guest->name);
	if (fd != -1)
		close(fd);
	return status;
}

static int
make(const struct guest *guest, const struct rest *rest, const char *made, unsigned long long bytes)
{
	if (tool_run(-1, NULL,
		(const char *[]){"cp", "--sparse=always", "--reflink=auto", "--preserve=ownership", "--",
		    rest->image, made, NULL}) == -1)
		return cli_unmade(made);
	return grow(guest, made, bytes);
}

static int
take_place(const struct rest *rest, const char *made)
{
	char copy[TOOL_PATH_MAX];

	if (sys_flush(made) == -1 || rename(made, rest->image) == -1)
		return cli_errno(rest->image);
	tool_path(copy, "%s", rest->image);
	if (sys_flush(dirname(copy)) == -1)
		log_warn("%s is not surely on disk yet: %s", rest->image, remedy(errno, rest->image));
	return EXIT_DONE;
}

static int
resize(const struct conf *conf, const struct guest *guest, unsigned long long bytes)
{
	char made[TOOL_PATH_MAX], copy[TOOL_PATH_MAX];
	struct rest rest;
	int status;

	tool_interruptible(true);
	progress_open(guest->name, 1);
	progress_step("a larger disk");
	status = rest_begin(&rest, conf, guest);
	if (status == EXIT_DONE)
		status = check(guest, &rest, bytes);
	if (status == EXIT_DONE) {
		tool_path(copy, "%s", rest.image);
		scrap_path(made, dirname(copy), guest->name, ".larger.img");
		scrap_sweep(copy);
		status = make(guest, &rest, made, bytes);
		if (status == EXIT_DONE)
			status = take_place(&rest, made);
		if (status != EXIT_DONE)
			unlink(made);
	}
	tool_interruptible(false);
	progress_close();
	if (status == EXIT_DONE)
		log_info("%s: %lluM%s", guest->name, bytes >> MIB,
		    guest->disk.fs == DISK_XFS ? "; its XFS grows when it boots, where xfs_growfs is in it"
					       : "");
	return rest_end(&rest, status);
}

/* The file keeps what it is made with from now on; it is the owner's, and so are its lines. */
static void
tell_file(const struct conf *conf, const struct guest *guest, const char *size)
{
	const struct place *at = guest->disk.place.line ? &guest->disk.place : &guest->place;

	fprintf(stderr, "write size: %s into %s:%u, for the day when the disk is made anew\n", size,
	    conf->files[at->file], at->line);
}

int
guest_resize(const struct said *said)
{
	const struct guest *guest;
	struct guest wanted = {0};
	struct conf conf;
	const char *why;
	int status;

	why = draft_disk(&wanted, said->operands[1]);
	if (why)
		return cli_fail(EXIT_INPUT, "«%s» %s", said->operands[1], why);
	guest = guest_load(said, &conf, &status);
	if (!guest)
		return status;
	if (guest->disk.base) {
		status = cli_fail(EXIT_INPUT,
		    "%s stands on base %s and has its size; lodge guest backup, destroy and restore give it "
		    "a disk of its "
		    "own, which grows",
		    guest->name, guest->disk.base);
		conf_free(&conf);
		return status;
	}
	status = resize(&conf, guest, wanted.disk.size_bytes);
	if (status == EXIT_DONE)
		tell_file(&conf, guest, said->operands[1]);
	conf_free(&conf);
	return status;
}
