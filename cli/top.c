/*
 * `lodge top`: what moves now. The rates are the kernel's own, so they are there for everybody and whether or not
 * lodge-acct runs; what is billed is the ledger's, and follows within a second or two.
 */
#include "base/log.h"
#include "base/remedy.h"
#include "base/sys.h"
#include "cli/cli.h"
#include "cli/look.h"
#include "cli/next.h"
#include "cli/screen.h"
#include "cli/watch.h"
#include "ledger/when.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum {
	TOP_VERSION = 1,
	DELAY_MAX_S = 3600,
	COUNT_MAX = 1000000000,
};

struct top {
	struct look look;
	struct watch watch;
	bool json;
};

/* --- showing it --------------------------------------------------------------------------------------------- */

static void
print_json(const struct mover *m, const char *when, double seconds)
{
	const uint64_t *bytes = m->rate.moved.bytes, *packets = m->rate.moved.packets;
	json_t *json = json_pack("{s:i, s:s, s:f, s:s}", "version", TOP_VERSION, "time", when, "seconds",
	    seconds, "name", m->guest);
	const struct {
		const char *name;
		uint64_t n;
	} rates[] = {
	    {"to_guest_bytes_s", bytes[TO_GUEST]},
	    {"to_guest_packets_s", packets[TO_GUEST]},
	    {"from_guest_bytes_s", bytes[FROM_GUEST]},
	    {"from_guest_packets_s", packets[FROM_GUEST]},
	};

	for (size_t i = 0; i < sizeof(rates) / sizeof(*rates); i++)
		json_object_set_new(json, rates[i].name,
		    m->rate.known ? json_integer((json_int_t)per_second(rates[i].n, seconds)) : json_null());
	json_object_set_new(
	    json, "billed", m->billed_known ? json_integer((json_int_t)m->billed) : json_null());
	json_dumpf(json, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(json);
}

static void
print_lines(struct top *top)
{
	char when[WHEN_TEXT];
	double seconds = top->look.seconds;

	when_iso((int64_t)time(NULL), zone_utc, when);
	for (size_t i = 0; i < top->look.conf->n_guests; i++) {
		if (top->json)
			print_json(&top->look.movers[i], when, seconds);
		else
			mover_line(&top->look.movers[i], when, seconds, stdout);
	}
	fflush(stdout);
}

static void
draw(struct top *top)
{
	static const unsigned char less[] = {4, 2}; /* packets, from the guest first */
	struct table table = {0};
	char *text = NULL;
	size_t len, rows, columns;
	FILE *to = open_memstream(&text, &len);

	screen_size(&rows, &columns);
	movers_sort(top->look.movers, top->look.conf->n_guests);
	/* The heading, the sum and two lines below the table, the last one without an end. */
	if (to && movers_table(&table, top->look.movers, top->look.conf->n_guests, top->look.seconds,
		      rows > 6 ? rows - 4 : 2) == 0) {
		table_fit(&table, columns, less, sizeof(less));
		table_print(&table, to);
		fprintf(
		    to, "\n%s%sq ends", top->look.ledger ? "" : top->look.why, top->look.ledger ? "" : " · ");
	}
	table_free(&table);
	if (to && fclose(to) == 0)
		screen_draw(text, len);
	free(text);
}

/* --- the turns ---------------------------------------------------------------------------------------------- */

/* The screen goes before an error is told. */
static int
look(void *arg)
{
	struct top *top = arg;
	int error;

	if (look_again(&top->look) == 0)
		return EXIT_DONE;
	error = errno;
	screen_close();
	return cli_fail(EXIT_SYSTEM, NETDEV ": %s", remedy(error, NETDEV));
}

static void
show(void *arg)
{
	struct top *top = arg;

	(top->watch.screen ? draw : print_lines)(top);
}

static int
run(struct top *top)
{
	int status = look(top);

	if (status != EXIT_DONE)
		return status;
	if (!look_any(&top->look))
		return cli_fail(
		    EXIT_NOT_RUNNING, "no guest's tap is there; %s", next_all(next_by_units(top->look.conf)));
	if (!top->watch.screen && !top->look.ledger)
		log_warn("%s; going on without what is billed", top->look.why);
	top->watch.look = look;
	top->watch.show = show;
	top->watch.arg = top;
	return watch_run(&top->watch);
}

/* --- the command -------------------------------------------------------------------------------------------- */

static int
take_words(const struct said *said, struct top *top)
{
	const char *count = said_value(said, "-n"), *delay = said_value(said, "-d");
	char *rest;

	top->json = said_has(said, "--json");
	if (count) {
		top->watch.left = strtol(count, &rest, 10);
		if (*rest || top->watch.left < 1 || top->watch.left > COUNT_MAX)
			return cli_fail(EXIT_INPUT, "-n takes how often, from 1, not «%s»", count);
	}
	if (delay) {
		top->watch.every_s = strtod(delay, &rest);
		if (*rest || !(top->watch.every_s >= 0.1 && top->watch.every_s <= DELAY_MAX_S))
			return cli_fail(EXIT_INPUT, "-d takes seconds from 0.1 to 3600, not «%s»", delay);
	}
	return EXIT_DONE;
}

int
cmd_top(const struct said *said)
{
	struct top top = {.watch = {.every_s = 1, .left = -1}};
	int status = take_words(said, &top);
	struct conf conf;

	if (status != EXIT_DONE || cli_load(said->file, &conf, &status) == -1)
		return status;
	top.watch.screen = !top.json && isatty(STDOUT_FILENO);
	if (look_open(&top.look, &conf) == -1)
		status = cli_no_memory();
	else
		status = run(&top);
	look_close(&top.look);
	conf_free(&conf);
	return status;
}
