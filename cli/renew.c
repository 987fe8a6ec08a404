/* `lodge renew`: the programs were replaced on the disk, and what runs gives way to them. */
#include "base/ctl.h"
#include "base/sys.h"
#include "base/tool.h"
#include "cli/cli.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

enum { ANSWER_MS = 5000, TRIES = 300, PAUSE_US = 100000 };

static const char *const daemons[] = {"natd", "acct", "web", "proxy"};

enum { N_DAEMONS = sizeof(daemons) / sizeof(*daemons) };

static json_t *
ask(const struct conf *conf, const char *name, const char *word)
{
	char *path = conf_run_path(conf, "%s.sock", name);
	json_t *answer = path ? ctl_ask(path, word, ANSWER_MS) : NULL;

	free(path);
	return answer;
}

static bool
runs(const struct conf *conf, const char *name)
{
	json_t *answer = ask(conf, name, "status");

	json_decref(answer);
	return answer != NULL;
}

/* How often another one took over from the proxy; -1: none runs. */
static json_int_t
upgrades(const struct conf *conf)
{
	json_t *answer = ask(conf, "proxy", "status");
	json_int_t n = answer ? json_integer_value(json_object_get(answer, "upgrades")) : -1;

	json_decref(answer);
	return n;
}

static int
by_systemd(bool proxy)
{
	if (tool_run(-1, NULL, (const char *[]){"systemctl", "daemon-reload", NULL}) == -1 ||
	    tool_run(-1, NULL,
		(const char *[]){
		    "systemctl", "try-restart", "lodge-natd", "lodge-acct", "lodge-web", NULL}) == -1)
		return EXIT_SYSTEM;
	if (proxy && tool_run(-1, NULL,
			 (const char *[]){"systemctl", "kill", "--signal=USR2", "--kill-who=main",
			     "lodge-proxy", NULL}) == -1)
		return EXIT_SYSTEM;
	return EXIT_DONE;
}

static int
await_up(const struct conf *conf)
{
	bool busy = true;

	for (int i = 0; i < TRIES && busy; i++) {
		json_t *answer = ask(conf, "up", "status");

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
await_proxy(const struct conf *conf, json_int_t before)
{
	for (int i = 0; i < TRIES; i++) {
		json_int_t now = upgrades(conf);

		if (now != -1 && now != before)
			return EXIT_DONE;
		usleep(PAUSE_US);
	}
	return cli_fail(EXIT_SYSTEM,
	    "lodge-proxy goes on as it was, without a connection lost; its log says why it was not renewed");
}

/* Whoever runs them is told. */
static int
tell(const struct conf *conf, bool proxy)
{
	json_t *answer = ask(conf, "up", "renew");
	bool told = json_object_get(answer, "done") != NULL, up = answer != NULL;

	json_decref(answer);
	if (told)
		return await_up(conf);
	if (up || runs(conf, "up"))
		return cli_fail(EXIT_SYSTEM, "lodge up cannot do that now; start it again when it suits");
	if (access("/run/systemd/system", F_OK) == 0)
		return by_systemd(proxy);
	return cli_fail(EXIT_SYSTEM,
	    "neither lodge up nor systemd runs them; start each again yourself, and send "
	    "SIGUSR2 to lodge-proxy");
}

static int
renew(const struct conf *conf)
{
	json_int_t before = upgrades(conf);
	bool some = false;
	int status;

	for (size_t i = 0; i < N_DAEMONS && !some; i++)
		some = runs(conf, daemons[i]);
	if (!some)
		return cli_fail(EXIT_NOT_RUNNING, "nothing runs that could be renewed; lodge up starts it");
	status = tell(conf, before != -1);
	if (status == EXIT_DONE && before != -1)
		status = await_proxy(conf, before);
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
