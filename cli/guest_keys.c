/* Who may log in to a new guest; see guest.h. */
#include "base/sys.h"
#include "cli/cli.h"
#include "cli/guest.h"
#include "conf/draft.h"

#include <errno.h>
#include <glob.h>
#include <limits.h>
#include <pwd.h>
#include <stdlib.h>
#include <unistd.h>

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

int
guest_keys(struct guest *guest, const char *const files[], size_t n_files)
{
	for (size_t i = 0; i < n_files; i++) {
		const char *why;
		int n;

		if (strcmp(files[i], "none") == 0)
			continue;
		n = keys_add(guest, files[i], &why);
		if (n == -1)
			return cli_fail(EXIT_INPUT, "--ssh-key %s: %s; name the .pub of a key, or none",
			    files[i], strerror(errno));
		if (why || n == 0)
			return cli_fail(EXIT_INPUT, "--ssh-key %s: %s", files[i],
			    why ? why : "there is no key in it; it is the file that ends in .pub");
	}
	if (n_files == 0)
		keys_find(guest);
	if (guest->n_ssh_keys == 0 && n_files == 0)
		return cli_fail(EXIT_INPUT,
		    "nobody could log in: no key in %s/.ssh; make one with ssh-keygen, or name "
		    "its .pub with --ssh-key FILE (--ssh-key none: by the console only)",
		    home());
	return EXIT_DONE;
}
