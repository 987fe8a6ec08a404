/*
 * `lodge up`: the supervisor for hosts without systemd. Redis, lodge-natd, missing images one by one, then the
 * guests, lodge-proxy and lodge-acct together. On the way down: guests and proxy, natd and what it made, acct
 * (which has by then seen the last number of every tap), Redis; nothing is left behind.
 */
#include "base/ctl.h"
#include "base/log.h"
#include "base/sys.h"
#include "cli/cli.h"
#include "cli/job.h"
#include "cli/rundir.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

/* Ranks on the way up; images take IMAGE and what follows, one each. */
enum { UP_REDIS, UP_NATD, UP_IMAGE, UP_REST = UP_IMAGE + CONF_GUESTS_MAX };
enum { GUEST_SPARE_S = 25 };
enum { DOWN_GUEST, DOWN_NATD, DOWN_REMOVE, DOWN_ACCT, DOWN_REDIS };

struct up {
	struct jobs jobs;
	struct conf conf;
	const char *file;
	char *config; /* its absolute path: what the children are given */
	ev_signal term, intr, hup;
	struct ctl *ctl;
	struct conf *next; /* a reload that waits for removed guests to end */
	bool again; /* and another SIGHUP came meanwhile */
};

static char *
program(const char *name)
{
	static char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s%s", sys_bindir(), name);
	return path;
}

static struct job *
add(struct up *up, const char *name, struct order order, const char *const argv[])
{
	struct job *job = job_add(&up->jobs, name, order, argv);

	if (!job)
		fatal("no room for %s: more than %d programs", name, JOBS_MAX);
	return job;
}

static struct job *
add_daemon(struct up *up, const char *name, int rank, int stop_rank)
{
	struct order order = {.rank = rank, .stop_rank = stop_rank};
	const char *argv[] = {program(name), "-c", up->config, NULL};
	struct job *job = add(up, name, order, argv);

	job->vital = true;
	return job;
}

/* Nothing else waits for the page, nor ends with it. */
static void
add_web(struct up *up)
{
	struct order order = {.rank = UP_REST, .stop_rank = DOWN_GUEST};
	const char *argv[] = {program("lodge-web"), "-c", up->config, NULL};

	add(up, "lodge-web", order, argv);
}

/* redis-server of our own: a socket in a folder of the daemons' user, every second on disk, no port. */
static void
add_redis(struct up *up)
{
	struct order order = {.rank = UP_REDIS, .stop_rank = DOWN_REDIS};
	char *dir = conf_state_path(&up->conf, "redis"), *run = strdup(up->conf.redis->path);
	const char *argv[] = {"redis-server", "--port", "0", "--unixsocket", up->conf.redis->path,
	    "--unixsocketperm", "700", "--dir", dir, "--appendonly", "yes", "--appendfsync", "everysec",
	    "--save", "", "--supervised", "systemd", "--daemonize", "no", "--logfile", "redis.log", NULL};
	unsigned uid = 0, gid = 0;
	struct job *job;

	if (!dir || !run)
		fatal("out of memory");
	*strrchr(run, '/') = '\0';
	if (sys_account(up->conf.user, &uid, &gid) == -1)
		fatal_input("user %s: no such account; name one with `user:` in %s", up->conf.user, up->file);
	if (sys_mkdir(dir, 0700, uid, gid) == -1)
		fatal("%s: %s", dir, strerror(errno));
	if (sys_mkdir(run, 0700, uid, gid) == -1)
		fatal("%s: %s", run, strerror(errno));
	job = add(up, "redis", order, argv);
	job->uid = uid;
	job->gid = gid;
	job->vital = true;
	free(dir);
	free(run);
}

/* Behind the images that are still to be made. */
static int
next_image_rank(const struct jobs *jobs)
{
	int rank = UP_IMAGE;

	for (size_t i = 0; i < jobs->n; i++) {
		const struct order *order = &jobs->order[i];

		if (order->once && !order->at_stop && order->state != JOB_OVER && order->rank >= rank)
			rank = order->rank + 1;
	}
	return rank < UP_REST ? rank : UP_REST - 1;
}

static void
add_image(struct up *up, const struct guest *guest)
{
	struct order order = {.rank = next_image_rank(&up->jobs), .stop_rank = DOWN_GUEST, .once = true};
	const char *argv[] = {program("lodge-guest"), "-c", up->config, "-i", guest->name, NULL};
	char name[64];

	snprintf(name, sizeof(name), "image %s", guest->name);
	add(up, name, order, argv);
}

static void
add_guest(struct up *up, const struct guest *guest)
{
	struct order order = {.rank = UP_REST, .stop_rank = DOWN_GUEST};
	const char *run[] = {program("lodge-guest"), "-c", up->config, guest->name, NULL};
	const char *wait[] = {program("lodge-guest"), "-c", up->config, "-w", guest->name, NULL};
	char name[64];

	snprintf(name, sizeof(name), "guest %s", guest->name);
	/* A launcher's own patience with its guest, and then some. */
	add(up, name, order, guest->autostart ? run : wait)->patience_s =
	    guest->grace_ms / 1000 + GUEST_SPARE_S;
}

/*
 * The guest's launcher, which waits for `lodge guest start` without autostart, and before it the making of an
 * image that is not there and has a recipe.
 */
