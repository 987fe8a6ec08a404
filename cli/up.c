/*
 * `lodge up`: the supervisor for hosts without systemd. Redis, lodge-natd, missing images one by one, then the
 * guests, lodge-proxy and lodge-acct together. On the way down: guests and proxy, natd and what it made, acct
 * (which has by then seen the last number of every tap), Redis; nothing is left behind.
 */
#include "base/ctl.h"
#include "base/log.h"
#include "base/remedy.h"
#include "base/sys.h"
#include "cli/cli.h"
#include "cli/rundir.h"
#include "cli/up.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

static void
on_up(struct jobs *jobs)
{
	struct up *up = jobs->arg;
	size_t ready = 0;

	for (size_t i = 0; i < jobs->n; i++)
		ready += jobs->order[i].state == JOB_READY && strncmp(jobs->list[i]->name, "guest ", 6) == 0;
	log_info("up: %zu of %zu guests; lodge status shows them, Ctrl-C takes everything down", ready,
	    up->conf.n_guests);
	sys_notify("READY=1");
}

/* Guests of the old file that the new one does not name are ended first, then everybody reads the new file. */
static bool
leaving(struct up *up)
{
	static const char *const kinds[] = {"guest", "image"};
	bool some = false;

	for (size_t i = 0; i < up->conf.n_guests; i++) {
		if (conf_guest(up->next, up->conf.guests[i].name))
			continue;
		for (size_t k = 0; k < 2; k++) {
			char name[64];
			struct job *job;

			snprintf(name, sizeof(name), "%s %s", kinds[k], up->conf.guests[i].name);
			job = job_find(&up->jobs, name);
			if (job && !job_end(job))
				some = true;
		}
	}
	return some;
}

static bool reload(void *arg, bool only_try, char *why, size_t room);

/* The file may have a page now, or none any more. */
static void
turn_web(struct up *up)
{
	struct job *job = job_find(&up->jobs, "lodge-web");
	bool wanted = ip_is_set(&up->conf.web.listen.ip);

	if (wanted && !job)
		up_add_web(up);
	else if (!wanted && job)
		job_end(job);
}

static void
reload_finish(struct up *up)
{
	conf_free(&up->conf);
	up->conf = *up->next;
	free(up->next);
	up->next = NULL;
	turn_web(up);
	for (size_t i = 0; i < up->jobs.n; i++)
		if (!up->jobs.order[i].once && strcmp(up->jobs.list[i]->name, "redis") != 0)
			job_reload(up->jobs.list[i]);
	up_add_guests(up);
	log_info("reloaded: %zu guest%s", up->conf.n_guests, up->conf.n_guests == 1 ? "" : "s");
	jobs_advance(&up->jobs);
	if (up->again)
		ctl_reload_now(reload, up);
}

static void
on_over(struct jobs *jobs)
{
	struct up *up = jobs->arg;

	if (up->next && !jobs->stopping && !leaving(up))
		reload_finish(up);
}

/* What cannot change under those that run, or NULL. */
static const char *
fixed_key(const struct conf *have, const struct conf *want)
{
	if (strcmp(have->run, want->run) != 0)
		return "run";
	if (strcmp(have->state, want->state) != 0)
		return "state";
	if ((have->redis->kind == REDIS_PRIVATE) != (want->redis->kind == REDIS_PRIVATE))
		return "redis";
	return NULL;
}

/* NULL: why. */
static struct conf *
read_again(const struct up *up, char *why, size_t room)
{
	struct conf *next = calloc(1, sizeof(*next));
	struct conf_errors errors = {0};
	const char *fixed = NULL;

	if (!next)
		snprintf(why, room, "out of memory");
	else if (conf_load(up->file, next, &errors) == -1)
		conf_first_error(&errors, why, room);
	else if ((fixed = fixed_key(&up->conf, next)))
		snprintf(why, room, "%s: changed; end lodge up and start it again for that", fixed);
	else
		return next;
	conf_errors_free(&errors);
	if (next)
		conf_free(next);
	free(next);
	return NULL;
}

