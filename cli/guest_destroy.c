/* `lodge guest destroy NAME`: its file and its disk are gone; its bill stays. */
#include "base/log.h"
#include "base/scrap.h"
#include "base/sys.h"
#include "base/tool.h"
#include "cli/cli.h"
#include "cli/entry.h"
#include "cli/guest.h"
#include "cli/links_file.h"
#include "cli/rest.h"

#include <errno.h>
#include <libgen.h>
#include <stdlib.h>
#include <unistd.h>

/* The file that has this guest and no other; NULL after saying what to do instead. */
static const char *
own_file(const struct conf *conf, const struct guest *guest)
{
	const char *file = conf->files[guest->place.file];
	size_t others = 0;

	for (size_t i = 0; i < conf->n_guests; i++)
		others += &conf->guests[i] != guest && conf->guests[i].place.file == guest->place.file;
	if (guest->place.file != 0 && others == 0)
		return file;
	cli_fail(EXIT_INPUT,
	    "%s stands in %s:%u with other things; take it out there, then lodge apply, and remove its image "
	    "%s yourself",
	    guest->name, file, guest->place.line, guest->disk.image);
	return NULL;
}

/* Refused where the file could not be read without it. */
static int
check_named(const struct conf *conf, const struct guest *guest)
{
	const struct place *at = conf->proxy.fallback == guest ? &conf->proxy.fallback_place : NULL;

	for (size_t i = 0; i < conf->n_guests && !at; i++)
		for (size_t k = 0; k < conf->guests[i].n_allows; k++)
			if (!conf->guests[i].allows[k].host &&
			    strcmp(conf->guests[i].allows[k].who, guest->name) == 0)
				at = &conf->guests[i].allows[k].place;
	if (!at)
		return EXIT_DONE;
	return cli_fail(EXIT_INPUT, "%s:%u names %s, too; take that out first", conf->files[at->file],
	    at->line, guest->name);
}

/* The name, typed again by who sits there. */
static bool
is_meant(const struct guest *guest, const char *image)
{
	char line[256] = "";

	if (!isatty(STDIN_FILENO)) {
		cli_fail(EXIT_INPUT, "%s and all that is on its disk would be gone for ever; say --yes",
		    guest->name);
		return false;
	}
	fprintf(stderr,
	    "%s and all that is on its disk %s will be gone for ever.\nType its name to go on: ", guest->name,
	    image);
	if (!fgets(line, sizeof(line), stdin))
		line[0] = '\0';
	line[strcspn(line, "\r\n")] = '\0';
	if (strcmp(line, guest->name) == 0)
		return true;
	cli_fail(EXIT_INPUT, "«%s» is not its name; nothing was done, lodge guest destroy %s asks again",
	    line, guest->name);
	return false;
}

/* Under a name that the next maker sweeps, then gone. */
static int
remove_image(const char *image)
{
	char copy[TOOL_PATH_MAX], away[TOOL_PATH_MAX];

	tool_path(copy, "%s", image);
	scrap_path(away, dirname(copy), "destroyed", ".img");
	if (rename(image, away) == -1)
		return errno == ENOENT ? EXIT_DONE : cli_errno(image);
	if (unlink(away) == -1)
		return cli_errno(away);
	return EXIT_DONE;
}

static bool
stands_alone(const struct conf *conf, const struct guest *guest)
{
	for (size_t i = 0; i < conf->n_guests; i++)
		if (&conf->guests[i] != guest && conf->guests[i].disk.base &&
		    strcmp(conf->guests[i].disk.base, guest->disk.base) == 0)
			return false;
	return true;
}

/* Stopped first; then its link, which the next of that name shall not have; then the file, so that nobody starts it again; then who runs is told; then the disk. */
static int
destroy(const char *file, const struct conf *conf, const struct guest *guest, const char *own)
{
	char *image = conf_state_path(conf, guest->disk.image);
	bool is_there = image && access(image, F_OK) == 0;
	struct rest rest;
	int status = is_there ? rest_begin(&rest, conf, guest) : EXIT_DONE;

	if (status == EXIT_DONE)
		status = links_file_forget(conf, guest->name);
	if (status == EXIT_DONE && unlink(own) == -1)
		status = cli_errno(own);
	if (is_there) {
		rest.ran =
		    rest.ran && status != EXIT_DONE; /* it is started again only if it is still there */
		rest_end(&rest, status);
	}
	if (status == EXIT_DONE) {
		status = entry_apply(conf, file);
		if (is_there && remove_image(rest.image) != EXIT_DONE)
			status = EXIT_SYSTEM;
		if (is_there && strcmp(image, rest.image) != 0 && unlink(image) == -1 && errno != ENOENT)
			status = cli_errno(image); /* a link to it */
		log_info("%s is gone; what it was billed stays: lodge usage", guest->name);
		if (guest->disk.base && stands_alone(conf, guest))
			log_info("base %s stays, with no guest on it; lodge guest bases sweep removes it",
			    guest->disk.base);
	}
	free(image);
	return status;
}

int
guest_destroy(const struct said *said)
{
	bool yes = said_has(said, "--yes");
	const char *own;
	const struct guest *guest;
	struct conf conf;
	int status;

	guest = guest_load(said, &conf, &status);
	if (!guest)
		return status;
	own = geteuid() == 0 ? own_file(&conf, guest) : NULL;
	if (geteuid() != 0)
		status = cli_fail(
		    EXIT_PERMISSION, "a guest's image and file are root's to remove; run it with sudo");
	else if (!own || check_named(&conf, guest) != EXIT_DONE ||
		 (!yes && !is_meant(guest, guest->disk.image)))
		status = EXIT_INPUT;
	else
		status = destroy(said->file, &conf, guest, own);
	conf_free(&conf);
	return status;
}
