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
#include <glob.h>
#include <pwd.h>
#include <stdlib.h>
#include <unistd.h>

enum { DOMAINS_MAX = 64, KEYS_MAX = 16, KEY_LINE = 16384 + 64 };

/* The command line. */
struct wish {
	const char *name, *from, *disk, *fs, *memory;
	const char *domains[DOMAINS_MAX], *keys[KEYS_MAX];
	size_t n_domains, n_keys;
	bool refresh, dry, any;
};

static const char usage[] =
    "usage: lodge guest create NAME [--from debian-12|arch|small|TARBALL|DIR] [--disk 10G] [--fs ext4|xfs]\n"
    "       [--domain NAME]... [--ssh-key FILE|none]... [--memory 512M] [--refresh] [--dry-run]\n";

static const char *const options[] = {
    "--from", "--disk", "--fs", "--memory", "--domain", "--ssh-key", "--refresh", "--dry-run", "--help"};

enum { N_OPTIONS = sizeof(options) / sizeof(options[0]) };

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
	if (strcmp(word, "--refresh") == 0)
		w->refresh = true;
	else if (strcmp(word, "--dry-run") == 0 || strcmp(word, "-n") == 0)
		w->dry = true;
	else
		return false;
	return true;
}

/* The first six of the options. */
static bool
takes_value(const char *word, size_t len)
{
	for (size_t i = 0; i < 6; i++)
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

/* ---- keys ---- */

/* Those of a file, one a line; how many, or -1: it cannot be read. *why: of a line that is none. */
static int
keys_add(struct guest *guest, const char *path, const char **why)
{
	FILE *in = fopen(path, "re");
	char *line = NULL;
	size_t room = 0;
	int n = 0;

	*why = NULL;
	if (!in)
		return -1;
	while (getline(&line, &room, in) != -1) {
		const char *wrong;

		line[strcspn(line, "\r\n")] = '\0';
		if (line[0] == '\0' || line[0] == '#')
			continue;
		wrong = draft_key(guest, line);
		n += !wrong;
		if (wrong)
			*why = wrong;
	}
	free(line);
	fclose(in);
	return n;
}

/* Of the person who types, also behind sudo. */
static const char *
home(void)
{
	const char *sudo = geteuid() == 0 ? getenv("SUDO_USER") : NULL;
	struct passwd *user = sudo ? getpwnam(sudo) : NULL;

	if (user)
		return user->pw_dir;
	if (getenv("HOME"))
		return getenv("HOME");
	user = getpwuid(getuid());
	return user ? user->pw_dir : "/nowhere";
}

/* Your own keys; where there is none, those that may log in to your account, as on a rented server. */
static void
keys_find(struct guest *guest)
{
	static const char *const names[] = {"*.pub", "authorized_keys"};
	const char *why;
	char path[PATH_MAX];

	for (size_t i = 0; i < 2 && guest->n_ssh_keys == 0; i++) {
		glob_t found = {0};

		snprintf(path, sizeof(path), "%s/.ssh/%s", home(), names[i]);
		if (glob(path, 0, NULL, &found) != 0)
			continue;
		for (size_t k = 0; k < found.gl_pathc; k++)
			if (keys_add(guest, found.gl_pathv[k], &why) > 0)
				fprintf(stderr, "%s may log in\n", found.gl_pathv[k]);
		globfree(&found);
	}
}

static int
keys_take(struct guest *guest, const struct wish *w)
{
	for (size_t i = 0; i < w->n_keys; i++) {
		const char *why;
		int n;

		if (strcmp(w->keys[i], "none") == 0)
			continue;
		n = keys_add(guest, w->keys[i], &why);
		if (n == -1)
			return cli_fail(EXIT_INPUT, "--ssh-key %s: %s", w->keys[i], strerror(errno));
		if (why || n == 0)
			return cli_fail(EXIT_INPUT, "--ssh-key %s: %s", w->keys[i],
			    why ? why : "there is no key in it; it is the file that ends in .pub");
	}
	if (w->n_keys == 0)
		keys_find(guest);
	if (guest->n_ssh_keys == 0 && w->n_keys == 0)
		return cli_fail(EXIT_INPUT,
		    "nobody could log in: no key in %s/.ssh; make one with ssh-keygen, or name "
		    "its .pub with --ssh-key FILE (--ssh-key none: by the console only)",
		    home());
	return EXIT_DONE;
}

/* ---- the guest ---- */

static const char *
absolute(const char *from, char out[PATH_MAX])
{
	if (from[0] == '/' || !strchr(from, '/')) {
		if (from[0] == '/' || access(from, F_OK) == -1)
			return from;
	}
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
	};
	const char *why;

	for (size_t i = 0; i < sizeof(list) / sizeof(*list); i++)
		if (list[i].value && (why = list[i].take(guest, list[i].value)))
			return cli_fail(EXIT_INPUT, "%s %s %s", list[i].option, list[i].value, why);
	if (guest->disk.from[0] == '/' && access(guest->disk.from, R_OK) == -1)
		return cli_fail(EXIT_INPUT, "--from %s: %s", guest->disk.from, strerror(errno));
	for (size_t i = 0; i < w->n_domains; i++)
		if ((why = draft_domain(guest, w->domains[i])))
			return cli_fail(EXIT_INPUT, "--domain %s %s", w->domains[i], why);
	return keys_take(guest, w);
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
