/* `lodge check`: every mistake of the file with its place, or the normalised file. */
#include "base/sys.h"
#include "cli/cli.h"

int
cmd_check(const struct said *said)
{
	struct conf_errors errors;
	struct conf conf;
	int status, bad;

	bad = conf_load_strict(said->file, &conf, &errors);
	status = cli_report(&errors);
	conf_errors_free(&errors);
	if (bad == -1)
		return status;
	conf_print(&conf, stdout);
	fprintf(stderr, "%s: %zu guest%s, no mistake\n", said->file, conf.n_guests,
	    conf.n_guests == 1 ? "" : "s");
	conf_free(&conf);
	return EXIT_DONE;
}
