/*
 * `lodge doctor`: what this host can and cannot do, by trying. Each daemon tries what it needs itself (-t), with its own
 * code and rights; what is nobody else's is tried here: the file, Redis, the proxy's doors.
 */
#include "base/append.h"
#include "base/finding.h"
#include "base/sys.h"
#include "cli/cli.h"
#include "cli/next.h"
#include "cli/program.h"
#include "ledger/ledger.h"

#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ANSWER_BYTES = 64 << 10, ANSWER_MS = 2000 };

/* What PROGRAM -tj prints, into room; -1: it cannot be run. */
static ssize_t
ask(const char *program, const char *file, char *room)
{
	char path[PATH_MAX];
	int fds[2];
	size_t n = 0;
	ssize_t got;
	pid_t pid;

	snprintf(path, sizeof(path), "%s%s", sys_bindir(), program);
	if (access(path, X_OK) == -1 || pipe(fds) == -1)
		return -1;
	pid = fork();
	if (pid == 0) {
		dup2(fds[1], STDOUT_FILENO);
		close(fds[0]);
		close(fds[1]);
		execl(path, program, "-c", file, "-tj", (char *)NULL);
		_exit(127);
	}
	close(fds[1]);
	while (pid != -1 && n < ANSWER_BYTES && (got = read(fds[0], room + n, ANSWER_BYTES - n)) != 0) {
		if (got == -1 && errno != EINTR)
			break;
		n += got > 0 ? (size_t)got : 0;
	}
	close(fds[0]);
	if (pid == -1 || (waitpid(pid, NULL, 0) == -1 && errno == ECHILD))
		return -1;
	return (ssize_t)n;
}

static void
try_program(const char *program, const char *file, struct findings *f)
{
	static char room[ANSWER_BYTES];
	ssize_t n = ask(program, file, room);

	if (n == -1)
		findings_add(f, FOUND_BROKEN, program + strlen("lodge-"),
		    "install lodge anew, all of it in one place", "%s%s cannot be run: %s", sys_bindir(),
		    program, strerror(errno));
	else if (findings_merge(f, room, (size_t)n) == -1)
		findings_add(f, FOUND_BROKEN, program + strlen("lodge-"), "look at its own words above",
		    "%s -t did not tell", program);
}

/* In *conf what the file says; where it cannot be used, what an empty one would. The file to hand on; NULL: none. */
static const char *
try_file(const char *file, struct conf *conf, struct findings *f)
{
	struct conf_errors errors;
	bool exists = access(file, F_OK) == 0 || errno != ENOENT;
	int result = conf_load_any(file, conf, &errors);
	size_t fatal = errors.n_fatal, warnings = errors.n - errors.n_fatal;
	char first[512];

	conf_first_error(&errors, first, sizeof(first));
	conf_errors_free(&errors);
	if (!exists) {
		findings_add(f, FOUND_DEGRADED, "file",
		    "lodge init writes a first one, after a look at this host",
		    "%s does not exist; what follows is for an empty one", file);
		return file;
	}
	if (result == 0) {
		findings_add(f, FOUND_OK, "file", NULL, "%s: %zu guest%s, %zu warning%s", file,
		    conf->n_guests, conf->n_guests == 1 ? "" : "s", warnings, warnings == 1 ? "" : "s");
		return file;
	}
	findings_add(f, FOUND_BROKEN, "file",
	    "lodge check shows all mistakes; what follows is for an empty one", "%s (%zu mistake%s)",
	    first[0] ? first : file, fatal, fatal == 1 ? "" : "s");
	conf_load_any("", conf, &errors);
	conf_errors_free(&errors);
	return "";
}

static bool
on_path(const char *program)
{
	const char *path = getenv("PATH");
	char all[PATH_MAX], full[2 * PATH_MAX], *rest = all, *dir;

	snprintf(all, sizeof(all), "%s:/usr/sbin:/usr/bin", path ? path : "");
	while ((dir = strsep(&rest, ":")) != NULL) {
		snprintf(full, sizeof(full), "%s/%s", dir, program);
		if (*dir && access(full, X_OK) == 0)
			return true;
	}
	return false;
}

