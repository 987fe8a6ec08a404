/* lodge-proxy: routes TCP and QUIC on the shared ports by Host and SNI. */
#include "base/ctl.h"
#include "base/log.h"
#include "base/sys.h"
#include "conf/page.h"
#include "proxy/rights.h"
#include "proxy/status.h"
#include "proxy/upgrade.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <unistd.h>

static const char usage[] = "usage: lodge-proxy [-c FILE] [-n] [-d]\n"
			    "  -c FILE  the configuration (default " SYS_CONF_FILE ")\n"
			    "  -n       check it, print what was understood, and end\n"
			    "  -d       debug\n"
			    "  -h, -V   this help; the version\n";

enum {
	OTHER_FILES = 128, /* descriptors that are no connection's: doors, logs, the loop's own */
	FLOWS_SHARE = 8, /* this part of the descriptors is for UDP, one a flow; a connection needs two */
};

struct proxy {
	struct ev_loop *loop;
	const char *file;
	struct conf conf;
	struct listeners listeners;
	struct share *share;
	int share_fd;
	size_t sessions, flows; /* that the memory in common has room for */
	struct seats seats;
	unsigned slots[SHARE_WORKERS_MAX];
	struct handover had; /* from the supervisor before */
	struct workers_plan plan;
	struct workers *workers;
	struct ctl *ctl;
	double since; /* Unix seconds: when this program, of an upgrade the new one, began */
	unsigned reloads, refused_reloads;
	bool draining;
};

static void
load(struct proxy *p, bool check_only)
{
	struct conf_errors errors = {0};
	int result = conf_load(p->file, &p->conf, &errors);
	int status = conf_report(&errors, stderr);

	conf_errors_free(&errors);
	if (result == -1)
		exit(status ? status : EXIT_INPUT);
	if (!check_only && page_add(&p->conf) == -1)
		fatal("out of memory");
	if (!check_only)
		return;
	conf_print(&p->conf, stdout);
	exit(EXIT_DONE);
}

/* One worker for every core we may use. */
static unsigned
count_workers(const struct conf *conf)
{
	cpu_set_t cpus;
	int n = (int)conf->proxy.workers;

	if (n == 0)
		n = sched_getaffinity(0, sizeof(cpus), &cpus) == 0 ? CPU_COUNT(&cpus) : 1;
	return n < SHARE_WORKERS_MAX ? (unsigned)n : SHARE_WORKERS_MAX;
}

/* How many descriptors are there for connections and flows, beside what splicing needs. */
static size_t
plan_files(void)
{
	size_t files = sys_raise_files(), pipes = files / 16;

	if (files < OTHER_FILES * 2)
		fatal("%zu open files are too few; raise the limit (ulimit -n, LimitNOFILE=)", files);
	pipes = pipes < PIPES_MAX ? pipes : PIPES_MAX;
	pipe_limit(pipes);
	return files - OTHER_FILES - pipes * 2;
}

static bool reload(void *arg, bool only_try, char *why, size_t room);

static json_t *
on_ask(void *arg, const char *word)
{
	struct proxy *p = arg;

	if (strcmp(word, "status") != 0)
		return ctl_answer_reload(word, reload, p);
	return status_json(
	    &p->conf, p->share, &p->seats, p->workers, p->since, p->reloads, p->refused_reloads);
}

static void
open_control(struct proxy *p, struct ev_loop *loop)
{
	char *path = conf_run_path(&p->conf, "proxy.sock");

	if (!path)
		fatal("out of memory");
	if (access(p->conf.run, F_OK) == -1 && sys_mkdir(p->conf.run, 0755, geteuid(), getegid()) == -1)
		fatal("%s: %s; make it, or set run: in %s", p->conf.run, strerror(errno), p->file);
	p->ctl = ctl_open(loop, path, geteuid(), getegid(), on_ask, p);
	if (!p->ctl)
		fatal("%s: %s%s", path, strerror(errno),
		    errno == EADDRINUSE ? "; a lodge-proxy runs already" : "");
	free(path);
}

static void
adopt_share(struct proxy *p)
{
	p->sessions = p->had.sessions;
	p->flows = p->had.flows;
	p->share = share_adopt(p->sessions, p->flows, p->had.share, &p->seats);
	p->share_fd = p->had.share;
	if (p->share && fcntl(p->share_fd, F_SETFD, FD_CLOEXEC) == 0)
		return;
	log_warn("this version counts otherwise: it begins at nothing, and old workers' connections do not "
		 "count");
	close(p->had.share);
	p->share = NULL;
}

