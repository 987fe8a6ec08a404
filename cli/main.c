/* `lodge [-c FILE] COMMAND …`: reads what was said by the table in commands.c, and hands over. */
#include "base/log.h"
#include "base/near.h"
#include "base/remedy.h"
#include "base/sys.h"
#include "base/tool.h"
#include "cli/cli.h"
#include "cli/clip.h"
#include "cli/topics.h"
#include "conf/text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

int
cli_fail(int status, const char *format, ...)
{
	char text[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	log_error("%s", text);
	return status;
}

int
cli_errno(const char *path)
{
	return cli_fail(
	    remedy_is_right(errno) ? EXIT_PERMISSION : EXIT_SYSTEM, "%s: %s", path, remedy(errno, path));
}

int
cli_unread(const char *path)
{
	if (errno == ENODATA)
		return cli_fail(EXIT_SYSTEM, "%s is cut short; restore it from a backup", path);
	return cli_errno(path);
}

int
cli_json(int status, json_t *json)
{
	bool whole = json && json_dumpf(json, stdout, JSON_INDENT(2)) == 0;

	json_decref(json);
	if (whole)
		putchar('\n');
	else if (ferror(stdout))
		return EXIT_SYSTEM; /* main says why */
	else
		return cli_fail(EXIT_SYSTEM,
		    "what was asked for cannot be told as JSON: a text in it is not UTF-8, or there is no "
		    "memory; try again without -j");
	return status;
}

json_t *
cli_json_text(const char *text)
{
	char *shown = NULL;
	size_t size;
	FILE *to = text ? open_memstream(&shown, &size) : NULL;
	json_t *out = text ? NULL : json_null();

	if (to)
		text_show(to, span_str(text));
	if (to && fclose(to) == 0)
		out = json_string(shown);
	free(shown);
	return out;
}

int
cli_no_memory(void)
{
	return cli_fail(EXIT_SYSTEM, "%s", remedy(ENOMEM, NULL));
}

int
cli_unmade(const char *path)
{
	const char *folder = remedy_folder(path);

	if (tool_interrupted())
		return cli_fail(EXIT_SYSTEM, "%s was not made; try again when it suits", path);
	return cli_fail(EXIT_SYSTEM, "%s was not made; df -h%s%s shows whether there is room", path,
	    *folder ? " " : "", folder);
}

/* The file, or one that it includes: whether that was why it could not be read; 0: whatever was why. */
static bool
is_unread(const struct conf_errors *errors, const char *what, int error)
{
	for (size_t i = 0; i < errors->n; i++)
		if (strstr(errors->list[i].text, what) &&
		    (error == 0 || strstr(errors->list[i].text, strerror(error))))
			return true;
	return false;
}

static void
clip_all(struct conf_errors *errors)
{
	struct winsize size = {0};

	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == -1 || size.ws_col == 0)
		return;
	for (size_t i = 0; i < errors->n; i++) {
		char *clipped = clip_excerpts(errors->list[i].text, size.ws_col);

		if (!clipped)
			return;
		free(errors->list[i].text);
		errors->list[i].text = clipped;
	}
}

int
cli_report(struct conf_errors *errors)
{
	static const int hosts[] = {EMFILE, ENFILE, ENOMEM, EIO};
	int status;

	clip_all(errors);
	status = conf_report(errors, stderr);
	if (status != EXIT_DONE && is_unread(errors, "cannot read ", EACCES))
		return cli_fail(EXIT_PERMISSION, "the file is not yours to read; try as root");
	if (status != EXIT_DONE && is_unread(errors, "cannot read the configuration", ENOENT))
		return cli_fail(status, "lodge init writes a first one");
	for (size_t i = 0; i < sizeof(hosts) / sizeof(*hosts); i++)
		if (status != EXIT_DONE && is_unread(errors, "cannot read ", hosts[i]))
			return cli_fail(EXIT_SYSTEM, "%s", remedy(hosts[i], NULL));
	if (status != EXIT_DONE && is_unread(errors, "cannot read the configuration", 0))
		return cli_fail(status, "lodge -c FILE names another file");
	return status;
}

int
cli_load(const char *file, struct conf *conf, int *status)
{
	struct conf_errors errors;
	int bad = conf_load(file, conf, &errors);

	*status = cli_report(&errors);
	conf_errors_free(&errors);
	if (bad == -1)
		conf_free(conf);
	return bad;
}

struct guest *
cli_guest(const struct conf *conf, const char *name)
{
	struct guest *guest = conf_guest(conf, name);
	const char **names, *near;

	if (guest)
		return guest;
	names = calloc(conf->n_guests + 1, sizeof(*names));
	if (!names)
		return NULL;
	for (size_t i = 0; i < conf->n_guests; i++)
		names[i] = conf->guests[i].name;
	near = near_word(span_str(name), names, conf->n_guests);
	if (near)
		log_error("no guest «%s»; did you mean «%s»?", name, near);
	else
		log_error("no guest «%s»; lodge guest list has those there are", name);
	free(names);
	return NULL;
}

/* What was asked for and not written. */
static const char *
unwritten(int error)
{
	switch (error) {
	case EPIPE:
		return "whoever reads its output has gone; write it to a file (> FILE), or try again";
	case EBADF:
		return "standard output is closed; name a place for it (> FILE, or > /dev/null)";
	default:
		return remedy(error, NULL);
	}
}

static int
run(struct said *said)
{
	if (said_has(said, "--version") && !(said->command && said_value(said, "--version"))) {
		puts("lodge " LODGE_VERSION);
		return EXIT_DONE;
	}
	said->file = said_value(said, "--config") ?: SYS_CONF_FILE;
	if (said_has(said, "--help"))
		return help_print(said, stdout);
	if (!said->command) {
		help_print(said, stderr);
		return EXIT_INPUT;
	}
	return said->command->run(said);
}

int
main(int argc, char **argv)
{
	struct said said;
	bool good = grammar_read(&lodge_grammar, argc, argv, &said);
	int status;

	log_open("lodge", said_has(&said, "--debug"));
	if (!good)
		return cli_fail(EXIT_INPUT, "%s", said.why);
	status = run(&said);
	/* What was not written is tried once more, and so it is known why. */
	errno = EIO;
	if (fflush(stdout) == EOF || ferror(stdout))
		return cli_fail(EXIT_SYSTEM, "cannot write: %s", unwritten(errno));
	return status;
}
