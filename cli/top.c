/*
 * `lodge top`: what moves now. The rates are the kernel's own, so they are there for everybody and whether or not
 * lodge-acct runs; what is billed is the ledger's, and follows within a second or two.
 */
#include "base/log.h"
#include "base/sys.h"
#include "cli/cli.h"
#include "cli/look.h"
#include "cli/screen.h"
#include "ledger/when.h"

#include <errno.h>
#include <ev.h>
#include <jansson.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum {
	TOP_VERSION = 1,
	DELAY_MAX_S = 3600,
	COUNT_MAX = 1000000000,
	SIGNALS = 7,
};

struct top {
	struct look look;
	bool json, screen;
	double delay_s;
	long left; /* intervals; -1: until told to stop */
	int status, fatal_signal;
	struct ev_loop *loop;
	ev_timer tick;
	ev_io key;
	ev_signal signals[SIGNALS];
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
	struct table table = {0};
	char *text = NULL;
	size_t len, rows, columns;
	FILE *to = open_memstream(&text, &len);

	screen_size(&rows, &columns);
	movers_sort(top->look.movers, top->look.conf->n_guests);
	/* The heading, the sum and two lines below the table, the last one without an end. */
	if (to && movers_table(&table, top->look.movers, top->look.conf->n_guests, top->look.seconds,
		      rows > 6 ? rows - 4 : 2) == 0) {
		table_print(&table, to);
		fprintf(
		    to, "\n%s%sq ends", top->look.ledger ? "" : top->look.why, top->look.ledger ? "" : " · ");
	}
	table_free(&table);
	if (to && fclose(to) == 0)
		screen_draw(text, len);
	free(text);
}

/* --- events ------------------------------------------------------------------------------------------------- */

static void
end(struct top *top, int status)
{
	top->status = status;
	ev_break(top->loop, EVBREAK_ALL);
}

static void
on_tick(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct top *top = timer->data;

	(void)loop, (void)events;
	if (look_again(&top->look) == -1) {
		screen_close();
		end(top, cli_fail(EXIT_SYSTEM, NETDEV ": %s", strerror(errno)));
		return;
	}
	(top->screen ? draw : print_lines)(top);
	if (ferror(stdout))
		end(top, EXIT_SYSTEM);
	else if (top->left > 0 && --top->left == 0)
		end(top, EXIT_DONE);
}

static void
on_key(struct ev_loop *loop, ev_io *io, int events)
{
	struct top *top = io->data;
	char keys[64];
	ssize_t n = read(STDIN_FILENO, keys, sizeof(keys));

	(void)events;
	if (n == 0 || (n == -1 && errno != EAGAIN && errno != EINTR))
		ev_io_stop(loop, io);
	else if (n > 0 && (memchr(keys, 'q', (size_t)n) || memchr(keys, 'Q', (size_t)n)))
		end(top, EXIT_DONE);
}

/* Whoever is stopped gives the screen back and takes it again. */
static void
on_stop(struct top *top)
{
	screen_close();
	raise(SIGSTOP);
	screen_open();
	draw(top);
}

static void
on_signal(struct ev_loop *loop, ev_signal *watcher, int events)
{
	struct top *top = watcher->data;

	(void)loop, (void)events;
	if (watcher->signum == SIGWINCH) {
		draw(top);
	} else if (watcher->signum == SIGTSTP) {
		on_stop(top);
	} else if (watcher->signum == SIGCONT) {
		screen_again();
		draw(top);
	} else {
		top->fatal_signal = watcher->signum == SIGINT ? 0 : watcher->signum;
		end(top, EXIT_DONE);
	}
}

static void
watch(struct top *top)
{
	static const int signals[SIGNALS] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGWINCH, SIGCONT};

	for (int i = 0; i < SIGNALS; i++) {
		ev_signal_init(&top->signals[i], on_signal, signals[i]);
		top->signals[i].data = top;
		ev_signal_start(top->loop, &top->signals[i]);
	}
	ev_io_init(&top->key, on_key, STDIN_FILENO, EV_READ);
	top->key.data = top;
	if (isatty(STDIN_FILENO))
		ev_io_start(top->loop, &top->key);
}

static int
run(struct top *top)
{
	top->loop = ev_default_loop(0);
	if (!top->loop)
		return cli_fail(EXIT_SYSTEM, "cannot wait for events: %s", strerror(errno));
	if (look_again(&top->look) == -1)
		return cli_fail(EXIT_SYSTEM, NETDEV ": %s", strerror(errno));
	if (!look_any(&top->look))
		return cli_fail(EXIT_NOT_RUNNING, "no guest's tap is there; start lodge up");
	if (top->screen) {
		watch(top);
		if (screen_open() == -1)
			return cli_fail(EXIT_SYSTEM, "the terminal does not obey: %s", strerror(errno));
		screen_draw("", 0);
	} else if (!top->look.ledger) {
		log_warn("%s; going on without what is billed", top->look.why);
	}
	ev_timer_init(&top->tick, on_tick, top->delay_s, top->delay_s);
	top->tick.data = top;
	ev_timer_start(top->loop, &top->tick);
	ev_run(top->loop, 0);
	screen_close();
	if (top->fatal_signal) {
		signal(top->fatal_signal, SIG_DFL);
		raise(top->fatal_signal);
	}
	return top->status;
}

/* --- the command -------------------------------------------------------------------------------------------- */

static int
take_words(int argc, char **argv, struct top *top)
{
	char *rest;

	for (int i = 1; i < argc; i++) {
		bool more = i + 1 < argc;

		if (strcmp(argv[i], "-j") == 0 || strcmp(argv[i], "--json") == 0) {
			top->json = true;
		} else if (strcmp(argv[i], "-n") == 0 && more) {
			top->left = strtol(argv[++i], &rest, 10);
			if (*rest || !*argv[i] || top->left < 1 || top->left > COUNT_MAX)
				return cli_fail(EXIT_INPUT, "-n takes how often, from 1, not «%s»", argv[i]);
		} else if (strcmp(argv[i], "-d") == 0 && more) {
			top->delay_s = strtod(argv[++i], &rest);
			if (*rest || !*argv[i] || !(top->delay_s >= 0.1 && top->delay_s <= DELAY_MAX_S))
				return cli_fail(
				    EXIT_INPUT, "-d takes seconds from 0.1 to 3600, not «%s»", argv[i]);
		} else {
			return cli_fail(
			    EXIT_INPUT, "top takes -j, -n COUNT and -d SECONDS, not «%s»", argv[i]);
		}
	}
	return EXIT_DONE;
}

int
cmd_top(const char *file, int argc, char **argv)
{
	struct top top = {.delay_s = 1, .left = -1};
	int status = take_words(argc, argv, &top);
	struct conf conf;

	if (status != EXIT_DONE || cli_load(file, &conf, &status) == -1)
		return status;
	top.screen = !top.json && isatty(STDOUT_FILENO);
	if (look_open(&top.look, &conf) == -1)
		status = cli_fail(EXIT_SYSTEM, "out of memory");
	else
		status = run(&top);
	look_close(&top.look);
	conf_free(&conf);
	return status;
}