/*
 * The memory in common. There is room for flows of UDP in it also when the file names no port for them, for the file
 * of the next program may.
 */
static void
open_share(struct proxy *p)
{
	size_t files = plan_files(), flows = files / FLOWS_SHARE;

	if (p->had.share != -1)
		adopt_share(p);
	if (!p->share) {
		p->sessions = files / 2;
		p->flows = flows;
		p->share = share_open(p->sessions, p->flows, &p->share_fd);
	}
	if (!p->share)
		fatal("memory in common: %s", strerror(errno));
	flows = p->conf.proxy.n_quic ? flows : 0;
	share_bound(p->share, (files - flows) / 2, flows);
}

/* In it, slots for the new workers beside those that old ones have. */
static unsigned
take_slots(struct proxy *p, unsigned workers)
{
	bool taken[SHARE_SLOTS] = {0};
	unsigned n = 0;

	for (size_t i = 0; i < p->had.n_workers; i++)
		taken[p->had.workers[i].slot] = true;
	for (unsigned i = 0; i < SHARE_SLOTS && n < workers; i++)
		if (!taken[i])
			p->slots[n++] = i;
	return n;
}

static void
open_doors(struct proxy *p)
{
	struct doors_plan plan = {&p->conf, p->slots, p->plan.n_slots, p->had.listen, p->had.n_listen};
	uint16_t port;

	if (listen_open(&plan, &p->listeners, &port) == -1)
		fatal("port %d: %s%s", port, strerror(errno),
		    errno == EADDRINUSE ? "; `ss -ltnp` shows who has it"
		    : errno == EACCES	? "; ports below 1024 need root or CAP_NET_BIND_SERVICE"
		    : errno == EINVAL ? "; a socket was passed that does not listen, or whose port is not in "
					"proxy.http, .tls or .quic"
				      : "");
	if (p->listeners.n == 0)
		fatal_input(
		    "%s: proxy.http, .tls and .quic are all empty; there is nothing to listen on", p->file);
}

static void
take(struct proxy *p, struct ev_loop *loop)
{
	/* First, so that a second one of us does not take connections before it finds out. */
	open_control(p, loop);
	open_share(p);
	p->plan.n_slots = take_slots(p, count_workers(&p->conf));
	open_doors(p);
}

static bool
same_ports(const uint16_t *a, size_t n_a, const uint16_t *b, size_t n_b)
{
	return n_a == n_b && (n_a == 0 || memcmp(a, b, n_a * sizeof(*a)) == 0);
}

/* What a running proxy cannot change any more. */
static void
warn_fixed(const struct conf *have, const struct conf *want)
{
	const struct proxy_conf *a = &have->proxy, *b = &want->proxy;

	if (!same_ports(a->http, a->n_http, b->http, b->n_http) ||
	    !same_ports(a->tls, a->n_tls, b->tls, b->n_tls) ||
	    !same_ports(a->quic, a->n_quic, b->quic, b->n_quic))
		log_warn("the ports in proxy.http, .tls and .quic changed: send SIGUSR2 to listen on them");
	if (a->workers != b->workers || strcmp(have->user, want->user) != 0)
		log_warn("proxy.workers or user changed: send SIGUSR2 for that");
	if (!rights_wanted(have) && rights_wanted(want))
		log_warn(
		    "client-address: transparent is new: send SIGUSR2 for that, until then guests see the "
		    "host's address");
}

static bool
read_again(const struct proxy *p, struct conf *conf, char *why, size_t room)
{
	struct conf_errors errors = {0};
	bool good = conf_load(p->file, conf, &errors) == 0;

	if (!good)
		conf_first_error(&errors, why, room);
	conf_errors_free(&errors);
	if (!good)
		conf_free(conf);
	return good;
}

static bool
reload(void *arg, bool only_try, char *why, size_t room)
{
	struct proxy *p = arg;
	struct conf conf = {0}, old = p->conf;
	size_t guests;

	if (!read_again(p, &conf, why, room)) {
		p->refused_reloads += !only_try;
		return false;
	}
	guests = conf.n_guests;
	if (only_try) {
		conf_free(&conf);
		return true;
	}
	p->conf = conf;
	if (page_add(&p->conf) == -1 || workers_reload(p->workers) == -1) {
		snprintf(why, room, "%s; the old rules stay", strerror(errno));
		conf_free(&p->conf);
		p->conf = old;
		return false;
	}
	warn_fixed(&old, &p->conf);
	conf_free(&old);
	p->reloads++;
	log_info("reloaded: %zu guests", guests);
	return true;
}

