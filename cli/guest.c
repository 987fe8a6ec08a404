/* `lodge guest WORD NAME …`: one guest. Finds the word; what several of them do alike. */
#include "cli/guest.h"
#include "base/ctl.h"
#include "base/log.h"
#include "base/near.h"
#include "base/sys.h"
#include "cli/cli.h"
#include "cli/status.h"

#include <errno.h>
#include <stdlib.h>

enum { ANSWER_MS = 5000 };

static int guest_traffic(const char *file, int argc, char **argv);
static int guest_status(const char *file, int argc, char **argv); /* `lodge status NAME` */

static const struct guest_word words[] = {
    {"create", guest_create, "NAME [--from ROOT] [--disk SIZE] [--domain NAME]…"},
    {"clone", guest_clone, "NAME NEW"},
    {"resize", guest_resize, "NAME SIZE"},
    {"backup", guest_backup, "NAME FILE"},
    {"restore", guest_restore, "FILE [NEW]"},
    {"destroy", guest_destroy, "[--yes] NAME"},
    {"bases", guest_bases, "list|check|sweep"},
    {"start", guest_power, "[--no-wait] NAME"},
    {"stop", guest_power, "[--no-wait] NAME"},
    {"restart", guest_power, "[--no-wait] NAME"},
    {"kill", guest_power, "[--no-wait] NAME"},
    {"status", guest_status, "[-j] [-w] NAME"},
    {"cut", guest_traffic, "NAME"},
    {"lift", guest_traffic, "NAME"},
    {"throttle", guest_traffic, "NAME RATE; RATE like 1Mbit"},
};

enum { N_WORDS = sizeof(words) / sizeof(words[0]) };

int
guest_usage(const char *word)
{
	for (size_t i = 0; i < N_WORDS; i++)
		if (strcmp(word, words[i].name) == 0)
			return cli_fail(EXIT_INPUT, "usage: lodge guest %s %s", word, words[i].operands);
	return EXIT_INPUT;
}

const char *
guest_operand(int argc, char **argv, const char *brief, const char *full, bool *set)
{
	const char *name = NULL;

	for (int i = 1; i < argc; i++) {
		if ((brief && strcmp(argv[i], brief) == 0) || (full && strcmp(argv[i], full) == 0))
			*set = true;
		else if (argv[i][0] == '-' || name)
			return NULL;
		else
			name = argv[i];
	}
	return name;
}

const struct guest *
guest_load(const char *file, const char *name, struct conf *conf, int *status)
{
	const struct guest *guest;

	if (cli_load(file, conf, status) == -1)
		return NULL;
	guest = cli_guest(conf, name);
	if (!guest) {
		*status = EXIT_NO_GUEST;
		conf_free(conf);
	}
	return guest;
}

json_t *
guest_ask(const struct conf *conf, const char *name, const char *word, int *status)
{
	char *path = conf_run_path(conf, "guest-%s.sock", name);
	json_t *answer = path ? ctl_ask(path, word, ANSWER_MS) : NULL;
	const char *error = answer ? json_string_value(json_object_get(answer, "error")) : NULL;

	*status = EXIT_DONE;
	if (!answer && (errno == ENOENT || errno == ECONNREFUSED))
		*status = cli_fail(
		    EXIT_NOT_RUNNING, "nobody launches %s; start lodge up, or lodge-guest %s", name, name);
	else if (!answer && (errno == EACCES || errno == EPERM))
		*status = cli_fail(EXIT_PERMISSION, "%s: not yours to ask; try as root", path);
	else if (!answer)
		*status = cli_fail(EXIT_SYSTEM, "%s does not answer: %s", path, strerror(errno));
	else if (error)
		*status = cli_fail(EXIT_SYSTEM, "%s: %s", name, error);
	if (*status != EXIT_DONE) {
		json_decref(answer);
		answer = NULL;
	}
	free(path);
	return answer;
}

const char *
guest_text(const json_t *answer, const char *key)
{
	const char *text = json_string_value(json_object_get(answer, key));

	return text ? text : "";
}

static int
guest_traffic(const char *file, int argc, char **argv)
{
	bool rate = strcmp(argv[0], "throttle") == 0;
	struct conf conf;
	int status;

	if (argc != 2 + rate)
		return guest_usage(argv[0]);
	if (!guest_load(file, argv[1], &conf, &status))
		return status;
	status = curb_guest(&conf, argv[0], argv[1], rate ? argv[2] : "");
	conf_free(&conf);
	return status;
}

static int
guest_status(const char *file, int argc, char **argv)
{
	return status_run(file, argc, argv, true);
}

int
cmd_guest(const char *file, int argc, char **argv)
{
	const char *names[N_WORDS], *word = argc > 1 ? argv[1] : "", *near;

	for (size_t i = 0; i < N_WORDS; i++) {
		names[i] = words[i].name;
		if (strcmp(word, words[i].name) == 0)
			return argc > 2 ? words[i].run(file, argc - 1, argv + 1) : guest_usage(word);
	}
	near = *word ? near_word(span_str(word), names, N_WORDS) : NULL;
	if (near)
		return cli_fail(EXIT_INPUT, "no «guest %s»; did you mean «%s»?", word, near);
	return cli_fail(EXIT_INPUT, "usage: lodge guest "
				    "create|clone|resize|backup|restore|destroy|start|stop|restart|kill|"
				    "status|cut|lift|throttle NAME, or bases list; man lodge");
}
