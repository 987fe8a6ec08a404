/* `lodge guest clone NAME NEW`: another guest with the same disk; it makes itself at home when it boots. */
#include "base/log.h"
#include "base/progress.h"
#include "base/sys.h"
#include "base/tool.h"
#include "cli/cli.h"
#include "cli/entry.h"
#include "cli/guest.h"
#include "cli/rest.h"
#include "conf/draft.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static int
copy(struct entry *e, const struct guest *from)
{
	struct rest rest;
	int status;

	tool_interruptible(true);
	progress_open(e->guest.name, 1);
	progress_step("its disk");
	status = rest_begin(&rest, &e->conf, from);
	if (status == EXIT_DONE && tool_run(-1, NULL,
				       (const char *[]){"cp", "--sparse=always", "--reflink=auto", "--",
					   rest.image, e->making, NULL}) == -1)
		status = cli_unmade(e->making);
	if (status == EXIT_DONE && chmod(e->making, 0600) == -1)
		status = cli_errno(e->making);
	tool_interruptible(false);
	progress_close();
	return rest_end(&rest, status);
}

static int
make(struct entry *e, const char *name, const char *new)
{
	const struct guest *from = cli_guest(&e->conf, name);
	const char *why;
	int status;

	if (!from)
		return EXIT_NO_GUEST;
	draft_copy(from, &e->guest, new, &why);
	if (why)
		return cli_fail(EXIT_SYSTEM, "%s %s", new, why);
	status = entry_check(e);
	if (status == EXIT_DONE)
		status = copy(e, from);
	if (status == EXIT_DONE)
		status = entry_commit(e);
	return status == EXIT_DONE ? entry_tell(e) : status;
}

int
guest_clone(const struct said *said)
{
	struct entry e;
	int status = entry_open(&e, said->file, said->operands[1], false);

	e.json = said_has(said, "--json");
	if (status == EXIT_DONE)
		status = make(&e, said->operands[0], said->operands[1]);
	entry_close(&e);
	return status;
}