static void
on_reload(void *p)
{
	ctl_reload_now(reload, p);
}

static void
on_ready(void)
{
	sys_notify("READY=1");
	log_debug("ready");
}

/*
 * A worker that was started a moment ago may still hold a copy of the control socket: left in place, it would look
 * to the new program like another one that runs.
 */
static void
go(struct proxy *p, const struct handover *h)
{
	int saved;

	ctl_close(p->ctl);
	upgrade_go(h);
	saved = errno;
	open_control(p, p->loop);
	errno = saved;
}

/* Everything that is open goes along; on success this does not return. */
static void
on_fit(void *arg)
{
	struct proxy *p = arg;
	struct handover_worker workers[SHARE_SLOTS];
	struct handover h = {.pid = getpid(),
	    .share = p->share_fd,
	    .sessions = p->sessions,
	    .flows = p->flows,
	    .workers = workers};

	if (p->draining)
		return;
	h.n_workers = workers_list(p->workers, workers);
	h.n_listen = p->listeners.n;
	h.listen = calloc(h.n_listen, sizeof(*h.listen));
	for (size_t i = 0; h.listen && i < h.n_listen; i++) {
		const struct listener *l = &p->listeners.list[i];

		h.listen[i] = (struct handover_listen){l->fd, l->door, l->port, l->passed};
	}
	errno = ENOMEM;
	if (h.n_workers + SHARE_WORKERS_MAX > SHARE_SLOTS)
		errno = EAGAIN; /* too many still drain */
	else if (h.listen)
		go(p, &h);
	log_error("upgrade failed: %s; all is as before", strerror(errno));
	free(h.listen);
}

static void
on_upgrade(struct ev_loop *loop, ev_signal *w, int events)
{
	struct proxy *p = w->data;

	(void)events;
	if (!p->draining)
		upgrade_ask(loop, p->file, on_fit, p);
}

static void
on_drained(void *loop)
{
	sys_stop(loop);
}

static void
on_drain(struct ev_loop *loop, ev_signal *w, int events)
{
	struct proxy *p = w->data;

	(void)events;
	if (p->draining)
		return;
	p->draining = true;
	sys_notify("STOPPING=1");
	log_info("draining: %llu connections are open", (unsigned long long)share_open_count(p->share));
	listen_finish(&p->listeners);
	listen_close(&p->listeners);
	workers_drain(p->workers, on_drained, loop);
}

static void
start(struct proxy *p, struct ev_loop *loop)
{
	p->plan.conf = &p->conf;
	p->plan.share = p->share;
	p->plan.seats = &p->seats;
	p->plan.listeners = &p->listeners;
	p->plan.slots = p->slots;
	p->plan.old = p->had.workers;
	p->plan.n_old = p->had.n_workers;
	p->plan.on_ready = on_ready;
	p->workers = workers_start(loop, &p->plan);
	if (!p->workers)
		fatal("workers: %s", strerror(errno));
	if (p->had.n_workers)
		log_info("lodge " LODGE_VERSION " took over: %zu workers drain once the new ones accept",
		    p->had.n_workers);
}

int
main(int argc, char **argv)
{
	struct sys_options options;
	struct ev_loop *loop;
	ev_signal upgrade, drain;
	static struct proxy p = {.had.share = -1};

	upgrade_learn(argv);
	options = sys_options(argc, argv, "", usage);
	log_open("lodge-proxy", options.debug);
	if (options.first != argc)
		fatal_input("%s: not an option; lodge-proxy -h lists them", argv[options.first]);
	p.file = options.file;
	load(&p, options.check);
	log_no_wait();
	upgrade_receive(&p.had);
	p.loop = loop = ev_default_loop(0); /* not before: what was handed over may all be closed */
	p.since = ev_time();
	take(&p, loop);
	rights_drop(&p.conf, &p.plan);
	p.share->transparent = rights_try(&p.conf); /* NOLINT: take() has made it */
	start(&p, loop);
	ev_signal_init(&upgrade, on_upgrade, SIGUSR2);
	ev_signal_init(&drain, on_drain, SIGQUIT);
	upgrade.data = drain.data = &p;
	ev_signal_start(loop, &upgrade);
	ev_signal_start(loop, &drain);
	upgrade_hear();
	sys_run(loop, on_reload, &p);
	sys_notify("STOPPING=1");
	workers_stop(p.workers);
	ctl_close(p.ctl);
	conf_free(&p.conf);
	return EXIT_DONE;
}
