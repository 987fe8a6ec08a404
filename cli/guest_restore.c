/*
 * `lodge guest restore FILE [NEW]`: the guest of a backup, with what it had where that is free, or another one with its
 * disk. The file may come from a stranger: from it are taken one text for the parser, numbers, and one plain file.
 */
#include "base/log.h"
#include "base/progress.h"
#include "base/remedy.h"
#include "base/scrap.h"
#include "base/sys.h"
#include "base/tool.h"
#include "cli/cli.h"
#include "cli/entry.h"
#include "cli/guest.h"
#include "cli/room.h"
#include "conf/draft.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MIB = 20, ABOUT = 8192 };

struct restore {
	const char *file; /* the backup */
	char work
	    [TOOL_PATH_MAX]; /* where it is unpacked: below state, so that the disk is moved and not copied */
	char name[CONF_GUEST_NAME_MAX + 1]; /* in it */
	unsigned long long size, used;
	char allow[ABOUT]; /* whom it might call where it was; "": nobody */
};

static int
unpack(const struct restore *r, const char *first, const char *second)
{
	/* All of the file is read, so that its last checksum is looked at, too. */
	if (tool_run(-1, NULL,
		(const char *[]){"tar", "-x", "--sparse", "--force-local", "--no-same-owner",
		    "--no-same-permissions", "-I", "zstd -q", "-f", r->file, "-C", r->work, first, second,
		    NULL}) == 0)
		return EXIT_DONE;
	if (tool_interrupted())
		return EXIT_SYSTEM;
	return cli_fail(EXIT_INPUT, "%s is no backup by lodge, or is damaged; take another one", r->file);
}

static bool
is_plain(const char *path, struct stat *st)
{
	return lstat(path, st) == 0 && S_ISREG(st->st_mode) && st->st_nlink == 1;
}

static int
read_about(struct restore *r)
{
	char path[TOOL_PATH_MAX], line[ABOUT];
	unsigned version = 0;
	struct stat st;
	FILE *in;

	tool_path(path, "%s/lodge-backup", r->work);
	in = is_plain(path, &st) && st.st_size < ABOUT ? fopen(path, "re") : NULL;
	while (in && fgets(line, sizeof(line), in))
		if (sscanf(line, "version %u", &version) != 1 &&
		    sscanf(line, "name %32[a-z0-9-]", r->name) != 1 &&
		    sscanf(line, "size %llu", &r->size) != 1 &&
		    sscanf(line, " allow: %8191[][a-z0-9:/\", -]", r->allow) != 1)
			sscanf(line, "used %llu", &r->used);
	if (in)
		fclose(in);
	if (version == 0 || r->size == 0 || name_guest(span_str(r->name)))
		return cli_fail(
		    EXIT_INPUT, "%s is no backup by lodge; lodge guest backup makes one", r->file);
	if (version != 1)
		return cli_fail(
		    EXIT_INPUT, "%s is by a newer lodge (version %u); take that one", r->file, version);
	return EXIT_DONE;
}

/* The guest as the backup has it, made ready to be one of this file. */
static int
read_guest(const struct restore *r, struct entry *e, const char *name)
{
	char path[TOOL_PATH_MAX];
	struct conf_errors errors = {0};
	struct conf old = {0};
	const struct guest *guest = NULL;
	const char *why = NULL;
	struct stat st;
	int status = EXIT_DONE;

	tool_path(path, "%s/guest.yaml", r->work);
	if (is_plain(path, &st) && conf_load(path, &old, &errors) == 0)
		guest = conf_guest(&old, r->name);
	if (!guest || old.n_files != 1)
		status = cli_fail(EXIT_INPUT, "%s holds no guest %s; take another one", r->file, r->name);
	else if (strcmp(r->name, name) == 0)
		draft_again(guest, &e->guest, &why);
	else
		draft_copy(guest, &e->guest, name, &why);
	if (why)
		status = cli_fail(EXIT_SYSTEM, "%s %s", name, why);
	/* A place of another host, what that one allowed, or a stranger's wish. */
	if (e->guest.disk.from && e->guest.disk.from[0] == '/') {
		free(e->guest.disk.from);
		e->guest.disk.from = NULL;
	}
	free(e->guest.disk.base); /* the disk is whole */
	e->guest.disk.base = NULL;
	e->guest.n_allows = 0;
	e->guest.disk.size_bytes = r->size;
	conf_errors_free(&errors);
	conf_free(&old);
	return status;
}

