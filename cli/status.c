/* `lodge status [NAME]`: what is known now, on one screen, as JSON, or watched; see status.h. */
#include "cli/status.h"
#include "base/colour.h"
#include "base/remedy.h"
#include "base/sys.h"
#include "cli/cli.h"
#include "cli/guest.h"
#include "cli/next.h"
#include "cli/screen.h"
#include "cli/watch.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#define EVERY_S 1.0

struct order {
	bool json, watch;
	struct survey survey;
	const struct sight *one;
};

/* --- showing it -------------------------------------------------------------------------------------------- */

static int
look(void *arg)
{
	struct order *order = arg;
	int error;

	if (survey_again(&order->survey) == 0)
		return EXIT_DONE;
	error = errno;
	screen_close();
	return cli_fail(EXIT_SYSTEM, NETDEV ": %s", remedy(error, NETDEV));
}

static struct glass
glass_of_terminal(void)
{
	struct glass glass = {.bars = isatty(STDOUT_FILENO) == 1, .colours = colour_wanted(STDOUT_FILENO)};
	size_t rows;

	if (glass.bars)
		screen_size(&rows, &glass.width);
	return glass;
}

static int
put(const struct order *order, const struct glass *glass, FILE *to)
{
	if (!order->one)
		return status_all(&order->survey, glass, to);
	status_one(&order->survey, order->one, glass, to);
	return 0;
}

/* On the screen, with a last line of its own. */
static void
draw(void *arg)
{
	struct order *order = arg;
	struct glass glass = glass_of_terminal();
	char *text = NULL;
	size_t len, rows, columns;
	FILE *to = open_memstream(&text, &len);

	screen_size(&rows, &columns);
	glass.rows = rows > 6 ? rows - 2 : 4;
	if (to && put(order, &glass, to) == 0)
		fputs("\nq ends", to);
	if (to && fclose(to) == 0)
		screen_draw(text, len);
	free(text);
}

static void
print_json(const struct order *order)
{
	json_t *json;

	if (order->one) {
		json = status_guest_json(&order->survey, order->one);
		json_object_set_new(json, "version", json_integer(STATUS_VERSION));
	} else {
		json = status_json(&order->survey);
	}
	json_dumpf(json, stdout, order->watch ? JSON_COMPACT : JSON_INDENT(2));
	putchar('\n');
	fflush(stdout);
	json_decref(json);
}

static void
print(void *arg)
{
	struct order *order = arg;
	struct glass glass = glass_of_terminal();

	if (order->json)
		print_json(order);
	else
		put(order, &glass, stdout);
	fflush(stdout);
}

/* --- the command ------------------------------------------------------------------------------------------- */

static int
exit_of(const struct order *order)
{
	if (order->one)
		return status_one_exit(&order->survey, order->one);
	if (survey_nothing(&order->survey))
		return cli_fail(
		    EXIT_NOT_RUNNING, "nothing runs; %s", next_all(next_by_units(order->survey.conf)));
	if (survey_all_forbidden(&order->survey))
		return cli_fail(EXIT_PERMISSION, "nobody here is yours to ask; try as root");
	return EXIT_DONE;
}

static int
run(struct order *order)
{
	const struct watch watch = {
	    .every_s = EVERY_S,
	    .screen = !order->json && isatty(STDOUT_FILENO) == 1,
	    .at_once = true,
	    .left = -1,
	    .look = look,
	    .show = !order->json && isatty(STDOUT_FILENO) == 1 ? draw : print,
	    .arg = order,
	};
	int status;

	if (order->watch)
		return watch_run(&watch);
	status = look(order);
	if (status != EXIT_DONE)
		return status;
	signal(SIGPIPE, SIG_DFL); /* which the ledger ignored: whoever reads may have seen enough */
	print(order);
	return exit_of(order);
}

int
cmd_status(const struct said *said)
{
	struct order order = {.json = said_has(said, "--json"), .watch = said_has(said, "--watch")};
	bool one = said->n_operands > 0;
	const struct guest *guest = NULL;
	struct conf conf;
	int status;

	if (one)
		guest = guest_load(said, &conf, &status);
	if (one ? !guest : cli_load(said->file, &conf, &status) == -1)
		return status;
	if (survey_open(&order.survey, &conf, guest) == -1)
		status = cli_no_memory();
	if (guest)
		order.one = &order.survey.sights[order.survey.first];
	if (status == EXIT_DONE)
		status = run(&order);
	survey_close(&order.survey);
	conf_free(&conf);
	return status;
}
