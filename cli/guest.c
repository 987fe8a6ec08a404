/* `lodge guest WORD NAME …`: what several of them do alike. */
#include "cli/guest.h"
#include "base/ctl.h"
#include "base/remedy.h"
#include "base/sys.h"
#include "cli/cli.h"
#include "cli/next.h"

#include <errno.h>
#include <stdlib.h>

enum { ANSWER_MS = 5000 };

const char *
guest_word(const struct said *said)
{
	return strchr(said->command->name, ' ') + 1;
}

const struct guest *
guest_load(const struct said *said, struct conf *conf, int *status)
{
	const struct guest *guest;

	if (cli_load(said->file, conf, status) == -1)
		return NULL;
	guest = cli_guest(conf, said->operands[0]);
	if (!guest) {
		*status = EXIT_NO_GUEST;
		conf_free(conf);
	}
	return guest;
}

json_t *
guest_ask(const struct conf *conf, const char *name, const char *word, int *status)
{
	char *path = conf_run_path(conf, "guest-%s.sock", name), next[NEXT_TEXT];
	json_t *answer = path ? ctl_ask(path, word, ANSWER_MS) : NULL;
	const char *error = answer ? json_string_value(json_object_get(answer, "error")) : NULL;

	*status = EXIT_DONE;
	if (!answer && ctl_is_down(errno))
		*status = cli_fail(EXIT_NOT_RUNNING, "nobody launches %s; %s", name,
		    next_guest(next_by_units(conf), name, next));
	else if (!answer && remedy_is_right(errno))
		*status = cli_fail(EXIT_PERMISSION, "%s: not yours to ask; try as root", path);
	else if (!answer)
		*status = cli_fail(EXIT_SYSTEM, "%s does not answer: %s; the log of its launcher may say why",
		    path, strerror(errno));
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

int
guest_traffic(const struct said *said)
{
	struct conf conf;
	int status;

	if (!guest_load(said, &conf, &status))
		return status;
	status = curb_guest(
	    &conf, guest_word(said), said->operands[0], said->n_operands > 1 ? said->operands[1] : "");
	conf_free(&conf);
	return status;
}
