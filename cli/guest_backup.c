/*
 * `lodge guest backup NAME FILE`: a tarball, packed with zstd, whose every frame has a checksum:
 *
 *   lodge-backup  what it is, one word and value a line; and whom it might call, for people
 *   guest.yaml    a file that parses: the network, the day of billing and the guest
 *   disk.img      sparse
 */
#include "base/log.h"
#include "base/progress.h"
#include "base/remedy.h"
#include "base/scrap.h"
#include "base/sys.h"
#include "base/tool.h"
#include "cli/cli.h"
#include "cli/flatten.h"
#include "cli/guest.h"
#include "cli/live.h"
#include "cli/rest.h"
#include "conf/draft.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

struct backup {
	const struct conf *conf;
	const struct guest *guest;
	struct rest rest;
	bool live; /* it runs on but for a moment */
	char to[TOOL_PATH_MAX], made[TOOL_PATH_MAX]; /* the file, and that until it is whole */
	int fd; /* of what is made, locked; -1: none yet */
	char work[TOOL_PATH_MAX]; /* a folder for the two texts and the disk, or a link to it */
};

static int
write_guest(const struct backup *b, const char *path)
{
	char network[NET_TEXT];
	struct guest alone = *b->guest;
	FILE *out = fopen(path, "we");

	if (!out)
		return cli_errno(path);
	fprintf(out, "network: %s\n", net_print(&b->conf->network, network));
	if (ip_is_set(&b->conf->network6.ip))
		fprintf(out, "network6: \"%s\"\n", net_print(&b->conf->network6, network));
	fprintf(out, "billing: {day: %u}\n", b->conf->billing.day);
	alone.n_allows = 0; /* others are not in it */
	alone.disk.base = NULL; /* nor what they share: its disk is whole there */
	draft_print(b->conf, &alone, out);
	return fclose(out) == EOF ? cli_errno(path) : EXIT_DONE;
}

static const char *
disk_path(const struct backup *b, char *out)
{
	return tool_path(out, "%s/disk.img", b->work);
}

static int
write_about(const struct backup *b, const char *path)
{
	char disk[TOOL_PATH_MAX];
	struct stat st;
	FILE *out;

	if (stat(disk_path(b, disk), &st) == -1)
		return cli_errno(disk);
	out = fopen(path, "we");
	if (!out)
		return cli_errno(path);
	fprintf(out, "version 1\nname %s\nsize %llu\nused %llu\ntime %lld\n", b->guest->name,
	    (unsigned long long)st.st_size, (unsigned long long)st.st_blocks * 512, (long long)time(NULL));
	draft_allow_print(b->guest, out);
	return fclose(out) == EOF ? cli_errno(path) : EXIT_DONE;
}

/* It was written to until it stood still: the journal is replayed, and what is packed is clean. What e2fsck reads is hostile. */
static void
mend(const struct backup *b, const char *disk)
{
	int fd = open(disk, O_RDWR | O_CLOEXEC | O_NOFOLLOW);

	if (b->guest->disk.fs != DISK_EXT4 || tool_interrupted())
		;
	else if (fd == -1 || fchown(fd, b->guest->uid, b->guest->uid) == -1)
		cli_errno(disk);
	else if (tool_run_as(b->guest->uid, fd,
		     (const char *[]){"sh", "-c", "e2fsck -fp /proc/self/fd/0 || [ $? = 1 ]", NULL}) == -1)
		log_warn("%s: the file system on its disk has faults, and is saved as it is", b->guest->name);
	if (fd != -1)
		close(fd);
}

/* A copy of a disk that is written to, made whole where it stands on a base. */
static int
take_live(struct backup *b, const char *path)
{
	char copy[TOOL_PATH_MAX];
	int status, fd = -1;

	if (!b->guest->disk.base) {
		status = live_copy(b->conf, b->guest, b->rest.image, path, 0);
	} else {
		tool_path(copy, "%s/own.img", b->work);
		status = live_copy(
		    b->conf, b->guest, b->rest.image, copy, flatten_takes(b->conf, b->guest, b->rest.image));
		if (status == EXIT_DONE && (fd = open(copy, O_RDONLY | O_CLOEXEC)) == -1)
			status = cli_errno(copy);
		if (status == EXIT_DONE)
			status = flatten(b->conf, b->guest, b->rest.image, fd, path);
		if (fd != -1)
			close(fd);
		unlink(copy);
	}
	if (status == EXIT_DONE)
		mend(b, path);
	return status;
}

