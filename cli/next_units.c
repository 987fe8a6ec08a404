/* Who starts lodge on this host; see next.h. */
#include "base/remedy.h"
#include "base/sys.h"
#include "cli/next.h"
#include "cli/program.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

enum { ANSWER_MS = 2000 };

/* One that hangs does, too. */
static bool
up_runs(const struct conf *conf)
{
	json_t *answer = program_ask(conf, "up", "status", ANSWER_MS);
	bool runs = answer || (!ctl_is_down(errno) && !remedy_is_right(errno));

	json_decref(answer);
	return runs;
}

bool
next_units_read(const char *file)
{
	return strcmp(file, SYS_CONF_FILE) == 0 && access("/run/systemd/system", F_OK) == 0;
}

bool
next_by_units(const struct conf *conf)
{
	return conf->n_files > 0 && next_units_read(conf->files[0]) && !up_runs(conf);
}
