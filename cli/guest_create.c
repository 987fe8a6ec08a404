/* `lodge guest create NAME`: a guest that is not in the file comes to be; one that is there gets its image. */
#include "base/log.h"
#include "base/near.h"
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

static const char usage[] =
    "usage: lodge guest create NAME [--from debian-12|arch|small|TARBALL|DIR] [--disk 10G] [--fs ext4|xfs]\n"
    "       [--domain NAME]... [--ssh-key FILE|none]... [--memory 512M] \n"
    "       [--shared|--base NAME] [--refresh] [--dry-run]\n";

static const char *const options[] = {"--from", "--disk", "--fs", "--memory", "--domain", "--ssh-key",
    "--base", "--shared", "--refresh", "--dry-run", "--help"};

enum { N_OPTIONS = sizeof(options) / sizeof(options[0]), N_VALUED = 7 };

static int
unknown(const char *word)
{
	const char *near = near_word(span_str(word), options, N_OPTIONS);

	if (near)
		return cli_fail(EXIT_INPUT, "no option «%s»; did you mean «%s»?", word, near);
	fputs(usage, stderr);
	return EXIT_INPUT;
}

/* An option with a value into its place. False: there is no room. */
static bool
put(struct wish *w, const char *option, const char *value)
{
	if (strcmp(option, "--from") == 0)
		w->from = value;
	else if (strcmp(option, "--disk") == 0)
		w->disk = value;
	else if (strcmp(option, "--fs") == 0)
		w->fs = value;
	else if (strcmp(option, "--memory") == 0)
		w->memory = value;
	else if (strcmp(option, "--base") == 0)
		w->base = value;
	else if (strcmp(option, "--domain") == 0 && w->n_domains < DOMAINS_MAX)
		w->domains[w->n_domains++] = value;
	else if (strcmp(option, "--ssh-key") == 0 && w->n_keys < KEYS_MAX)
		w->keys[w->n_keys++] = value;
	else
		return false;
	w->any = true;
	return true;
}

static bool
put_flag(struct wish *w, const char *word)
{
	if (strcmp(word, "--shared") == 0)
		w->shared = w->any = true;
	else if (strcmp(word, "--refresh") == 0)
		w->refresh = true;
	else if (strcmp(word, "--dry-run") == 0 || strcmp(word, "-n") == 0)
		w->dry = true;
	else
		return false;
	return true;
}

/* The first of the options. */
static bool
takes_value(const char *word, size_t len)
{
	for (size_t i = 0; i < N_VALUED; i++)
		if (strlen(options[i]) == len && memcmp(word, options[i], len) == 0)
			return true;
	return false;
}

static int
wish_read(struct wish *w, int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		const char *word = argv[i], *equals = strchr(word, '=');
		char option[16];

		if (word[0] != '-' && !w->name) {
			w->name = word;
		} else if (put_flag(w, word)) {
			continue;
		} else if (word[0] == '-' &&
			   takes_value(word, equals ? (size_t)(equals - word) : strlen(word))) {
			snprintf(option, sizeof(option), "%.*s",
			    (int)(equals ? (size_t)(equals - word) : strlen(word)), word);
			if (!equals && ++i == argc)
				return cli_fail(EXIT_INPUT, "%s wants a value", option);
			if (!put(w, option, equals ? equals + 1 : argv[i]))
				return cli_fail(EXIT_INPUT,
				    "too many of %s; write the others into the guest's file", option);
		} else {
			return unknown(word);
		}
	}
	if (w->name)
		return EXIT_DONE;
	fputs(usage, stderr);
	return EXIT_INPUT;
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
		return cli_fail(EXIT_INPUT, "--from %s: %s", guest->disk.from, strerror(errno));
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
	entry_print(e, stdout);
	fprintf(stderr, "and its image %s\n", e->image);
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

int
guest_create(const char *file, int argc, char **argv)
{
	struct wish w = {0};
	struct entry e;
	int status = wish_read(&w, argc, argv);

	if (status != EXIT_DONE)
		return status;
	if (!w.any && !w.dry && is_there(file, w.name)) {
		const char *words[] = {"lodge-guest", "-c", file, w.refresh ? "-r" : "-i", w.name, NULL};

		tool_interruptible(true);
		return entry_run(words);
	}
	status = entry_open(&e, file, w.name, w.dry);
	if (status == EXIT_DONE)
		status = create(&e, &w);
	entry_close(&e);
	return status;
}
