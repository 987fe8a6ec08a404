/* The least daemon, for tests/system/daemon: what its argument names, it does. */
#include "base/ctl.h"
#include "base/log.h"
#include "base/sys.h"

#include <errno.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static int reloads;

static void
on_reload(void *arg)
{
	reloads++;
	sys_stop(arg);
}

/* Prints what SIGHUP is to a program that is executed before the loop runs. */
static int
hup_inherited(void)
{
	return system("grep -E 'Sig(Blk|Ign):.*[13579bdf]$' /proc/self/status >&2") == 0;
}

static int
hup(void)
{
	struct ev_loop *loop = EV_DEFAULT;

	raise(SIGHUP);
	if (hup_inherited())
		return EXIT_SYSTEM;
	sys_run(loop, on_reload, loop);
	raise(SIGHUP); /* on the way out */
	printf("%d reloads\n", reloads);
	return EXIT_DONE;
}

static int
drop(void)
{
	const int keep[] = {-1};
	gid_t group = 4242;

	if (setgroups(1, &group) == -1 || sys_drop(0, 0, keep) == -1)
		return EXIT_SYSTEM;
	printf("%d groups\n", getgroups(0, NULL));
	return EXIT_DONE;
}

int
main(int argc, char **argv)
{
	struct sys_options options = sys_options(argc, argv, "", "");
	const char *word = options.first < argc ? argv[options.first] : "";

	log_open("daemon", false);
	if (strcmp(word, "hup") == 0)
		return hup();
	if (strcmp(word, "drop") == 0)
		return drop();
	if (strcmp(word, "log") == 0)
		log_info("%s", argv[options.first + 1]);
	else if (!ctl_ask(word, "status", 300))
		printf("%s\n", strerror(errno));
	return EXIT_DONE;
}