static void
try_redis(const struct conf *conf, struct findings *f)
{
	const struct redis_conf *redis = conf->redis; /* one at least; the first is the one we start */
	char where[PATH_MAX], why[512] = "";
	struct ledger *ledger = ledger_open(conf, why, sizeof(why));
	struct names names = {0};
	bool answers = ledger && ledger_guests(ledger, &names) != -1;

	if (redis->kind == REDIS_TCP)
		snprintf(where, sizeof(where), "%s port %u", redis->host, redis->port);
	else
		snprintf(where, sizeof(where), "%s", redis->path);
	if (answers)
		findings_add(f, FOUND_OK, "redis", NULL, "answers at %s%s", where,
		    conf->n_redis > 1 ? ", or one of the others" : "");
	else if (redis->kind != REDIS_PRIVATE || access(redis->path, F_OK) == 0)
		findings_add(f, FOUND_BROKEN, "redis", "start it there, or mend `redis:` of the file",
		    "no bill is written: %s", ledger ? ledger_why(ledger) : why);
	else if (on_path("redis-server"))
		findings_add(f, FOUND_OK, "redis", NULL, "private, not running now: %s starts redis-server",
		    next_command(next_by_units(conf)));
	else
		findings_add(f, FOUND_BROKEN, "redis",
		    "apt-get install redis-server, or set `redis:` to one elsewhere",
		    "no bill is written: redis: private, and there is no redis-server");
	names_free(&names);
	ledger_close(ledger);
}

/* Does somebody hold this port? */
static int
try_port(int type, uint16_t port)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
	int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0), on = 1, error = 0;

	if (fd == -1)
		return errno;
	if (type == SOCK_STREAM)
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) == -1 ||
	    (type == SOCK_STREAM && listen(fd, 1) == -1))
		error = errno;
	close(fd);
	return error;
}

static void
add_held(char *text, size_t room, const uint16_t *ports, size_t n, int type)
{
	for (size_t i = 0; i < n; i++)
		if (try_port(type, ports[i]) == EADDRINUSE)
			text_append(text, room, "%s%u%s", *text ? ", " : "", ports[i],
			    type == SOCK_DGRAM ? "/udp" : "");
}

static void
try_doors(const struct conf *conf, struct findings *f)
{
	const struct proxy_conf *p = &conf->proxy;
	char held[128] = "";

	if (program_answers(conf, "proxy", ANSWER_MS)) {
		findings_add(f, FOUND_OK, "doors", NULL, "lodge-proxy holds them");
		return;
	}
	add_held(held, sizeof(held), p->http, p->n_http, SOCK_STREAM);
	add_held(held, sizeof(held), p->tls, p->n_tls, SOCK_STREAM);
	add_held(held, sizeof(held), p->quic, p->n_quic, SOCK_DGRAM);
	if (held[0])
		findings_add(f, FOUND_BROKEN, "doors",
		    "stop what holds them (ss -lnp names it), or give `proxy:` other ports",
		    "lodge-proxy cannot listen: taken: %s", held);
	else
		findings_add(f, FOUND_OK, "doors", NULL, "the proxy's ports are free");
}

int
cmd_doctor(const struct said *said)
{
	const char *file;
	struct findings findings;
	struct conf conf;

	if (geteuid() != 0)
		return cli_fail(EXIT_PERMISSION, "doctor tries what only root may; run it as root");
	findings_begin(&findings, stdout, said_has(said, "--json"));
	file = try_file(said->file, &conf, &findings);
	try_doors(&conf, &findings);
	try_redis(&conf, &findings);
	conf_free(&conf);
	try_program("lodge-natd", file, &findings);
	try_program("lodge-acct", file, &findings);
	try_program("lodge-guest", file, &findings);
	return findings_end(&findings);
}
