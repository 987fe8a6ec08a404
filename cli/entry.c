/* A guest that comes to be; see entry.h. */
#include "cli/entry.h"
#include "base/log.h"
#include "base/remedy.h"
#include "base/scrap.h"
#include "base/sys.h"
#include "base/tool.h"
#include "cli/cli.h"
#include "conf/draft.h"
#include "conf/host.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MIB = 20 };

/* The first pattern that is a folder and "*.yaml" (or the like): there, with the name in the star's place. */
static int
find_place(struct entry *e, const char *name)
{
	for (size_t i = 0; i < e->conf.n_includes; i++) {
		const char *pattern = e->conf.includes[i], *slash = strrchr(pattern, '/');
		const char *star = strchr(slash ? slash + 1 : pattern, '*');

		if (!star || strpbrk(star + 1, "*?[\\") ||
		    (size_t)(strpbrk(pattern, "*?[\\") - pattern) != (size_t)(star - pattern))
			continue;
		if (slash)
			tool_path(e->dir, "%.*s", (int)(slash == pattern ? 1 : slash - pattern), pattern);
		else
			strcpy(e->dir, ".");
		tool_path(e->path, "%.*s%s%s", (int)(star - pattern), pattern, name, star + 1);
		if (e->path[0] && e->dir[0])
			return EXIT_DONE;
	}
	return cli_fail(EXIT_INPUT,
	    "%s includes no folder for guests; add the line «include: guests.d/*.yaml» to it", e->file);
}

static int
load(struct entry *e)
{
	struct conf_errors errors = {0};
	int bad = conf_load(e->file, &e->conf, &errors), status = cli_report(&errors);

	e->n_warnings = errors.n;
	conf_errors_free(&errors);
	return bad == -1 ? (status ? status : EXIT_INPUT) : EXIT_DONE;
}

static const char *
file_of(const struct conf *conf, const struct place *place)
{
	return place->file < conf->n_files ? conf->files[place->file] : "the file";
}

int
entry_open(struct entry *e, const char *file, const char *name, bool dry)
{
	const char *why = name_guest(span_str(name));
	const struct guest *there;
	int status;

	*e = (struct entry){.file = file, .dry = dry};
	if (why)
		return cli_fail(EXIT_INPUT, "«%s» %s", name, why);
	status = load(e);
	if (status != EXIT_DONE)
		return status;
	there = conf_guest(&e->conf, name);
	if (there)
		return cli_fail(EXIT_INPUT,
		    "%s is there already: %s:%u; take another name, or first: lodge guest destroy %s", name,
		    file_of(&e->conf, &there->place), there->place.line, name);
	status = find_place(e, name);
	if (status != EXIT_DONE)
		return status;
	if (access(e->path, F_OK) == 0)
		return cli_fail(
		    EXIT_INPUT, "%s is there already and names no guest %s; move it away", e->path, name);
	if (!dry && geteuid() != 0)
		return cli_fail(
		    EXIT_PERMISSION, "a guest's image and file are root's to make; run it with sudo");
	return EXIT_DONE;
}

