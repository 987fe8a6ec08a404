/* `lodge guest status NAME`: what the guest's launcher says of it, in words or as JSON. */
#include "base/log.h"
#include "base/sys.h"
#include "cli/cli.h"
#include "cli/goal.h"
#include "cli/guest.h"
#include "base/table.h"

#include <string.h>
#include <time.h>

enum {
	STATUS_VERSION = 1,
	SHOWN = 512,
};

static long long
number_of(const json_t *status, const char *key)
{
	return (long long)json_integer_value(json_object_get(status, key));
}

/* The guest's kernel runs. */
static bool
runs(const json_t *status)
{
	return json_object_get(status, "guest_pid") != NULL;
}

/* A line of two columns; nothing of a text that is empty. What a tenant wrote is made harmless. */
static void
line(const char *what, const char *text)
{
	char shown[SHOWN];

	log_printable(text, shown, sizeof(shown));
	if (*shown)
		printf("  %-9s %s\n", what, shown);
}

static void
print_running(const json_t *status)
{
	char text[SHOWN];

	snprintf(text, sizeof(text), "%s, uid %lld, process %lld on cpu %lld, %lld MiB",
	    guest_text(status, "kernel"), number_of(status, "uid"), number_of(status, "guest_pid"),
	    number_of(status, "cpu"), number_of(status, "memory") >> 20);
	line("kernel", text);
	snprintf(text, sizeof(text), "%s on %s", guest_text(status, "address"), guest_text(status, "tap"));
	line("network", text);
	line("limits", guest_text(status, "limits"));
	line("answers", json_is_true(json_object_get(status, "console_answers"))
			    ? "its management console does"
			    : "its management console does not");
}

static void
print(const json_t *status, const char *name)
{
	int64_t now = (int64_t)time(NULL), since = number_of(status, "since");
	char text[SHOWN];

	printf("%s: %s for %s\n", name, guest_text(status, "state"),
	    span_print(since < now ? (uint64_t)(now - since) : 0, text));
	line("why", guest_text(status, "why"));
	if (runs(status))
		print_running(status);
	snprintf(text, sizeof(text), "%lld, of them %lld after a crash", number_of(status, "starts"),
	    number_of(status, "crashes"));
	line("starts", text);
	line("last end", guest_text(status, "last_end"));
}

/* 0 while its kernel runs; else whose fault it is that it does not, or that it is at rest. */
static int
exit_of(const json_t *status)
{
	int fault = goal_fault(guest_text(status, "fault"));

	if (runs(status))
		return EXIT_DONE;
	return fault ? fault : EXIT_NOT_RUNNING;
}

static int
ask(const struct conf *conf, const char *name, bool json)
{
	int status;
	json_t *answer = guest_ask(conf, name, "status", &status);

	if (!answer)
		return status;
	status = exit_of(answer);
	if (json) {
		json_object_set_new(answer, "version", json_integer(STATUS_VERSION));
		json_dumpf(answer, stdout, JSON_INDENT(2));
		putchar('\n');
	} else {
		print(answer, name);
	}
	json_decref(answer);
	return status;
}

int
guest_status(const char *file, int argc, char **argv)
{
	bool json = false;
	const char *name = guest_operand(argc, argv, "-j", "--json", &json);
	struct conf conf;
	int status;

	if (!name)
		return guest_usage(argv[0]);
	if (!guest_load(file, name, &conf, &status))
		return status;
	status = ask(&conf, name, json);
	conf_free(&conf);
	return status;
}
