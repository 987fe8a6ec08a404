/* The programs that run; see program.h. */
#include "cli/program.h"

#include <stdlib.h>

json_t *
program_ask(const struct conf *conf, const char *name, const char *word, int timeout_ms)
{
	char *path = conf_run_path(conf, "%s.sock", name);
	json_t *answer = path ? ctl_ask(path, word, timeout_ms) : NULL;

	free(path); /* which leaves errno */
	return answer;
}

bool
program_answers(const struct conf *conf, const char *name, int timeout_ms)
{
	json_t *answer = program_ask(conf, name, "status", timeout_ms);

	json_decref(answer);
	return answer != NULL;
}
