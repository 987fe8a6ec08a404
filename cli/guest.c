/* `lodge guest create|start|stop|restart|kill NAME`: one guest, through its launcher; its traffic: curb.c. */
#include "base/ctl.h"
#include "base/log.h"
#include "base/near.h"
#include "base/sys.h"
#include "cli/cli.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

enum { ANSWER_MS = 5000 };

/* Words that the launcher answers itself; `create` runs it instead. */
static const char *const words[] = {"create", "start", "stop", "restart", "kill", "cut", "lift", "throttle"};
enum { N_WORDS = sizeof(words) / sizeof(words[0]), TRAFFIC = 5, THROTTLE = 7 };

static int
create(const char *file, const char *name)
{
	char program[PATH_MAX];

	snprintf(program, sizeof(program), "%slodge-guest", sys_bindir());
	execl(program, "lodge-guest", "-c", file, "-i", name, (char *)NULL);
	return cli_fail(EXIT_SYSTEM, "cannot run %s: %s", program, strerror(errno));
}

static int
tell(const struct conf *conf, const char *name, const char *word)
{
	char *path = conf_run_path(conf, "guest-%s.sock", name);
	json_t *answer = path ? ctl_ask(path, word, ANSWER_MS) : NULL;
	const char *error = answer ? json_string_value(json_object_get(answer, "error")) : NULL;
	int status = EXIT_DONE;

	if (!answer && (errno == ENOENT || errno == ECONNREFUSED))
		status = cli_fail(
		    EXIT_NOT_RUNNING, "nobody launches %s; start lodge up, or lodge-guest %s", name, name);
	else if (!answer && (errno == EACCES || errno == EPERM))
		status = cli_fail(EXIT_PERMISSION, "%s: not yours to ask; try as root", path);
	else if (!answer)
		status = cli_fail(EXIT_SYSTEM, "%s does not answer: %s", path, strerror(errno));
	else if (error)
		status = cli_fail(EXIT_SYSTEM, "%s: %s", name, error);
	json_decref(answer);
	free(path);
	return status;
}

int
cmd_guest(const char *file, int argc, char **argv)
{
	struct conf conf;
	const char *word = argc > 1 ? argv[1] : "", *near;
	size_t known = 0;
	int status;

	while (known < N_WORDS && strcmp(word, words[known]) != 0)
		known++;
	if (known == N_WORDS || argc != (known == THROTTLE ? 4 : 3)) {
		near = known == N_WORDS && *word ? near_word(span_str(word), words, N_WORDS) : NULL;
		if (near)
			return cli_fail(EXIT_INPUT, "no «guest %s»; did you mean «%s»?", word, near);
		return cli_fail(EXIT_INPUT,
		    known == THROTTLE ? "usage: lodge guest throttle NAME RATE; RATE like 1Mbit"
				      : "usage: lodge guest create|start|stop|restart|kill|cut|lift NAME");
	}
	if (cli_load(file, &conf, &status) == -1)
		return status;
	if (!cli_guest(&conf, argv[2]))
		status = EXIT_NO_GUEST;
	else if (strcmp(word, "create") == 0)
		status = create(file, argv[2]);
	else if (known >= TRAFFIC)
		status = curb_guest(&conf, word, argv[2], known == THROTTLE ? argv[3] : "");
	else
		status = tell(&conf, argv[2], word);
	conf_free(&conf);
	return status;
}
