/* `lodge guest start|stop|restart|kill NAME`: tells the guest's launcher, and waits until it is so. */
#include "base/log.h"
#include "base/sys.h"
#include "base/tool.h"
#include "cli/cli.h"
#include "cli/goal.h"
#include "cli/guest.h"

#include <string.h>
#include <unistd.h>

enum {
	LOOK_MS = 100,
	PATIENCE_S = 900, /* more than any guest's time to boot and to stop */
	LINE = 256,
};

/* One person waiting. */
struct wait {
	const char *name;
	enum goal goal;
	bool terminal;
	double since;
	char shown[LINE]; /* the last line, or "" */
};

static struct seen
seen_of(const json_t *status)
{
	return (struct seen){
	    .state = guest_text(status, "state"),
	    .fault = guest_text(status, "fault"),
	    .starts = (unsigned long)json_integer_value(json_object_get(status, "starts")),
	    .crashes = (unsigned long)json_integer_value(json_object_get(status, "crashes")),
	};
}

static void
clear(struct wait *w)
{
	if (w->terminal && w->shown[0])
		fputs("\r\033[K", stderr);
	w->shown[0] = '\0';
}

/* On a terminal one line that counts the seconds; elsewhere a line for each change. */
static void
show(struct wait *w, const json_t *status)
{
	const char *state = guest_text(status, "state"), *why = guest_text(status, "why");
	char line[LINE], text[LINE];

	if (strcmp(state, "backoff") == 0)
		snprintf(line, sizeof(line), "%s: waiting: %s", w->name, why);
	else
		snprintf(line, sizeof(line), "%s: %s", w->name, state);
	if (w->terminal) {
		log_printable(line, text, sizeof(text));
		fprintf(stderr, "\r\033[K%.100s … %.0f s", text, sys_seconds() - w->since);
		fflush(stderr);
	} else if (strcmp(line, w->shown) != 0) {
		log_info("%s", line);
	}
	strcpy(w->shown, line);
}

static int
reached(struct wait *w, const json_t *status)
{
	const char *last = guest_text(status, "last_end");

	clear(w);
	if (w->goal != GOAL_STOPPED)
		log_info("%s is up (%.1f s)", w->name, sys_seconds() - w->since);
	else if (*last)
		log_info("%s is stopped (%.1f s): %s", w->name, sys_seconds() - w->since, last);
	else
		log_info("%s is stopped", w->name);
	return EXIT_DONE;
}

static int
missed(struct wait *w, const json_t *status, bool late)
{
	const char *state = guest_text(status, "state"), *why = guest_text(status, "why");
	int fault = goal_fault(guest_text(status, "fault"));

	clear(w);
	if (late)
		return cli_fail(fault ? fault : EXIT_SYSTEM,
		    "%s is still %s%s%s; lodge console %s shows what it does", w->name, state,
		    *why ? ": " : "", why, w->name);
	if (w->goal == GOAL_STOPPED)
		return cli_fail(EXIT_SYSTEM, "%s is %s: somebody else told it so; lodge status %s", w->name,
		    state, w->name);
	if (strcmp(state, "stopping") == 0 || strcmp(state, "ending") == 0)
		return cli_fail(EXIT_SYSTEM, "%s is %s: somebody else told it so; lodge status %s", w->name,
		    state, w->name);
	if (strcmp(state, "stopped") == 0)
		return cli_fail(fault ? fault : EXIT_SYSTEM,
		    "%s is stopped: %s; lodge console %s has its last words", w->name, why, w->name);
	return cli_fail(fault ? fault : EXIT_SYSTEM, "%s: %s%s", w->name, why,
	    strcmp(state, "failed") == 0 ? "" : "; it is tried again by itself");
}

static int
wait_for(struct wait *w, const struct conf *conf, json_t *before, json_t *now)
{
	struct seen then = seen_of(before);
	int status = EXIT_DONE;

	for (;;) {
		struct seen seen = seen_of(now);
		enum reached how = goal_reached(w->goal, &then, &seen);
		bool late = sys_seconds() - w->since > PATIENCE_S;

		if (how == GOAL_REACHED || how == GOAL_MISSED || late) {
			status = how == GOAL_REACHED ? reached(w, now) : missed(w, now, how == GOAL_WAIT);
			break;
		}
		show(w, now);
		json_decref(now);
		usleep(LOOK_MS * 1000);
		if (tool_interrupted()) {
			clear(w);
			return cli_fail(EXIT_SYSTEM,
			    "interrupted while waiting for %s; it goes on: lodge status %s", w->name,
			    w->name);
		}
		now = guest_ask(conf, w->name, "status", &status);
		if (!now)
			return status;
	}
	json_decref(now);
	return status;
}

static enum goal
goal_of(const char *word)
{
	if (strcmp(word, "start") == 0)
		return GOAL_UP;
	return strcmp(word, "restart") == 0 ? GOAL_UP_AGAIN : GOAL_STOPPED;
}

int
guest_tell(const struct conf *conf, const char *word, const char *name, enum guest_wait wait)
{
	struct wait w = {.name = name,
	    .goal = goal_of(word),
	    .terminal = isatty(STDERR_FILENO) == 1,
	    .since = sys_seconds()};
	int status;
	json_t *before = guest_ask(conf, name, "status", &status), *now;

	if (!before)
		return status;
	now = guest_ask(conf, name, word, &status);
	if (now && wait == WAIT_HEARING)
		tool_interruptible(true);
	if (now && wait != WAIT_NOT)
		status = wait_for(&w, conf, before, now);
	else
		json_decref(now);
	json_decref(before);
	return status;
}

int
guest_power(const struct said *said)
{
	struct conf conf;
	int status;

	if (!guest_load(said, &conf, &status))
		return status;
	status = guest_tell(
	    &conf, guest_word(said), said->operands[0], said_has(said, "--no-wait") ? WAIT_NOT : WAIT);
	conf_free(&conf);
	return status;
}
