/* The texts of a guest that comes to be: its file, and the whole one; see entry.h. */
#include "base/sys.h"
#include "cli/cli.h"
#include "cli/entry.h"
#include "conf/draft.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

/* As a pattern of include, in YAML's double quotes: what glob(3) or YAML would take for something else is escaped. */
static void
print_include(const char *path, FILE *out)
{
	bool wild = strpbrk(path, "*?[") != NULL;

	fputs("  - \"", out);
	for (; *path; path++) {
		if (wild && strchr("*?[\\", *path))
			fputs("\\\\", out);
		if (*path == '"' || *path == '\\')
			fputc('\\', out);
		fputc(*path, out);
	}
	fputs("\"\n", out);
}

static int
write_whole(const struct entry *e)
{
	char *file = realpath(e->file, NULL);
	FILE *out = file ? fopen(e->whole, "we") : NULL;
	int result = -1;

	if (out) {
		fputs("include:\n", out);
		print_include(file, out);
		print_include(e->draft, out);
		result = fclose(out);
	}
	free(file);
	return result;
}

int
entry_write(const struct entry *e)
{
	FILE *out;
	bool bad;

	if (write_whole(e) == -1)
		return cli_errno(e->whole);
	out = fopen(e->draft, "we");
	if (!out)
		return cli_errno(e->draft);
	fputs("# Written by lodge guest, yours to change; lodge.yaml(5) has the keys.\n", out);
	draft_print(&e->conf, &e->guest, out);
	bad = fflush(out) == EOF || fsync(fileno(out)) == -1;
	if (fclose(out) == EOF || bad)
		return cli_errno(e->draft);
	return EXIT_DONE;
}

int
entry_read(const struct entry *e)
{
	struct conf_errors errors = {0};
	struct conf with = {0};
	int bad = conf_load_strict(e->whole, &with, &errors), status = EXIT_DONE;

	if (bad == -1 || errors.n > e->n_warnings)
		status = cli_report(&errors);
	conf_errors_free(&errors);
	conf_free(&with);
	if (bad == 0)
		return EXIT_DONE;
	return cli_fail(status ? status : EXIT_INPUT,
	    "%s was not made; mend the mistakes above, or ask for something else", e->guest.name);
}

void
entry_print(const struct entry *e, FILE *out)
{
	draft_print(&e->conf, &e->guest, out);
}
