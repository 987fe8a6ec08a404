/* `lodge apply`: what the file changes of the host's network, as lodge-natd has it, for people; and makes it so. */
#include "base/colour.h"
#include "base/remedy.h"
#include "base/sys.h"
#include "cli/cli.h"
#include "cli/mistakes.h"
#include "cli/reload.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { APPLY_VERSION = 1 };

struct change {
	size_t n, added, removed;
	bool partial; /* what is there could not be read */
	json_t *lines; /* NULL: for people */
};

/* Which of the two colours a line deserves; "" for neither. */
static const char *
colour_of(const char *line)
{
	if (strstr(line, " del ") || strncmp(line, "delete ", 7) == 0 || strncmp(line, "flush ", 6) == 0)
		return COLOUR_RED;
	return strstr(line, " add ") || strncmp(line, "add ", 4) == 0 ? COLOUR_GREEN : "";
}

/* The transaction's first and last line are for a shell, not for people. */
static bool
is_frame(const char *line)
{
	return strncmp(line, "nft -f", 6) == 0 || strcmp(line, "END\n") == 0;
}

static void
show_line(const struct change *change, const char *program, const char *line)
{
	const char *colour = colour_wanted(STDOUT_FILENO) ? colour_of(line) : "";

	if (change->lines)
		json_array_append_new(change->lines, json_sprintf("%s%s", program, line));
	else
		printf("%s%s%s%s\n", colour, program, line, *colour ? COLOUR_END : "");
}

static void
show(FILE *in, struct change *change)
{
	bool tables = false;
	char *line = NULL;
	size_t room = 0;

	while (getline(&line, &room, in) != -1) {
		if (line[0] == '#' && change->n == 0) {
			change->partial |= strncmp(line, "# what is there cannot be read", 30) == 0;
			fputs(line, stderr);
			continue;
		}
		if (is_frame(line)) {
			tables = line[0] == 'n';
			continue;
		}
		line[strcspn(line, "\n")] = '\0';
		change->n++;
		change->added += strstr(line, "add ") != NULL;
		change->removed += strncmp(line, "delete ", 7) == 0 || strstr(line, " del ") != NULL;
		show_line(change, tables ? "nft " : "", line);
	}
	free(line);
}

/* lodge-natd -n beside this program. -1: errno. */
static FILE *
ask_natd(const char *file, pid_t *pid)
{
	char path[4096];
	int ends[2];

	snprintf(path, sizeof(path), "%slodge-natd", sys_bindir());
	if (pipe(ends) == -1)
		return NULL;
	*pid = fork();
	if (*pid == -1)
		return NULL;
	if (*pid == 0) {
		dup2(ends[1], STDOUT_FILENO);
		close(ends[0]);
		close(ends[1]);
		execl(path, "lodge-natd", "-n", "-c", file, (char *)NULL);
		cli_fail(
		    EXIT_SYSTEM, "%s: %s; install lodge anew, all of it in one place", path, strerror(errno));
		_exit(EXIT_SYSTEM);
	}
	close(ends[1]);
	return fdopen(ends[0], "r");
}

/* Shows what differs. The exit status. */
static int
compare(const char *file, struct change *change)
{
	int status = 0;
	pid_t pid;
	FILE *in = ask_natd(file, &pid);

	if (!in)
		return cli_fail(EXIT_SYSTEM, "cannot start lodge-natd: %s", remedy(errno, NULL));
	show(in, change);
	fclose(in);
	while (waitpid(pid, &status, 0) == -1 && errno == EINTR)
		;
	fflush(stdout);
	return WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_SYSTEM;
}

static void
summarise(const char *file, const struct change *change, const char *then)
{
	if (change->n == 0)
		fprintf(stderr, "%s: the network is as the file wants it\n", file);
	else if (change->partial)
		fprintf(stderr, "%s: %zu lines; run it as root to see only what differs\n", file, change->n);
	else
		fprintf(stderr, "%s: %zu change%s (%zu added, %zu removed)%s\n", file, change->n,
		    change->n == 1 ? "" : "s", change->added, change->removed, then);
}

/* The difference and then, where it is not only to be shown, what was done: told knows. The exit status. */
static int
apply(const struct said *said, const struct conf *conf, struct change *change, json_t *told)
{
	bool only_show = said_has(said, "--dry-run");
	int status = compare(said->file, change);

	if (status != EXIT_DONE)
		return status;
	summarise(said->file, change, only_show ? "; lodge apply makes them" : "");
	return only_show ? EXIT_DONE : reload_all(conf, said->file, told);
}

static int
print_json(
    int status, const char *file, const struct conf_errors *errors, const struct change *change, json_t *told)
{
	return cli_json(
	    status, json_pack("{s:i, s:o, s:o, s:o, s:I, s:I, s:b, s:o}", "version", APPLY_VERSION, "file",
			cli_json_text(file), "findings", mistakes_json(errors), "changes", change->lines,
			"added", (json_int_t)change->added, "removed", (json_int_t)change->removed, "partial",
			change->partial, "programs", told));
}

int
cmd_apply(const struct said *said)
{
	bool json = said_has(said, "--json");
	struct change change = {.lines = json ? json_array() : NULL};
	json_t *told = json ? json_array() : NULL;
	struct conf_errors errors;
	struct conf conf;
	int status;

	/* A good file's warnings are said by lodge-natd. */
	if (conf_load(said->file, &conf, &errors) == -1)
		status = cli_report(&errors);
	else
		status = apply(said, &conf, &change, told);
	if (json)
		status = print_json(status, said->file, &errors, &change, told);
	conf_errors_free(&errors);
	conf_free(&conf);
	return status;
}
