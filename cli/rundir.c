/* The run directory of `lodge up`; see rundir.h. */
#include "cli/rundir.h"
#include "base/ctl.h"
#include "base/log.h"
#include "base/remedy.h"
#include "base/sys.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

enum { ANSWER_MS = 1000, ORPHAN_SECONDS = 60 };

/* One of ours that outlived its supervisor: the program behind a control socket lies beside us. */
static void
end_orphan(const char *path)
{
	json_t *answer = ctl_ask(path, "status", ANSWER_MS);
	pid_t pid = answer ? (pid_t)json_integer_value(json_object_get(answer, "pid")) : 0;
	char exe[64], target[PATH_MAX];
	ssize_t n;

	json_decref(answer);
	if (pid <= 1)
		return;
	snprintf(exe, sizeof(exe), "/proc/%d/exe", pid);
	n = readlink(exe, target, sizeof(target) - 1);
	if (n <= 0 || strncmp(target, sys_bindir(), strlen(sys_bindir())) != 0)
		fatal("%s: somebody else answers there; stop it, or name another `run:`", path);
	log_warn("%s: process %d outlived its supervisor, ending it", path, pid);
	kill(pid, SIGTERM);
	for (int i = 0; i < ORPHAN_SECONDS * 10 && kill(pid, 0) == 0; i++)
		usleep(100 * 1000);
}

static void
end_orphans(const struct conf *conf)
{
	static const char *const daemons[] = {"web", "proxy", "acct", "natd"};
	char *path;

	for (size_t i = 0; i < conf->n_guests; i++) {
		path = conf_run_path(conf, "guest-%s.sock", conf->guests[i].name);
		if (path)
			end_orphan(path);
		free(path);
	}
	for (size_t i = 0; i < 4; i++) {
		path = conf_run_path(conf, "%s.sock", daemons[i]);
		if (path)
			end_orphan(path);
		free(path);
	}
}

/* A private Redis of an earlier lodge up ends by itself; two on one append-only file would spoil it. */
static void
await_redis(const struct conf *conf)
{
	if (conf->redis->kind != REDIS_PRIVATE)
		return;
	for (int i = 0; i < ORPHAN_SECONDS * 10; i++) {
		json_t *answer = ctl_ask(conf->redis->path, "PING", ANSWER_MS);

		json_decref(answer);
		if (!answer && (ctl_is_down(errno) || errno == ENOTDIR))
			return;
		usleep(100 * 1000);
	}
	fatal("%s: a redis-server that is not ours answers there; stop it, or name another `run:`",
	    conf->redis->path);
}

/* One `lodge up` a run directory: the lock goes with the process, however it ends. */
static void
take_lock(const struct conf *conf)
{
	char *path = conf_run_path(conf, "up.lock");
	int fd = path ? open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600) : -1;

	if (fd == -1)
		fatal("%s: %s", path ? path : conf->run, remedy(errno, path ? path : conf->run));
	if (flock(fd, LOCK_EX | LOCK_NB) == -1)
		fatal("another lodge up runs with %s; lodge status shows it", conf->run);
	free(path);
}

/* A folder of a launcher's own files, as it leaves them when it is killed. */
static void
folder_remove(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *entry;

	while (dir && (entry = readdir(dir)))
		unlinkat(dirfd(dir), entry->d_name, 0);
	if (dir)
		closedir(dir);
	rmdir(path);
}

static void
sweep_guest(const struct conf *conf, const char *name)
{
	char *socket = conf_run_path(conf, "guest-%s.sock", name);
	char *folder = conf_run_path(conf, "guests/%s", name);

	if (socket)
		unlink(socket);
	if (folder)
		folder_remove(folder);
	free(socket);
	free(folder);
}

/* What a launcher left that was killed, and whose guest the file no longer has. */
static void
sweep_gone(const struct conf *conf)
{
	DIR *dir = opendir(conf->run);
	struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		char name[CONF_GUEST_NAME_MAX + 1], *path;
		json_t *answer;
		int end = 0;

		if (sscanf(entry->d_name, "guest-%32[a-z0-9-].sock%n", name, &end) != 1 || end == 0 ||
		    entry->d_name[end] || conf_guest(conf, name))
			continue;
		path = conf_run_path(conf, "%s", entry->d_name);
		answer = path ? ctl_ask(path, "status", ANSWER_MS) : NULL;
		if (path && !answer && errno == ECONNREFUSED)
			sweep_guest(conf, name);
		json_decref(answer);
		free(path);
	}
	if (dir)
		closedir(dir);
}

void
rundir_take(const struct conf *conf)
{
	if (sys_mkdir(conf->run, 0755, 0, 0) == -1)
		fatal("%s: %s", conf->run, remedy(errno, conf->run));
	take_lock(conf);
	end_orphans(conf);
	sweep_gone(conf);
	await_redis(conf);
}

void
rundir_sweep(const struct conf *conf)
{
	static const char *const names[] = {
	    "redis/redis.sock", "proxy.sock", "acct.sock", "natd.sock", "web.sock", "up.sock", "up.lock"};
	static const char *const folders[] = {"redis", "guests"};
	char *path;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		path = conf_run_path(conf, "%s", names[i]);
		if (path)
			unlink(path);
		free(path);
	}
	for (size_t i = 0; i < conf->n_guests; i++)
		sweep_guest(conf, conf->guests[i].name);
	for (size_t i = 0; i < 2; i++) {
		path = conf_run_path(conf, "%s", folders[i]);
		if (path)
			rmdir(path);
		free(path);
	}
	rmdir(conf->run);
}
