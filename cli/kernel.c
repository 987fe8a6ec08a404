/* `lodge kernel build|test`: a guest's kernel made from Debian's source, or tried on this host. */
#include "base/near.h"
#include "base/sys.h"
#include "cli/cli.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#define USAGE_BUILD "usage: lodge kernel build [-n] [-j JOBS] [--version 7.x|6.1] [--output FILE]"
#define USAGE_TEST "usage: lodge kernel test [-j] [FILE]"

static const char *const words[] = {"build", "test"};
enum { N_WORDS = sizeof(words) / sizeof(words[0]) };

struct build {
	const char *version, *output, *jobs;
	bool plan;
};

/* NULL: understood. Else the word that is not. */
static const char *
build_options(int argc, char **argv, struct build *build)
{
	*build = (struct build){.version = "7.x"};
	for (int i = 0; i < argc; i++) {
		const char **value = strcmp(argv[i], "--version") == 0	? &build->version
				     : strcmp(argv[i], "--output") == 0 ? &build->output
				     : strcmp(argv[i], "-j") == 0	? &build->jobs
									: NULL;

		if (strcmp(argv[i], "-n") == 0)
			build->plan = true;
		else if (value && i + 1 < argc && argv[i + 1][0])
			*value = argv[++i];
		else
			return argv[i];
	}
	if (build->jobs &&
	    (strspn(build->jobs, "0123456789") != strlen(build->jobs) || atoi(build->jobs) < 1))
		return build->jobs;
	return NULL;
}

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
	*status = cli_fail(EXIT_INPUT, "the path of state: is too long");
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

static int
run_build(const char *file, int argc, char **argv)
{
	char output[PATH_MAX], script[PATH_MAX];
	const char *args[10] = {"sh", script}, *bad;
	struct build build;
	size_t n = 2;
	int status;

	bad = build_options(argc, argv, &build);
	if (bad)
		return cli_fail(EXIT_INPUT, "kernel build takes no «%s»; " USAGE_BUILD, bad);
	if (build.output && (size_t)snprintf(output, sizeof(output), "%s", build.output) >= sizeof(output))
		return cli_fail(EXIT_INPUT, "the path of --output is too long");
	if (!build.output && default_output(file, output, sizeof(output), &status) == -1)
		return status;
	if (find_script(script, sizeof(script)) == -1)
		return cli_fail(EXIT_SYSTEM, "%s is not there; reinstall lodge", script);
	if (build.plan)
		args[n++] = "-n";
	if (build.jobs) {
		args[n++] = "-j";
		args[n++] = build.jobs;
	}
	args[n++] = build.version;
	args[n] = output;
	execv("/bin/sh", (char *const *)args);
	return cli_fail(EXIT_SYSTEM, "cannot run /bin/sh: %s", strerror(errno));
}

static int
run_test(const char *file, int argc, char **argv)
{
	bool json = argc > 0 && strcmp(argv[0], "-j") == 0;
	const char *kernel = argc > json ? argv[json] : NULL;
	char program[PATH_MAX];

	if (argc > json + 1 || (kernel && kernel[0] == '-'))
		return cli_fail(EXIT_INPUT, USAGE_TEST);
	snprintf(program, sizeof(program), "%slodge-guest", sys_bindir());
	execl(program, "lodge-guest", "-c", file, json ? "-tj" : "-t", kernel, (char *)NULL);
	return cli_fail(EXIT_SYSTEM, "cannot run %s: %s", program, strerror(errno));
}

int
cmd_kernel(const char *file, int argc, char **argv)
{
	const char *word = argc > 1 ? argv[1] : "";
	const char *near = *word ? near_word(span_str(word), words, N_WORDS) : NULL;

	if (strcmp(word, "build") == 0)
		return run_build(file, argc - 2, argv + 2);
	if (strcmp(word, "test") == 0)
		return run_test(file, argc - 2, argv + 2);
	if (near)
		return cli_fail(EXIT_INPUT, "no «kernel %s»; did you mean «%s»?", word, near);
	return cli_fail(EXIT_INPUT, USAGE_BUILD "\n" USAGE_TEST);
}
