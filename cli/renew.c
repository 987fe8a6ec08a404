/* `lodge renew`: the programs were replaced on the disk, and what runs gives way to them. */
#include "base/sys.h"
#include "base/tool.h"
#include "cli/cli.h"
#include "cli/next.h"
#include "cli/program.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ANSWER_MS = 5000, AWAIT_S = 30, PAUSE_US = 100000 };

static const char *const daemons[] = {"natd", "acct", "web", "proxy"};

enum { N_DAEMONS = sizeof(daemons) / sizeof(*daemons) };

/*
 * What the proxy that answers is told from the next one by, whose counts may begin at nothing; NULL: errno, none runs or it does not
 * answer.
 */
static json_t *
sign_of_proxy(const struct conf *conf)
{
	json_t *answer = program_ask(conf, "proxy", "status", ANSWER_MS), *sign = NULL;

	if (answer)
		sign = json_pack("{s:O?, s:O?, s:O?}", "pid", json_object_get(answer, "pid"), "since",
		    json_object_get(answer, "since"), "upgrades", json_object_get(answer, "upgrades"));
	json_decref(answer);
	return sign;
}

/* Whether the unit runs the daemon that answers, or none answers. */
static bool
unit_runs(const struct conf *conf, const char *name, const char *unit)
{
	json_t *answer = program_ask(conf, name, "status", ANSWER_MS);
	long long pid = json_integer_value(json_object_get(answer, "pid"));
	char main_pid[32] = "";
	bool its;

	if (!answer)
		return true;
	json_decref(answer);
	its = tool_line((const char *[]){"systemctl", "show", "--property=MainPID", "--value", unit, NULL},
		  main_pid, sizeof(main_pid)) == 0 &&
	      strtoll(main_pid, NULL, 10) == pid;
	if (!its)
		cli_fail(EXIT_SYSTEM, "%s: process %lld is none of systemd's; %s", unit, pid,
		    strcmp(name, "proxy") == 0 ? "send it SIGUSR2 yourself" : "start it again yourself");
	return its;
}

/* What one of them does not do keeps no other from it. */
static int
by_systemd(const struct conf *conf, bool *proxy)
{
	int status = EXIT_DONE;

	if (tool_run(-1, NULL, (const char *[]){"systemctl", "daemon-reload", NULL}) == -1)
		status = EXIT_SYSTEM;
	for (size_t i = 0; i < N_DAEMONS; i++) {
		bool is_proxy = strcmp(daemons[i], "proxy") == 0;
		char unit[32];

		if (is_proxy && !*proxy)
			continue;
		snprintf(unit, sizeof(unit), "lodge-%s", daemons[i]);
		if (unit_runs(conf, daemons[i], unit) &&
		    tool_run(-1, NULL,
			is_proxy ? (const char *[]){"systemctl", "kill", "--signal=USR2", "--kill-who=main",
				       unit, NULL}
				 : (const char *[]){"systemctl", "try-restart", unit, NULL}) == 0)
			continue;
		status = EXIT_SYSTEM;
		if (is_proxy)
			*proxy = false;
	}
	return status;
}

static int
await_up(const struct conf *conf)
{
	double end = sys_seconds() + AWAIT_S;
	bool busy = true;

	while (busy && sys_seconds() < end) {
		json_t *answer = program_ask(conf, "up", "status", ANSWER_MS);

		busy = json_is_true(json_object_get(answer, "renewing"));
		json_decref(answer);
		if (busy)
			usleep(PAUSE_US);
	}
	return busy ? cli_fail(EXIT_SYSTEM, "not all programs are ready again; lodge status shows which, "
					    "the log of lodge up says why")
		    : EXIT_DONE;
}

static int
await_proxy(const struct conf *conf, const json_t *before)
{
	double end = sys_seconds() + AWAIT_S;

	while (sys_seconds() < end) {
		json_t *now = sign_of_proxy(conf);
		bool other = now && !json_equal(now, before);

		json_decref(now);
		if (other)
			return EXIT_DONE;
		usleep(PAUSE_US);
	}
	return cli_fail(EXIT_SYSTEM,
	    "lodge-proxy goes on as it was, without a connection lost; its log says why it was not renewed");
}

/* Whoever runs them is told. proxy: whether it runs, and then, whether it was told. */
static int
tell(const struct conf *conf, bool *proxy)
{
	json_t *answer = program_ask(conf, "up", "renew", ANSWER_MS);
	bool told = json_object_get(answer, "done") != NULL, up = answer != NULL;

	json_decref(answer);
	if (told)
		return await_up(conf);
	if (!up && !program_answers(conf, "up", ANSWER_MS) && access("/run/systemd/system", F_OK) == 0)
		return by_systemd(conf, proxy);
	*proxy = false;
	if (up || program_answers(conf, "up", ANSWER_MS))
		return cli_fail(EXIT_SYSTEM, "lodge up cannot do that now; start it again when it suits");
	return cli_fail(EXIT_SYSTEM,
	    "neither lodge up nor systemd runs them; start each again yourself, and send "
	    "SIGUSR2 to lodge-proxy");
}

static int
renew(const struct conf *conf)
{
	json_t *before = sign_of_proxy(conf);
	bool silent = !before && !ctl_is_down(errno), some = before || silent, proxy = before != NULL;
	int status;

	for (size_t i = 0; i < N_DAEMONS && !some; i++)
		some = program_answers(conf, daemons[i], ANSWER_MS);
	if (!some)
		return cli_fail(EXIT_NOT_RUNNING, "nothing runs that could be renewed; %s starts it",
		    next_command(next_by_units(conf)));
	status = tell(conf, &proxy);
	if (silent)
		status = cli_fail(EXIT_SYSTEM,
		    "lodge-proxy does not answer, and was not renewed; its log says why, then "
		    "lodge renew once more");
	if (proxy && await_proxy(conf, before) != EXIT_DONE)
		status = EXIT_SYSTEM;
	json_decref(before);
	if (status == EXIT_DONE)
		fputs("lodge: renewed; guests run on, each under the launcher that it was started by\n",
		    stderr);
	return status;
}

int
cmd_renew(const struct said *said)
{
	struct conf conf;
	int status;

	if (geteuid() != 0)
		return cli_fail(EXIT_PERMISSION, "the programs are root's to renew: run it as root");
	/* With a mistake in the file what would take over could not start. */
	if (cli_load(said->file, &conf, &status) == -1)
		return status;
	status = renew(&conf);
	conf_free(&conf);
	return status;
}