/* As it lies there, or made whole from what it shares. */
static int
take_disk(struct backup *b)
{
	char path[TOOL_PATH_MAX], *image;
	int status = EXIT_DONE;

	disk_path(b, path);
	if (b->live)
		return take_live(b, path);
	if (b->guest->disk.base)
		return flatten(b->conf, b->guest, b->rest.image, b->rest.fd, path);
	image = realpath(b->rest.image, NULL);
	if (!image || symlink(image, path) == -1)
		status = cli_errno(path);
	free(image);
	return status;
}

static int
prepare(struct backup *b)
{
	char path[TOOL_PATH_MAX], copy[TOOL_PATH_MAX], *folder;
	struct stat st;
	int status;

	if (lstat(b->to, &st) == 0)
		return cli_fail(EXIT_INPUT, "%s is there already; name another file, or remove it", b->to);
	tool_path(copy, "%s", b->to);
	folder = dirname(copy); /* not in copy where there is none */
	scrap_path(b->made, folder, b->guest->name, ".backup");
	if (access(folder, W_OK) == -1)
		return cli_errno(b->to);
	scrap_sweep(folder);
	scrap_path(b->work, b->conf->state, b->guest->name, ".texts");
	scrap_sweep(b->conf->state);
	if (mkdir(b->work, 0700) == -1)
		return cli_errno(b->work);
	status = take_disk(b);
	if (status == EXIT_DONE)
		status = write_guest(b, tool_path(path, "%s/guest.yaml", b->work));
	return status == EXIT_DONE ? write_about(b, tool_path(path, "%s/lodge-backup", b->work)) : status;
}

/* Only for who may read the disk. */
static int
pack(struct backup *b)
{
	b->fd = open(b->made, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (b->fd == -1 || flock(b->fd, LOCK_EX | LOCK_NB) == -1)
		return cli_errno(b->made);
	if (tool_run(-1, NULL,
		(const char *[]){"tar", "--create", "--sparse", "--force-local", "--format=posix",
		    "--dereference", "--numeric-owner", "-I", "zstd -3 -T0 -q --check", "-f", b->made, "-C",
		    b->work, "lodge-backup", "guest.yaml", "disk.img", NULL}) == -1)
		return cli_unmade(b->to);
	return EXIT_DONE;
}

static int
keep(const struct backup *b)
{
	char copy[TOOL_PATH_MAX];

	if (fsync(b->fd) == -1 || renameat2(AT_FDCWD, b->made, AT_FDCWD, b->to, RENAME_NOREPLACE) == -1)
		return cli_errno(b->to);
	tool_path(copy, "%s", b->to);
	if (sys_flush(dirname(copy)) == -1)
		return cli_fail(
		    EXIT_SYSTEM, "%s is whole, but not surely on disk: %s", b->to, remedy(errno, b->to));
	return EXIT_DONE;
}

/* Its image, of a guest that is not shut down for it. */
static int
begin_live(struct backup *b)
{
	int status = rest_find(&b->rest, b->conf, b->guest), runs;

	if (status != EXIT_DONE)
		return status;
	runs = rest_runs(b->conf, b->guest->name);
	if (runs == -1)
		return cli_fail(EXIT_SYSTEM, "%s: its launcher does not answer: %s; its log may say why",
		    b->guest->name, strerror(errno));
	b->live = runs == 1;
	return b->live ? EXIT_DONE : rest_take(&b->rest);
}

static int
make(struct backup *b)
{
	int status = b->live ? begin_live(b) : rest_begin(&b->rest, b->conf, b->guest);

	progress_open(b->guest->name, 1);
	progress_step("its backup");
	if (status == EXIT_DONE)
		status = prepare(b);
	if (status == EXIT_DONE)
		status = pack(b);
	if (status == EXIT_DONE)
		status = keep(b);
	progress_close();
	tool_interruptible(false);
	if (status != EXIT_DONE && b->made[0])
		unlink(b->made);
	if (b->fd != -1)
		close(b->fd);
	if (b->work[0])
		tool_run(-1, NULL, (const char *[]){"rm", "-rf", "--", b->work, NULL});
	return rest_end(&b->rest, status);
}

int
guest_backup(const struct said *said)
{
	struct backup b = {.fd = -1, .live = said_has(said, "--live")};
	struct conf conf;
	struct stat st;
	int status;

	b.guest = guest_load(said, &conf, &status);
	if (!b.guest)
		return status;
	b.conf = &conf;
	tool_path(b.to, "%s", said->operands[1]);
	if (stat(b.to, &st) == 0)
		status = cli_fail(EXIT_INPUT, "%s is there already; name another file, or remove it", b.to);
	else {
		tool_interruptible(true);
		status = make(&b);
	}
	if (status == EXIT_DONE && stat(b.to, &st) == 0)
		log_info("%s: %lluM; lodge guest restore %s brings %s back", b.to,
		    (unsigned long long)st.st_size >> 20, b.to, b.guest->name);
	conf_free(&conf);
	return status;
}
