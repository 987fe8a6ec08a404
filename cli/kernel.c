/* `lodge kernel build|test`: a guest's kernel made from Debian's source, or tried on this host. */
#include "base/sys.h"
#include "cli/cli.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

/* STATE/kernels/ of the file: the script puts the kernel's name behind it. */
static int
default_output(const char *file, char *out, size_t room, int *status)
{
	struct conf conf;
	char *path;
	int n;

	if (cli_load(file, &conf, status) == -1)
		return -1;
	path = conf_state_path(&conf, "kernels/");
	n = snprintf(out, room, "%s", path ? path : "");
	free(path);
	conf_free(&conf);
	if (n > 0 && (size_t)n < room)
		return 0;
	*status = cli_fail(EXIT_INPUT, "the path of state: is too long; name the kernel with --output");
	return -1;
}

/* In the tree, or where an installation keeps it. */
static int
find_script(char *out, size_t room)
{
	static const char *const places[] = {"../launch/kernel/build", "../share/lodge/kernel/build"};

	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
		int n = snprintf(out, room, "%s%s", sys_bindir(), places[i]);

		if (n > 0 && (size_t)n < room && access(out, R_OK) == 0)
			return 0;
	}
	return -1;
}

int
cmd_kernel_build(const struct said *said)
{
	const char *where = said_value(said, "--output"), *jobs = said_value(said, "--jobs");
	char output[PATH_MAX], script[PATH_MAX];
	const char *args[10] = {"sh", script};
	size_t n = 2;
	int status;

	if (jobs && (strspn(jobs, "0123456789") != strlen(jobs) || atoi(jobs) < 1))
		return cli_fail(EXIT_INPUT, "--jobs takes a number from 1, not «%s»", jobs);
	if (where && (size_t)snprintf(output, sizeof(output), "%s", where) >= sizeof(output))
		return cli_fail(EXIT_INPUT, "the path of --output is too long; name a shorter one");
	if (!where && default_output(said->file, output, sizeof(output), &status) == -1)
		return status;
	if (find_script(script, sizeof(script)) == -1)
		return cli_fail(EXIT_SYSTEM, "%s is not there; reinstall lodge", script);
	if (said_has(said, "--dry-run"))
		args[n++] = "-n";
	if (jobs) {
		args[n++] = "-j";
		args[n++] = jobs;
	}
	args[n++] = said_value(said, "--version") ?: "7.x";
	args[n] = output;
	execv("/bin/sh", (char *const *)args);
	return cli_errno("/bin/sh");
}

int
cmd_kernel_test(const struct said *said)
{
	const char *kernel = said->n_operands ? said->operands[0] : NULL;
	char program[PATH_MAX];

	if (geteuid() != 0)
		return cli_fail(
		    EXIT_PERMISSION, "a kernel is tried in a jail, which only root makes; run it as root");
	snprintf(program, sizeof(program), "%slodge-guest", sys_bindir());
	execl(program, "lodge-guest", "-c", said->file, said_has(said, "--json") ? "-tj" : "-t", kernel,
	    (char *)NULL);
	return cli_fail(EXIT_SYSTEM, "cannot run %s: %s; reinstall lodge", program, strerror(errno));
}