static int
take_disk(const struct restore *r, struct entry *e)
{
	char path[TOOL_PATH_MAX];
	struct stat st;

	tool_path(path, "%s/disk.img", r->work);
	if (!is_plain(path, &st) || (unsigned long long)st.st_size != r->size)
		return cli_fail(
		    EXIT_INPUT, "%s holds no disk of the size that it tells; take another one", r->file);
	if (chmod(path, 0600) == -1 || rename(path, e->making) == -1)
		return cli_errno(e->making);
	return EXIT_DONE;
}

/* What can be refused is refused before the disk is unpacked. */
static int
restore(struct restore *r, struct entry *e, const char *name)
{
	int status = read_guest(r, e, name);

	if (status == EXIT_DONE)
		status = room_check(r->work, r->used, r->file, "make room");
	if (status == EXIT_DONE)
		status = entry_check(e);
	progress_open(name, 1);
	progress_step("its disk");
	if (status == EXIT_DONE)
		status = unpack(r, "disk.img", "lodge-backup");
	progress_close();
	if (status == EXIT_DONE)
		status = take_disk(r, e);
	if (status == EXIT_DONE)
		status = entry_commit(e);
	if (status != EXIT_DONE)
		return status;
	if (r->allow[0])
		log_warn("%s had allow: %s; if %s is to have it, write that into %s, then lodge apply",
		    r->name, r->allow, name, e->path);
	return entry_tell(e);
}

static int
open_work(struct restore *r, const struct conf *conf)
{
	if (access(r->file, R_OK) == -1)
		return cli_fail(EXIT_INPUT, "%s: %s", r->file, remedy(errno, r->file));
	if (access(conf->state, F_OK) == -1 && sys_mkdir(conf->state, 0755, 0, 0) == -1)
		return cli_errno(conf->state);
	scrap_sweep(conf->state);
	scrap_path(r->work, conf->state, "restore", "");
	if (mkdir(r->work, 0700) == -1) {
		r->work[0] = '\0';
		return cli_errno(conf->state);
	}
	return EXIT_DONE;
}

/* The file says where state is, and the backup what the guest is called: a first look at both. */
static int
look(const char *file, struct restore *r)
{
	struct conf conf;
	int status;

	if (cli_load(file, &conf, &status) == -1)
		return status;
	if (geteuid() != 0)
		status = cli_fail(
		    EXIT_PERMISSION, "a guest's image and file are root's to make; run it with sudo");
	else
		status = open_work(r, &conf);
	conf_free(&conf);
	if (status == EXIT_DONE)
		status = unpack(r, "lodge-backup", "guest.yaml");
	return status == EXIT_DONE ? read_about(r) : status;
}

int
guest_restore(const struct said *said)
{
	struct restore r = {.file = said->operands[0]};
	struct entry e = {0};
	const char *name;
	int status;

	tool_interruptible(true);
	status = look(said->file, &r);
	name = said->n_operands > 1 ? said->operands[1] : r.name;
	if (status == EXIT_DONE)
		status = entry_open(&e, said->file, name, false);
	e.json = said_has(said, "--json");
	if (status == EXIT_DONE)
		status = restore(&r, &e, name);
	tool_interruptible(false);
	entry_close(&e);
	if (r.work[0])
		tool_run(-1, NULL, (const char *[]){"rm", "-rf", "--one-file-system", "--", r.work, NULL});
	return status;
}