/* While guests of the last reload are leaving, the next one waits for them. */
static bool
reload(void *arg, bool only_try, char *why, size_t room)
{
	struct up *up = arg;
	struct conf *next;

	if (up->jobs.stopping) {
		snprintf(why, room, "it is going down; try again when lodge up runs again");
		return false;
	}
	next = read_again(up, why, room);
	if (!next)
		return false;
	if (only_try || up->next) {
		up->again |= !only_try;
		conf_free(next);
		free(next);
		return true;
	}
	up->again = false;
	up->next = next;
	if (!leaving(up))
		reload_finish(up);
	return true;
}

/* What `lodge apply` and `lodge renew` ask: to reload or renew, and whether that is still going on. */
static json_t *
on_ask(void *arg, const char *word)
{
	struct up *up = arg;

	if (strcmp(word, "status") == 0)
		return json_pack("{s:s, s:i, s:b, s:b}", "name", "lodge up", "pid", (int)getpid(),
		    "reloading", up->next != NULL, "renewing", up_renewing(up));
	if (strcmp(word, "renew") != 0)
		return ctl_answer_reload(word, reload, up);
	if (up->jobs.stopping)
		return json_pack("{s:s}", "error", "it is going down; try again when lodge up runs again");
	up_renew(up);
	return json_pack("{s:s}", "done", "renew");
}

static void
on_hup(struct ev_loop *loop, ev_signal *w, int events)
{
	(void)loop, (void)events;
	ctl_reload_now(reload, w->data);
}

static void
on_stop(struct ev_loop *loop, ev_signal *w, int events)
{
	struct up *up = w->data;

	(void)loop, (void)events;
	if (!up->jobs.stopping)
		log_info("going down (once more to hurry)");
	sys_notify("STOPPING=1");
	jobs_stop(&up->jobs, EXIT_DONE);
}

static void
signal_start(struct up *up, ev_signal *w, int number, void (*callback)(struct ev_loop *, ev_signal *, int))
{
	ev_signal_init(w, callback, number);
	w->data = up;
	ev_signal_start(EV_DEFAULT, w);
}

static void
prepare(struct up *up)
{
	char *notify, *path;

	if (geteuid() != 0)
		exit(cli_fail(EXIT_PERMISSION, "up makes devices, routes and jails: run it as root"));
	if (sys_mkdir(up->conf.state, 0755, 0, 0) == -1)
		fatal("%s: %s", up->conf.state, remedy(errno, up->conf.state));
	rundir_take(&up->conf);
	notify = conf_run_path(&up->conf, "up.notify");
	if (!notify || jobs_open(&up->jobs, EV_DEFAULT, notify) == -1)
		fatal("%s: %s", notify ? notify : up->conf.run, remedy(errno, notify));
	free(notify);
	path = conf_run_path(&up->conf, "up.sock");
	up->ctl = path ? ctl_open(EV_DEFAULT, path, 0, 0, on_ask, up) : NULL;
	if (!up->ctl)
		fatal("%s: %s", path ? path : up->conf.run, remedy(errno, path));
	free(path);
	up->jobs.arg = up;
	up->jobs.on_up = on_up;
	up->jobs.on_over = on_over;
}

int
cmd_up(const struct said *said)
{
	static struct up up;
	int status;

	if (cli_load(said->file, &up.conf, &status) == -1)
		return status;
	up.file = said->file;
	up.config = realpath(up.file, NULL);
	if (!up.config)
		fatal("%s: %s", up.file, remedy(errno, up.file));
	signal(SIGPIPE, SIG_IGN); /* who reads our words may go first */
	/* Before anything is made: a signal that comes from here on waits for the loop, which takes all down. */
	signal_start(&up, &up.term, SIGTERM, on_stop);
	signal_start(&up, &up.intr, SIGINT, on_stop);
	signal_start(&up, &up.hup, SIGHUP, on_hup);
	prepare(&up);
	up_add_all(&up);
	jobs_advance(&up.jobs);
	ev_run(up.jobs.loop, 0);
	status = up.jobs.status;
	jobs_close(&up.jobs);
	ctl_close(up.ctl);
	rundir_sweep(&up.conf);
	conf_free(&up.conf);
	free(up.config);
	log_info("down");
	return status;
}
