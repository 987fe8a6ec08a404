/* lodge-web: shows what every guest moved, to the owner and to the tenants. */
#include "base/bpf.h"
#include "base/ctl.h"
#include "base/log.h"
#include "base/sys.h"
#include "web/confine.h"
#include "web/serve.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const char usage[] =
    "usage: lodge-web [-ndhV] [-c FILE]\n"
    "shows what every guest moved: pages, JSON, CSV and metrics, read from Redis alone\n"
    "  -c FILE  the configuration (" SYS_CONF_FILE ")\n"
    "  -n       check it and print what was understood\n"
    "  -d       log more\n";

enum { BACKLOG = 128 };

struct web {
	const char *file;
	struct conf *conf;
	struct serve *serve;
};

static int
print_plan(const struct conf *conf)
{
	const struct web_conf *w = &conf->web;
	char listen[ADDR_TEXT];

	if (!ip_is_set(&w->listen.ip)) {
		puts("no page: the file has no web");
		return EXIT_DONE;
	}
	printf("listen %s\n", addr_print(&w->listen, listen));
	printf("name %s\n", w->name ? w->name : "-");
	printf("certificate %s key %s\n", w->cert ? w->cert : "-", w->key ? w->key : "-");
	printf("links %s/web/links\n", conf->state);
	for (size_t i = 0; i < conf->n_guests; i++) {
		char ip[IP_TEXT];

		printf("%s from %s\n", conf->guests[i].name, ip_print(&conf->guests[i].address, ip));
	}
	return EXIT_DONE;
}

static bool
is_same(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

/* What holds for the life of a process. */
static bool
is_reloadable(const struct conf *a, const struct conf *b)
{
	return ip_cmp(&a->web.listen.ip, &b->web.listen.ip) == 0 &&
	       a->web.listen.port == b->web.listen.port && !a->web.cert == !b->web.cert &&
	       is_same(a->run, b->run) && is_same(a->user, b->user);
}

/* NULL: why. */
static struct conf *
read_again(const struct web *web, char *why, size_t room)
{
	struct conf *fresh = calloc(1, sizeof(*fresh));
	struct conf_errors errors = {0};

	if (!fresh)
		snprintf(why, room, "out of memory");
	else if (conf_load(web->file, fresh, &errors) == -1)
		conf_first_error(&errors, why, room);
	else if (is_reloadable(fresh, web->conf))
		return fresh;
	else
		snprintf(why, room,
		    "listen, whether there is a cert, run and user hold for the life of a process; "
		    "restart lodge-web");
	conf_errors_free(&errors);
	if (fresh)
		conf_free(fresh);
	free(fresh);
	return NULL;
}

static bool
reload(void *arg, bool only_try, char *why, size_t room)
{
	struct web *web = arg;
	struct conf *fresh = read_again(web, why, room), *old = web->conf;

	if (!fresh)
		return false;
	if (only_try) {
		conf_free(fresh);
		free(fresh);
		return true;
	}
	web->conf = fresh;
	serve_reload(web->serve, fresh, old);
	log_info("reloaded: %zu guests", fresh->n_guests);
	return true;
}

static void
on_reload(void *web)
{
	ctl_reload_now(reload, web);
}

static json_t *
on_ask(void *arg, const char *word)
{
	struct web *web = arg;

	if (strcmp(word, "status") == 0)
		return serve_status(web->serve);
	return ctl_answer_reload(word, reload, web);
}

/* Whom to become: conf.user where we are root; else who we are. */
static void
account_of(const struct conf *conf, unsigned *uid, unsigned *gid)
{
	*uid = geteuid();
	*gid = getegid();
	if (*uid == 0 && sys_account(conf->user, uid, gid) == -1)
		fatal_input("no account %s: adduser --system --group %s, or name another with user:",
		    conf->user, conf->user);
}

static int
open_listener(const struct conf *conf)
{
	char text[ADDR_TEXT];
	int fd = sys_listen(&conf->web.listen, false, BACKLOG);

	if (fd == -1)
		fatal("%s: %s%s", addr_print(&conf->web.listen, text), strerror(errno),
		    errno == EADDRINUSE	     ? "; `ss -ltnp` shows who has it"
		    : errno == EADDRNOTAVAIL ? "; it is no address of this host"
					     : "");
	return fd;
}

static struct ctl *
open_control(struct web *web, struct ev_loop *loop, unsigned uid, unsigned gid)
{
	const struct conf *conf = web->conf;
	struct ctl *ctl;
	char *path;

	if (access(conf->run, F_OK) == -1 && sys_mkdir(conf->run, 0755, geteuid(), getegid()) == -1)
		fatal("cannot make %s: %s; see run: in the file", conf->run, strerror(errno));
	path = conf_run_path(conf, "web.sock");
	ctl = path ? ctl_open(loop, path, uid, gid, on_ask, web) : NULL;
	if (!ctl)
		fatal("cannot answer at %s: %s%s", path ? path : "web.sock", strerror(errno),
		    errno == EADDRINUSE ? "; a lodge-web runs already" : "");
	free(path);
	return ctl;
}

/* Nothing is left but the account, and of the kernel what serving takes; both threads have it so. */
static void
drop(struct serve *serve, unsigned uid, unsigned gid)
{
	const int none[] = {-1};
	static struct sock_filter code[CONFINE_MAX];
	size_t n = confine_build(code);

	if (sys_drop(uid, gid, none) == -1)
		fatal("cannot give up privilege: %s", strerror(errno));
	if (serve_start(serve) == -1)
		fatal("no thread: %s", strerror(errno));
	if (n == 0)
		log_warn("no filter of system calls for this machine");
	else if (sys_filter(code, n, true) == -1)
		fatal("cannot filter system calls: %s", strerror(errno));
}

int
main(int argc, char **argv)
{
	struct sys_options options = sys_options(argc, argv, "", usage);
	static struct web web;
	struct conf_errors errors;
	struct ev_loop *loop;
	struct ctl *ctl;
	unsigned uid, gid;
	char why[512], text[ADDR_TEXT];
	int fd;

	log_open("lodge-web", options.debug);
	web.file = options.file;
	web.conf = calloc(1, sizeof(*web.conf));
	if (!web.conf)
		fatal("out of memory");
	if (conf_load(options.file, web.conf, &errors) == -1 || errors.n > 0)
		if (conf_report(&errors, stderr) != 0)
			return EXIT_INPUT;
	conf_errors_free(&errors);
	if (options.check)
		return print_plan(web.conf);
	if (!ip_is_set(&web.conf->web.listen.ip))
		fatal_input("%s has no web:; write web: {listen: 127.0.0.1:8077}", options.file);

	loop = ev_default_loop(0);
	if (!loop)
		fatal("no event loop: %s", strerror(errno));
	account_of(web.conf, &uid, &gid);
	ctl = open_control(&web, loop, uid, gid);
	fd = open_listener(web.conf);
	web.serve = serve_open(loop, web.conf, fd, uid, why, sizeof(why));
	if (!web.serve)
		fatal("%s", why);
	drop(web.serve, uid, gid);
	sys_notify("READY=1");
	log_info("serving on %s%s", addr_print(&web.conf->web.listen, text),
	    web.conf->web.cert ? ", TLS and plain" : "");
	sys_run(loop, on_reload, &web);
	sys_notify("STOPPING=1");
	ctl_close(ctl);
	if (serve_close(web.serve)) {
		conf_free(web.conf);
		free(web.conf);
	}
	return EXIT_DONE;
}
