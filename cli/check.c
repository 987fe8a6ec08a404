/* `lodge check`: every mistake of the file with its place, or the normalised file. */
#include "base/sys.h"
#include "cli/cli.h"
#include "cli/mistakes.h"

enum { CHECK_VERSION = 1 };

static int
print_json(int status, const char *file, const struct conf *conf, const struct conf_errors *errors)
{
	json_t *guests = conf ? json_integer((json_int_t)conf->n_guests) : json_null();

	return cli_json(status, json_pack("{s:i, s:o, s:b, s:o, s:o, s:I}", "version", CHECK_VERSION, "file",
				    cli_json_text(file), "good", conf != NULL, "guests", guests, "findings",
				    mistakes_json(errors), "more", (json_int_t)errors->n_dropped));
}

int
cmd_check(const struct said *said)
{
	bool json = said_has(said, "--json");
	struct conf_errors errors;
	struct conf conf;
	int status, bad;

	bad = conf_load_strict(said->file, &conf, &errors);
	status = cli_report(&errors);
	if (json)
		status = print_json(status, said->file, bad == -1 ? NULL : &conf, &errors);
	conf_errors_free(&errors);
	if (bad == -1)
		return status;
	if (!json)
		conf_print(&conf, stdout);
	fprintf(stderr, "%s: %zu guest%s, no mistake\n", said->file, conf.n_guests,
	    conf.n_guests == 1 ? "" : "s");
	conf_free(&conf);
	return status;
}