/* A folder for drafts: the guests' own, or for a look only one that goes again. */
static int
find_work(struct entry *e)
{
	if (e->work[0])
		return EXIT_DONE;
	if (e->dry) {
		tool_path(e->work, "%s/lodge-XXXXXX", getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
		if (!mkdtemp(e->work)) {
			e->work[0] = '\0';
			return cli_fail(
			    EXIT_SYSTEM, "no temporary folder: %s; set TMPDIR to another", strerror(errno));
		}
	} else {
		if (access(e->dir, F_OK) == -1 && mkdir(e->dir, 0755) == -1)
			return cli_errno(e->dir);
		scrap_sweep(e->dir);
		strcpy(e->work, e->dir);
	}
	scrap_path(e->draft, e->work, e->guest.name, ".yaml");
	scrap_path(e->whole, e->work, e->guest.name, ".lodge.yaml");
	return EXIT_DONE;
}

static int
find_free(struct entry *e)
{
	static uint8_t taken[HOST_PORTS];
	const char *why;

	if (listeners_read(taken) == -1)
		log_debug("who listens on this host is not known: %s", strerror(errno));
	why = draft_place(&e->conf, taken, &e->guest);
	return why ? cli_fail(EXIT_SYSTEM, "%s: %s", e->guest.name, why) : EXIT_DONE;
}

/* Of one guest; that all together promise more is a warning of the file's. */
static int
check_memory(const struct entry *e)
{
	struct host_facts facts;
	uint64_t wanted = e->guest.memory_bytes, ram, room;

	host_learn(&facts);
	ram = facts.host.ram_bytes;
	room = facts.host.guest_room_bytes;
	host_free(&facts);
	if (ram && wanted > ram)
		return cli_fail(EXIT_INPUT, "memory of %lluM is more than this host's %lluM; ask for less",
		    (unsigned long long)wanted >> MIB, (unsigned long long)ram >> MIB);
	if (room && wanted > room)
		return cli_fail(EXIT_INPUT,
		    "memory of %lluM is more than the %lluM that the file system for it (TMPDIR, else "
		    "/dev/shm) holds; "
		    "ask for less, or make it larger: mount -o remount,size=… /dev/shm",
		    (unsigned long long)wanted >> MIB, (unsigned long long)room >> MIB);
	return EXIT_DONE;
}

static int
find_image(struct entry *e)
{
	char *path = conf_state_path(&e->conf, e->guest.disk.image);
	struct stat st;

	tool_path(e->image, "%s", path ? path : "");
	free(path);
	if (!e->image[0])
		return cli_fail(EXIT_SYSTEM,
		    "the image's path is too long; take a shorter name, or a shorter `state:` in %s",
		    e->file);
	scrap_path(e->making, e->conf.state, e->guest.name, ".new.img");
	if (lstat(e->image, &st) == 0)
		return cli_fail(EXIT_INPUT,
		    "%s is there already, and no guest's; move it away, or take another name", e->image);
	return EXIT_DONE;
}

/* With what is free now it is a guest of the whole. */
static int
settle(struct entry *e)
{
	int status = find_free(e);

	if (status == EXIT_DONE)
		status = entry_write(e);
	return status == EXIT_DONE ? entry_read(e) : status;
}

int
entry_check(struct entry *e)
{
	int status = find_work(e);

	if (status == EXIT_DONE)
		status = check_memory(e);
	if (status == EXIT_DONE)
		status = settle(e);
	return status == EXIT_DONE ? find_image(e) : status;
}

int
entry_begin(struct entry *e)
{
	struct guest ready = e->guest;
	int status;

	e->guest.disk.image = e->making; /* lent */
	status = entry_write(e);
	e->guest.disk.image = ready.disk.image;
	return status;
}

/* Both get their names; a name that somebody took meanwhile is his. */
static int
take_names(struct entry *e, int dir)
{
	char folder[PATH_MAX];
	int status = EXIT_DONE;

	tool_path(folder, "%s", e->image);
	if (sys_flush(e->making) == -1 ||
	    renameat2(AT_FDCWD, e->making, AT_FDCWD, e->image, RENAME_NOREPLACE) == -1)
		return cli_errno(e->image);
	/* It is on disk before anything names it. */
	if (sys_flush(dirname(folder)) == -1)
		status = cli_errno(folder);
	else if (renameat2(AT_FDCWD, e->draft, AT_FDCWD, e->path, RENAME_NOREPLACE) == -1)
		status = cli_errno(e->path);
	if (status != EXIT_DONE) {
		rename(e->image, e->making);
		return status;
	}
	if (fsync(dir) == -1)
		log_warn("%s is not surely on disk yet: %s", e->path, remedy(errno, e->path));
	e->committed = true;
	return EXIT_DONE;
}

static int
commit_locked(struct entry *e, int dir)
{
	int status;

	conf_free(&e->conf);
	status = load(e);
	if (status == EXIT_DONE)
		status = settle(e);
	return status == EXIT_DONE ? take_names(e, dir) : status;
}

int
entry_commit(struct entry *e)
{
	int dir = open(e->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC), status;

	if (dir == -1 || flock(dir, LOCK_EX) == -1)
		status = cli_errno(e->dir);
	else
		status = commit_locked(e, dir);
	if (dir != -1)
		close(dir);
	return status;
}

void
entry_close(struct entry *e)
{
	if (e->whole[0])
		unlink(e->whole);
	if (e->draft[0] && !e->committed)
		unlink(e->draft);
	if (e->making[0] && !e->committed && !e->dry)
		unlink(e->making);
	if (e->dry && e->work[0])
		rmdir(e->work);
	draft_close(&e->guest);
	conf_free(&e->conf);
}
