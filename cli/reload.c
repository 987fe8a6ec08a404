/* Makes the running programs read their file again; see reload.h. */
#include "cli/reload.h"
#include "base/remedy.h"
#include "base/sys.h"
#include "cli/cli.h"
#include "cli/next.h"
#include "cli/program.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ANSWER_MS = 30000, LEAVING_TRIES = 600, LEAVING_PAUSE_US = 200000 };

/* Who reads the file, in the order in which they are told that it changed. */
enum { READER_UP, READER_NATD };
static const struct reader {
	const char *name, *program;
} readers[] = {{"up", "lodge up"}, {"natd", "lodge-natd"}, {"proxy", "lodge-proxy"}, {"acct", "lodge-acct"},
    {"web", "lodge-web"}};

enum { N_READERS = sizeof(readers) / sizeof(*readers) };

/* What became of a program, instead of what was said of it before. */
static void
note(json_t *told, const struct reader *reader, const char *did, const char *why)
{
	json_t *one = json_pack("{s:s, s:s, s:s?}", "program", reader->program, "did", did, "why", why);
	json_t *before;
	size_t i;

	json_array_foreach (told, i, before)
		if (strcmp(json_string_value(json_object_get(before, "program")), reader->program) == 0) {
			json_array_set_new(told, i, one);
			return;
		}
	json_array_append_new(told, one);
}

static int __attribute__((format(printf, 5, 6)))
fail(json_t *told, const struct reader *reader, const char *did, int status, const char *format, ...)
{
	char text[CTL_WHY + 512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	note(told, reader, did, text);
	return cli_fail(status, "%s", text);
}

/* 0: it did, or would; EXIT_NOT_RUNNING: silently; else what went wrong is said. */
static int
tell(const struct conf *conf, const struct reader *reader, const char *word, json_t *told)
{
	json_t *answer = program_ask(conf, reader->name, word, ANSWER_MS);
	const char *why = json_string_value(json_object_get(answer, "error"));
	bool asked = strcmp(word, "try") == 0;
	int status = EXIT_DONE;

	if (!answer && ctl_is_down(errno)) {
		note(told, reader, "down", NULL);
		return EXIT_NOT_RUNNING;
	}
	/* One of a version before there was «try» cannot be asked beforehand. */
	if (why && asked && strncmp(why, CTL_UNKNOWN, strlen(CTL_UNKNOWN)) == 0)
		why = NULL;
	if (!answer && remedy_is_right(errno))
		status = fail(told, reader, "no permission", EXIT_PERMISSION,
		    "%s: not yours to ask; try as root", reader->program);
	else if (!answer)
		status = fail(told, reader, "no answer", EXIT_SYSTEM,
		    "%s does not answer: %s; its log may say why", reader->program, strerror(errno));
	else if (why && strncmp(why, CTL_IN_PART, strlen(CTL_IN_PART)) == 0)
		status = fail(told, reader, "in part", EXIT_SYSTEM, "%s: %s", reader->program, why);
	else if (why)
		status = fail(told, reader, "refused", EXIT_SYSTEM, "%s: reload refused: %s%s",
		    reader->program, why, asked ? "" : "; it goes on by the file before");
	else
		note(told, reader, asked ? "nothing" : "reloaded", NULL);
	json_decref(answer);
	return status;
}

/* Whether all that run would take the file: none takes it before. The worst of the answers. */
static int
try_all(const struct conf *conf, json_t *told)
{
	int worst = EXIT_DONE;

	for (size_t i = 0; i < N_READERS; i++) {
		int status = tell(conf, &readers[i], "try", told);

		if (status == EXIT_NOT_RUNNING && i == READER_NATD)
			return cli_fail(
			    EXIT_NOT_RUNNING, "lodge-natd does not run; %s", next_all(next_by_units(conf)));
		if (status != EXIT_NOT_RUNNING && status > worst)
			worst = status;
	}
	if (worst != EXIT_DONE)
		fputs("nothing was changed\n", stderr);
	return worst;
}

/* lodge up tells the others only when the guests that are gone have ended. */
static int
await_up(const struct conf *conf, json_t *told)
{
	for (int i = 0; i < LEAVING_TRIES; i++) {
		json_t *answer = program_ask(conf, "up", "status", ANSWER_MS);
		bool busy = json_is_true(json_object_get(answer, "reloading"));

		json_decref(answer);
		if (!busy)
			return EXIT_DONE;
		if (i == 5)
			fputs("waiting for guests that the file no longer names to end\n", stderr);
		usleep(LEAVING_PAUSE_US);
	}
	return fail(told, &readers[READER_UP], "waiting", EXIT_SYSTEM,
	    "guests that the file no longer names still run; lodge status shows them");
}

/* Whether natd reads that file; where nobody can tell it does. */
static int
check_file(const struct conf *conf, const char *file, json_t *told)
{
	json_t *answer = program_ask(conf, "natd", "status", ANSWER_MS);
	const char *theirs = json_string_value(json_object_get(answer, "file"));
	struct stat a, b;
	int status = EXIT_DONE;

	if (theirs && stat(theirs, &a) == 0 && stat(file, &b) == 0 &&
	    (a.st_dev != b.st_dev || a.st_ino != b.st_ino))
		status = fail(told, &readers[READER_NATD], "refused", EXIT_INPUT,
		    "lodge-natd reads %s and not %s; lodge -c %s apply", theirs, file, theirs);
	json_decref(answer);
	return status;
}

/* All said that they would, and some did not, or not all of it. */
static void
say_part(const bool failed[N_READERS])
{
	const char *between = "applied in part: mend what was said of ";

	for (size_t i = READER_NATD; i < N_READERS; i++) {
		if (!failed[i])
			continue;
		fprintf(stderr, "%s%s", between, readers[i].program);
		between = ", ";
	}
	if (*between == ',')
		fputs("; then lodge apply again\n", stderr);
}

/* The others than lodge up. The worst of the answers. */
static int
reload_others(const struct conf *conf, json_t *told)
{
	bool failed[N_READERS] = {false};
	int worst = EXIT_DONE;

	for (size_t i = READER_NATD; i < N_READERS; i++) {
		int status = tell(conf, &readers[i], "reload", told);

		if (status == EXIT_DONE)
			fprintf(stderr, "%s: reloaded\n", readers[i].program);
		if (status == EXIT_NOT_RUNNING && i == READER_NATD)
			cli_fail(status,
			    "lodge-natd ended meanwhile; lodge apply once more, when it is there again");
		else if (status == EXIT_NOT_RUNNING)
			status = EXIT_DONE;
		failed[i] = status != EXIT_DONE;
		worst = status > worst ? status : worst;
	}
	say_part(failed);
	return worst;
}

int
reload_all(const struct conf *conf, const char *file, json_t *told)
{
	int status = check_file(conf, file, told);

	if (status == EXIT_DONE)
		status = try_all(conf, told);
	if (status != EXIT_DONE)
		return status;
	status = tell(conf, &readers[READER_UP], "reload", told);
	if (status == EXIT_DONE)
		status = await_up(conf, told);
	if (status == EXIT_DONE || status == EXIT_NOT_RUNNING)
		return reload_others(conf, told);
	fputs(
	    "the others were not told and go on by the file before; lodge apply again when that is mended\n",
	    stderr);
	return status;
}
