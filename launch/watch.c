/* Watches one guest: what comes from outside; see watch.h. */
#include "launch/watch.h"
#include "launch/act.h"
#include "launch/host.h"
#include "launch/words.h"
#include "base/ctl.h"
#include "base/log.h"
#include "base/sys.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

static json_t *
status(const struct watch *w)
{
	pid_t writer;
	unsigned clients = console_clients(w->console, &writer);
	const struct words words = {
	    .name = w->name,
	    .state = guest_state_name(w->state),
	    .why = w->why,
	    .fault = guest_fault_name(w->fault),
	    .last_end = w->last_end,
	    .limits = w->limits,
	    .guest = conf_guest(w->conf, w->name),
	    .launch = &w->launch,
	    .since = w->since,
	    .starts = w->starts,
	    .crashes = w->crashes,
	    .failures = w->failures,
	    .guest_pid = w->child.pid,
	    .memory_bytes = w->memory_bytes,
	    .cpu = w->cpu,
	    .console_clients = clients,
	    .console_writer = writer,
	    .said = w->health ? health_said(w->health) : "",
	    .held = w->pause && pause_holds(w->pause),
	    .console_answers = w->health && health_console_answers(w->health),
	};

	return words_status(&words);
}

static json_t *
on_word(void *arg, const char *word)
{
	static const struct {
		const char *word;
		enum guest_event event;
	} words[] = {
	    {"start", EVENT_START},
	    {"stop", EVENT_STOP},
	    {"restart", EVENT_RESTART},
	    {"kill", EVENT_KILL},
	};
	struct watch *w = arg;

	if (strcmp(word, "console") == 0)
		return words_console(w->name, console_text(w->console));
	if (strcmp(word, "status") == 0)
		return status(w);
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		if (strcmp(word, words[i].word) != 0)
			continue;
		log_info("%s: told to %s", w->name, word);
		w->failures = 0;
		w->fault = FAULT_NONE;
		act_step(w, words[i].event);
		return status(w);
	}
	return NULL;
}

void
watch_start(struct watch *w)
{
	act_step(w, EVENT_START);
}

void
watch_end(struct watch *w)
{
	act_step(w, EVENT_END);
}

bool
watch_ended(const struct watch *w)
{
	return w->state == GUEST_ENDED;
}

void
watch_reload(void *arg)
{
	struct watch *w = arg;
	struct conf *fresh = calloc(1, sizeof(*fresh));
	struct conf_errors errors = {0};
	char first[512];

	if (!fresh)
		return;
	if (conf_load(w->conf->files[0], fresh, &errors) == -1) {
		log_error("reload refused: %s", conf_first_error(&errors, first, sizeof(first)));
		conf_free(fresh);
		free(fresh);
	} else {
		if (!conf_guest(fresh, w->name))
			log_warn(
			    "%s is no longer in %s; it runs until it is stopped", w->name, fresh->files[0]);
		conf_free(w->conf);
		free(w->conf);
		w->conf = fresh;
		log_info("reloaded; what changed for %s holds from its next start", w->name);
	}
	conf_errors_free(&errors);
}

/* The guest's folder in RUN, made if it is not there; only root may look, and lock, where those of all guests lie. */
static int
make_folder(const struct conf *conf, const char *name, char **path)
{
	char *guests = conf_run_path(conf, "guests");
	int result = -1;

	*path = conf_run_path(conf, "guests/%s", name);
	if (guests && *path && sys_mkdir(guests, 0700, 0, 0) == 0)
		result = sys_mkdir(*path, 0700, 0, 0);
	free(guests);
	return result;
}

struct watch *
watch_open(struct ev_loop *loop, struct conf *conf, const char *name, char **failed)
{
	struct watch *w = calloc(1, sizeof(*w));
	char *console;

	*failed = NULL;
	if (!w)
		return NULL;
	w->loop = loop;
	w->conf = conf;
	w->since = time(NULL);
	w->cpu = w->image_fd = -1;
	strcpy(w->name, name);
	ev_timer_init(&w->late, act_on_late, 1, 0);
	ev_child_init(&w->child, act_on_child, 0, 0);
	w->child.pid = 0;
	w->late.data = w->child.data = w;

	if (make_folder(conf, name, &w->folder) == -1) {
		*failed = w->folder;
		free(w);
		return NULL;
	}
	*failed = conf_run_path(conf, "guest-%s.sock", name);
	w->ctl = *failed ? ctl_open(loop, *failed, 0, 0, on_word, w) : NULL;
	if (!w->ctl) {
		free(w->folder);
		free(w);
		return NULL;
	}
	free(*failed);
	*failed = console = conf_run_path(conf, "guests/%s/console.sock", name);
	w->console = console ? console_open(loop, console) : NULL;
	if (!w->console) {
		watch_close(w);
		return NULL;
	}
	free(*failed);
	*failed = conf_run_path(conf, "guests/%s/pause.sock", name);
	w->pause = *failed ? pause_open(loop, *failed, w->name, w->console) : NULL;
	if (!w->pause) {
		watch_close(w);
		return NULL;
	}
	free(*failed);
	*failed = NULL;
	return w;
}

void
watch_close(struct watch *w)
{
	int saved = errno;

	pause_close(w->pause);
	console_close(w->console);
	ctl_close(w->ctl);
	host_leave_cpu(w->folder);
	rmdir(w->folder);
	free(w->folder);
	conf_free(w->conf);
	free(w->conf);
	free(w);
	errno = saved;
}
