/* `lodge guest create NAME`: a guest that is not in the file comes to be; one that is there gets its image. */
#include "base/log.h"
#include "base/sys.h"
#include "base/tool.h"
#include "cli/cli.h"
#include "cli/entry.h"
#include "cli/guest.h"
#include "conf/draft.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

enum { DOMAINS_MAX = 64, KEYS_MAX = 16 };

/* The command line. */
struct wish {
	const char *name, *from, *disk, *fs, *memory, *base;
	const char *domains[DOMAINS_MAX], *keys[KEYS_MAX];
	size_t n_domains, n_keys;
	bool shared, refresh, dry, any;
};

/* Values of one option into their places; how many. */
static int
take_each(const struct said *said, const char *option, const char **values, size_t max, size_t *n)
{
	*n = said_values(said, option, values, max);
	if (*n <= max)
		return EXIT_DONE;
	return cli_fail(EXIT_INPUT, "too many of %s; write the others into the guest's file", option);
}

static int
wish_read(struct wish *w, const struct said *said)
{
	int status;

	*w = (struct wish){
	    .name = said->operands[0],
	    .from = said_value(said, "--from"),
	    .disk = said_value(said, "--disk"),
	    .fs = said_value(said, "--fs"),
	    .memory = said_value(said, "--memory"),
	    .base = said_value(said, "--base"),
	    .shared = said_has(said, "--shared"),
	    .refresh = said_has(said, "--refresh"),
	    .dry = said_has(said, "--dry-run"),
	};
	status = take_each(said, "--domain", w->domains, DOMAINS_MAX, &w->n_domains);
	if (status == EXIT_DONE)
		status = take_each(said, "--ssh-key", w->keys, KEYS_MAX, &w->n_keys);
	w->any =
	    w->from || w->disk || w->fs || w->memory || w->base || w->shared || w->n_domains || w->n_keys;
	return status;
}

/* A word without a slash is a path where there is such a file, else a name. */
static const char *
absolute(const char *from, char out[PATH_MAX])
{
	if (from[0] == '/' || (!strchr(from, '/') && access(from, F_OK) == -1))
		return from;
	return realpath(from, out) ? out : from;
}

static int
wish_apply(struct guest *guest, const struct wish *w)
{
	char from[PATH_MAX];
	const struct {
		const char *option, *value;
		const char *(*take)(struct guest *, const char *);
	} list[] = {
	    {"--from", w->from ? absolute(w->from, from) : NULL, draft_from},
	    {"--disk", w->disk, draft_disk},
	    {"--fs", w->fs, draft_fs},
	    {"--memory", w->memory, draft_memory},
	    {"--base", w->base, draft_base},
	};
	const char *why;

	for (size_t i = 0; i < sizeof(list) / sizeof(*list); i++)
		if (list[i].value && (why = list[i].take(guest, list[i].value)))
			return cli_fail(EXIT_INPUT, "%s %s %s", list[i].option, list[i].value, why);
	if (guest->disk.from[0] == '/' && access(guest->disk.from, R_OK) == -1)
		return cli_fail(EXIT_INPUT, "--from %s: %s; name a root tarball or a folder",
		    guest->disk.from, strerror(errno));
	if (w->shared && !w->base && (why = draft_shared(guest)))
		return cli_fail(EXIT_INPUT, "--shared %s", why);
	for (size_t i = 0; i < w->n_domains; i++)
		if ((why = draft_domain(guest, w->domains[i])))
			return cli_fail(EXIT_INPUT, "--domain %s %s", w->domains[i], why);
	return guest_keys(guest, w->keys, w->n_keys);
}

static int
dry_run(const struct entry *e)
{
	fprintf(stderr, "%s would be:\n", e->path);
	entry_print(e, e->json ? stderr : stdout);
	fprintf(stderr, "and its image %s\n", e->image);
	if (e->json)
		return entry_json(EXIT_DONE, &e->conf, &e->guest, e->path, false);
	return EXIT_DONE;
}

static int
make(struct entry *e, const struct wish *w)
{
	const char *argv[] = {"lodge-guest", "-c", e->whole, w->refresh ? "-r" : "-i", w->name, NULL};
	int status;

	tool_interruptible(true);
	status = entry_begin(e);
	if (status == EXIT_DONE)
		status = entry_run(argv);
	if (tool_interrupted())
		status = EXIT_SYSTEM;
	tool_interruptible(false);
	return status == EXIT_DONE ? entry_commit(e) : status;
}

static int
create(struct entry *e, const struct wish *w)
{
	const char *why;
	int status;

	draft_open(&e->guest, w->name, &why);
	if (why)
		return cli_fail(EXIT_SYSTEM, "%s %s", w->name, why);
	status = wish_apply(&e->guest, w);
	if (status == EXIT_DONE)
		status = entry_check(e);
	if (status != EXIT_DONE)
		return status;
	if (w->dry)
		return dry_run(e);
	status = make(e, w);
	return status == EXIT_DONE ? entry_tell(e) : status;
}

/* One that the file names has all but its image. */
static bool
is_there(const char *file, const char *name)
{
	struct conf_errors errors;
	struct conf conf;
	bool yes = conf_load(file, &conf, &errors) == 0 && conf_guest(&conf, name);

	conf_errors_free(&errors);
	conf_free(&conf);
	return yes;
}

/* Of one that had all but its image. */
static int
tell_again(const char *file, const char *name)
{
	const struct guest *guest;
	struct conf conf;
	int status;

	if (cli_load(file, &conf, &status) == -1)
		return status;
	guest = cli_guest(&conf, name);
	status = EXIT_NO_GUEST;
	if (guest)
		status = entry_json(EXIT_DONE, &conf, guest, conf.files[guest->place.file], true);
	conf_free(&conf);
	return status;
}

int
guest_create(const struct said *said)
{
	const char *file = said->file;
	struct wish w;
	struct entry e;
	int status = wish_read(&w, said);

	if (status != EXIT_DONE)
		return status;
	if (!w.any && !w.dry && is_there(file, w.name)) {
		const char *words[] = {"lodge-guest", "-c", file, w.refresh ? "-r" : "-i", w.name, NULL};

		tool_interruptible(true);
		status = entry_run(words);
		return status == EXIT_DONE && said_has(said, "--json") ? tell_again(file, w.name) : status;
	}
	status = entry_open(&e, file, w.name, w.dry);
	e.json = said_has(said, "--json");
	if (status == EXIT_DONE)
		status = create(&e, &w);
	entry_close(&e);
	return status;
}
