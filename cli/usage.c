/* `lodge usage [NAME]`: what each guest moved and is billed, by the ledger alone. */
#include "ledger/usage.h"
#include "base/sys.h"
#include "cli/cli.h"
#include "cli/next.h"
#include "cli/usage_acct.h"
#include "conf/zone.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

/* --- the command line --------------------------------------------------------------------------------------- */

struct order {
	struct asked asked;
	bool json, csv;
};

static void
take_by(const char *word, enum by *out)
{
	for (enum by by = BY_HOUR; word && by <= BY_MONTH; by++)
		if (strcmp(word, by_word(by)) == 0)
			*out = by;
}

/* The values of options; what is wrong is told. */
static int
take_values(const struct said *said, zone_of *zone, struct asked *out)
{
	const char *month = said_value(said, "--month"), *day;
	const struct {
		const char *option;
		int64_t *value;
	} days[] = {{"--from", &out->from}, {"--to", &out->to}};

	take_by(said_value(said, "--by"), &out->by);
	if (month && when_month(span_str(month), &out->month) == -1)
		return cli_fail(EXIT_INPUT, "--month takes a month like 2026-11, not «%s»", month);
	for (size_t i = 0; i < 2; i++) {
		day = said_value(said, days[i].option);
		if (day && when_day(span_str(day), zone, days[i].value) == -1)
			return cli_fail(
			    EXIT_INPUT, "%s takes a day like 2026-11-22, not «%s»", days[i].option, day);
	}
	return EXIT_DONE;
}

static int
take_words(const struct said *said, zone_of *zone, struct order *order)
{
	struct asked *out = &order->asked;
	int status;

	*order = (struct order){.asked = {.month = -1, .from = -1, .to = -1}};
	order->json = said_has(said, "--json");
	order->csv = said_has(said, "--csv");
	out->name = said->n_operands ? said->operands[0] : NULL;
	status = take_values(said, zone, out);
	if (status != EXIT_DONE)
		return status;
	if (order->json && order->csv)
		return cli_fail(EXIT_INPUT, "-j and --csv exclude each other; choose one");
	if (!out->name && (out->by != BY_NOTHING || out->from != -1 || out->to != -1))
		return cli_fail(
		    EXIT_INPUT, "--by, --from and --to take a guest's name, like lodge usage alice --by day");
	if (out->month != -1 && (out->from != -1 || out->to != -1))
		return cli_fail(EXIT_INPUT, "--month stands alone, without --from and --to");
	if (out->from != -1 && out->to != -1 && out->to < out->from)
		return cli_fail(EXIT_INPUT, "--to is before --from; both days are in");
	return EXIT_DONE;
}

/* --- the command ------------------------------------------------------------------------------------------ */

static int
print(const struct usage *u, const struct order *order)
{
	if (order->json) {
		json_t *json = usage_json(u);

		json_object_set_new(json, "source", json_string("redis"));
		return cli_json(EXIT_DONE, json);
	} else if (order->csv) {
		usage_csv(u, stdout);
	} else if (usage_show(u, stdout) == -1) {
		return cli_no_memory();
	}
	return EXIT_DONE;
}

static size_t
terminal_width(void)
{
	struct winsize size = {0};

	return isatty(STDOUT_FILENO) && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

/* An error is told, and the exit status returned. */
static int
open_ledger(const struct conf *conf, struct ledger **out)
{
	const struct redis_conf *redis = conf->redis;
	char why[256];

	*out = ledger_open(conf, why, sizeof(why));
	if (*out)
		return EXIT_DONE;
	if (conf->n_redis == 1 && redis->kind != REDIS_TCP && access(redis->path, R_OK | W_OK) == -1 &&
	    errno == EACCES)
		return cli_fail(EXIT_PERMISSION, "%s: not yours to ask; try as root", redis->path);
	if (redis->kind == REDIS_PRIVATE)
		return cli_fail(EXIT_NOT_RUNNING, "%s %s starts it", why, next_command(next_by_units(conf)));
	return cli_fail(EXIT_NOT_RUNNING, "%s redis: in the file says where to ask", why);
}

/* The file's zone, for showing times only. */
static zone_of *
zone_of_file(const struct conf *conf)
{
	if (strcmp(conf->time_zone, "UTC") == 0)
		return zone_utc;
	zone_enter(conf);
	return zone_offset;
}

/* Where the ledger does not answer; CSV, which cannot say whose word it is, has the ledger's alone. */
static bool
show_acct(const struct conf *conf, const struct order *order, struct usage *out)
{
	return !order->csv && usage_acct(conf, &order->asked, order->json, out);
}

/* The exit status; what is wrong is told. */
static int
read_ledger(struct ledger *ledger, const struct conf *conf, const struct order *order, struct usage *out)
{
	const struct asked *asked = &order->asked;
	const char *why;
	bool shown;

	switch (usage_read(ledger, conf, asked, out)) {
	case USAGE_READ:
		return EXIT_DONE;
	case USAGE_NO_GUEST:
		cli_guest(conf, asked->name);
		return EXIT_NO_GUEST;
	case USAGE_FAILED:
		break;
	}
	/* What the ledger said last, or nothing did, and it was the memory. */
	why = ledger_why(ledger);
	shown = *why && !ledger_spoilt(ledger) && show_acct(conf, order, out);
	return cli_fail(shown ? EXIT_NOT_RUNNING : EXIT_SYSTEM,
	    "%s; lodge-keys(7) says what the keys hold, redis-cli shows them", *why ? why : "out of memory");
}

int
cmd_usage(const struct said *said)
{
	struct usage usage = {.now = (int64_t)time(NULL), .width = terminal_width()};
	struct order order;
	struct conf conf;
	struct ledger *ledger = NULL;
	int status;

	if (cli_load(said->file, &conf, &status) == -1)
		return status;
	usage.zone = zone_of_file(&conf);
	usage.zone_name = conf.time_zone;
	status = take_words(said, usage.zone, &order);
	if (status == EXIT_DONE)
		status = open_ledger(&conf, &ledger);
	if (status == EXIT_NOT_RUNNING)
		show_acct(&conf, &order, &usage);
	if (status == EXIT_DONE)
		status = read_ledger(ledger, &conf, &order, &usage);
	ledger_close(ledger);
	signal(SIGPIPE, SIG_DFL); /* which the ledger ignored: whoever reads may have seen enough */
	if (status == EXIT_DONE)
		status = print(&usage, &order);
	usage_free(&usage);
	conf_free(&conf);
	return status;
}