static void
add_guests(struct up *up, const struct conf *conf)
{
	for (size_t i = 0; i < conf->n_guests; i++) {
		const struct guest *guest = &conf->guests[i];
		char *image = conf_state_path(conf, guest->disk.image), name[64];

		if (!image)
			fatal("out of memory");
		snprintf(name, sizeof(name), "guest %s", guest->name);
		if (!job_find(&up->jobs, name)) {
			if (guest->disk.from && access(image, F_OK) == -1)
				add_image(up, guest);
			add_guest(up, guest);
		}
		free(image);
	}
}

static void
add_all(struct up *up)
{
	struct order remove = {.rank = UP_REST, .stop_rank = DOWN_REMOVE, .once = true, .at_stop = true};
	const char *argv[] = {program("lodge-natd"), "-c", up->config, "-x", NULL};

	if (up->conf.redis->kind == REDIS_PRIVATE)
		add_redis(up);
	add_daemon(up, "lodge-natd", UP_NATD, DOWN_NATD);
	add(up, "lodge-natd -x", remove, argv);
	add_guests(up, &up->conf);
	add_daemon(up, "lodge-proxy", UP_REST, DOWN_GUEST);
	add_daemon(up, "lodge-acct", UP_REST, DOWN_ACCT);
	if (ip_is_set(&up->conf.web.listen.ip))
		add_web(up);
}

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

static bool reload_begin(struct up *, char *why, size_t room);

static void
reload_or_say(struct up *up)
{
	char why[512];

	if (!reload_begin(up, why, sizeof(why)))
		log_error("reload refused: %s", why);
}

/* The file may have a page now, or none any more. */
static void
turn_web(struct up *up)
{
	struct job *job = job_find(&up->jobs, "lodge-web");
	bool wanted = ip_is_set(&up->conf.web.listen.ip);

	if (wanted && !job)
		add_web(up);
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
	add_guests(up, &up->conf);
	log_info("reloaded: %zu guest%s", up->conf.n_guests, up->conf.n_guests == 1 ? "" : "s");
	jobs_advance(&up->jobs);
	if (up->again)
		reload_or_say(up);
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

/* False: it is refused, and why. */
static bool
reload_begin(struct up *up, char *why, size_t room)
{
	struct conf *next = calloc(1, sizeof(*next));
	struct conf_errors errors = {0};
	const char *fixed = NULL;

	up->again = false;
	if (!next)
		snprintf(why, room, "out of memory");
	else if (conf_load(up->file, next, &errors) == -1)
		conf_first_error(&errors, why, room);
	else if ((fixed = fixed_key(&up->conf, next)))
		snprintf(why, room, "%s: changed; end lodge up and start it again for that", fixed);
	else
		up->next = next;
	conf_errors_free(&errors);
	if (up->next) {
		if (!leaving(up))
			reload_finish(up);
		return true;
	}
	if (next)
		conf_free(next);
	free(next);
	return false;
}

/* What `lodge apply` asks: to reload, and whether guests that the file no longer names are still ending. */
static json_t *
on_ask(void *arg, const char *word)
{
	struct up *up = arg;
	char why[512];

	if (strcmp(word, "status") == 0)
		return json_pack("{s:s, s:i, s:b}", "name", "lodge up", "pid", (int)getpid(), "reloading",
		    up->next != NULL);
	if (strcmp(word, "reload") != 0)
		return NULL;
	if (up->jobs.stopping)
		return json_pack("{s:s}", "error", "it is going down");
	up->again = up->next != NULL;
	if (!up->again && !reload_begin(up, why, sizeof(why))) {
		log_error("reload refused: %s", why);
		return json_pack("{s:s}", "error", why);
	}
	return json_pack("{s:s}", "done", "reload");
}

static void
on_hup(struct ev_loop *loop, ev_signal *w, int events)
{
	struct up *up = w->data;

	(void)loop, (void)events;
	if (up->jobs.stopping)
		return;
	up->again = up->next != NULL;
	if (!up->again)
		reload_or_say(up);
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
		fatal("%s: %s", up->conf.state, strerror(errno));
	rundir_take(&up->conf);
	notify = conf_run_path(&up->conf, "up.notify");
	if (!notify || jobs_open(&up->jobs, EV_DEFAULT, notify) == -1)
		fatal("%s: %s", notify ? notify : up->conf.run, strerror(errno));
	free(notify);
	path = conf_run_path(&up->conf, "up.sock");
	up->ctl = path ? ctl_open(EV_DEFAULT, path, 0, 0, on_ask, up) : NULL;
	if (!up->ctl)
		fatal("%s: %s", path ? path : up->conf.run, strerror(errno));
	free(path);
	up->jobs.arg = up;
	up->jobs.on_up = on_up;
	up->jobs.on_over = on_over;
}

int
cmd_up(const char *file, int argc, char **argv)
{
	static struct up up;
	int status;

	if (argc > 1)
		return cli_fail(
		    EXIT_INPUT, "up takes no «%s»; the file is named by lodge -c FILE up", argv[1]);
	if (cli_load(file, &up.conf, &status) == -1)
		return status;
	up.file = file;
	up.config = realpath(file, NULL);
	if (!up.config)
		fatal("%s: %s", file, strerror(errno));
	signal(SIGPIPE, SIG_IGN); /* who reads our words may go first */
	/* Before anything is made: a signal that comes from here on waits for the loop, which takes all down. */
	signal_start(&up, &up.term, SIGTERM, on_stop);
	signal_start(&up, &up.intr, SIGINT, on_stop);
	signal_start(&up, &up.hup, SIGHUP, on_hup);
	prepare(&up);
	add_all(&up);
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
