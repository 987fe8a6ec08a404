/* Which programs `lodge up` runs for a file, with what words, and in whose turn; see up.h. */
#include "base/log.h"
#include "base/remedy.h"
#include "base/sys.h"
#include "cli/up.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Ranks on the way up; images take IMAGE and what follows, one each. */
enum { UP_REDIS, UP_NATD, UP_IMAGE, UP_REST = UP_IMAGE + CONF_GUESTS_MAX };
enum { GUEST_SPARE_S = 25 };
enum { DOWN_GUEST, DOWN_NATD, DOWN_REMOVE, DOWN_ACCT, DOWN_REDIS };

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
		fatal("no room for %s: more than %d programs; take guests out of the file", name, JOBS_MAX);
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

void
up_add_web(struct up *up)
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
		fatal("%s", remedy(ENOMEM, NULL));
	*strrchr(run, '/') = '\0';
	if (sys_account(up->conf.user, &uid, &gid) == -1)
		fatal_input("user %s: no such account; name one with `user:` in %s", up->conf.user, up->file);
	if (sys_mkdir(dir, 0700, uid, gid) == -1)
		fatal("%s: %s", dir, remedy(errno, dir));
	if (sys_mkdir(run, 0700, uid, gid) == -1)
		fatal("%s: %s", run, remedy(errno, run));
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

void
up_add_guests(struct up *up)
{
	const struct conf *conf = &up->conf;

	for (size_t i = 0; i < conf->n_guests; i++) {
		const struct guest *guest = &conf->guests[i];
		char *image = conf_state_path(conf, guest->disk.image), name[64];

		if (!image)
			fatal("%s", remedy(ENOMEM, NULL));
		snprintf(name, sizeof(name), "guest %s", guest->name);
		if (!job_find(&up->jobs, name)) {
			if (guest->disk.from && access(image, F_OK) == -1)
				add_image(up, guest);
			add_guest(up, guest);
		}
		free(image);
	}
}

void
up_add_all(struct up *up)
{
	struct order remove = {.rank = UP_REST, .stop_rank = DOWN_REMOVE, .once = true, .at_stop = true};
	const char *argv[] = {program("lodge-natd"), "-c", up->config, "-x", NULL};

	if (up->conf.redis->kind == REDIS_PRIVATE)
		add_redis(up);
	add_daemon(up, "lodge-natd", UP_NATD, DOWN_NATD);
	add(up, "lodge-natd -x", remove, argv);
	up_add_guests(up);
	add_daemon(up, "lodge-proxy", UP_REST, DOWN_GUEST);
	add_daemon(up, "lodge-acct", UP_REST, DOWN_ACCT);
	if (ip_is_set(&up->conf.web.listen.ip))
		up_add_web(up);
}
