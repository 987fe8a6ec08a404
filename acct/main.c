/* lodge-acct: counts what moves over the guests' taps and writes the billing keys. */
#include "acct/count.h"
#include "base/ctl.h"
#include "base/finding.h"
#include "base/log.h"
#include "base/sys.h"

#include <errno.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const char usage[] = "usage: lodge-acct [-ndjthV] [-c FILE]\n"
			    "counts every guest's traffic at its tap and writes the billing keys to Redis\n"
			    "  -c FILE  the configuration (" SYS_CONF_FILE ")\n"
			    "  -n       check it and print what was understood\n"
			    "  -t       try to capture, as it has to; with -j as JSON\n"
			    "  -d       log more\n";

struct acct {
	const char *file;
	struct conf conf;
	struct count count;
};

static int
print_plan(const struct conf *conf)
{
	char billing[80], ip[IP_TEXT];

	for (size_t i = 0; i < conf->n_guests; i++) {
		const struct guest *g = &conf->guests[i];

		printf("%s tap %s address %s billing %s\n", g->name, g->tap, ip_print(&g->address, ip),
		    billing_text(&conf->billing, g->billing_day, billing, sizeof(billing)));
	}
	printf("host %s\njournal %s/acct\n", conf->host, conf->state);
	for (size_t i = 0; i < conf->n_redis; i++) {
		const struct redis_conf *redis = &conf->redis[i];

		if (redis->kind == REDIS_TCP)
			printf("redis %s port %u database %u\n", redis->host, redis->port, redis->db);
		else
			printf("redis %s database %u\n", redis->path, redis->db);
	}
	return EXIT_DONE;
}

static bool
is_reloadable(const struct conf *a, const struct conf *b)
{
	return strcmp(a->state, b->state) == 0 && strcmp(a->run, b->run) == 0 &&
	       strcmp(a->user, b->user) == 0 && strcmp(a->host, b->host) == 0;
}

/* Kept when the caller takes it; see ctl_reload for the rest. */
static bool
read_again(struct acct *acct, struct conf *fresh, char *why, size_t room)
{
	struct conf_errors errors;
	int loaded = conf_load(acct->file, fresh, &errors);

	if (loaded == -1)
		conf_first_error(&errors, why, room);
	conf_errors_free(&errors);
	if (loaded == -1)
		return false;
	if (is_reloadable(fresh, &acct->conf))
		return true;
	snprintf(why, room, "state, run, user and host hold for the life of a process; restart lodge-acct");
	conf_free(fresh);
	return false;
}

static bool
reload(void *arg, bool only_try, char *why, size_t room)
{
	struct acct *acct = arg;
	struct conf fresh, old = acct->conf;

	if (!read_again(acct, &fresh, why, room))
		return false;
	if (only_try) {
		conf_free(&fresh);
		return true;
	}
	acct->conf = fresh;
	if (count_reload(&acct->count, &old, &acct->conf) == -1) {
		acct->conf = old;
		acct->count.conf = &acct->conf;
		conf_free(&fresh);
		snprintf(why, room, "no memory");
		return false;
	}
	conf_free(&old);
	log_info("reloaded: %zu guests", acct->conf.n_guests);
	return true;
}

static void
on_reload(void *acct)
{
	ctl_reload_now(reload, acct);
}

static json_t *
on_ask(void *arg, const char *word)
{
	struct acct *acct = arg;
	json_t *answer = ctl_answer_reload(word, reload, acct);

	return answer ? answer : status_answer(&acct->count, word);
}

/* Whom to become: conf.user, in the group that may order of lodge-natd, where we are root; else who we are. */
static void
account_of(const struct conf *conf, unsigned *uid, unsigned *gid)
{
	*uid = geteuid();
	*gid = getegid();
	if (*uid != 0)
		return;
	if (sys_account(conf->user, uid, gid) == -1)
		fatal_input("no account %s: adduser --system --group %s, or name another with user:",
		    conf->user, conf->user);
	*gid = curb_gid(conf);
}

/* All that needs privilege. */
static struct ctl *
take(struct acct *acct, unsigned uid, unsigned gid)
{
	struct count *count = &acct->count;
	char why[400], *path;
	struct ctl *ctl;

	count->tap = tap_open(count->loop, count_packet, count, why, sizeof(why));
	if (!count->tap)
		fatal("%s", why);
	count->link = link_open(count->loop, &count_link_calls, count);
	if (!count->link)
		fatal("cannot ask the kernel for its interfaces: %s", strerror(errno));
	path = conf_state_path(&acct->conf, "acct");
	count->journal = path ? journal_open(path, uid, gid, &count->book, why, sizeof(why)) : NULL;
	if (!count->journal)
		fatal("%s", path ? why : "no memory");
	free(path);
	if (access(acct->conf.run, F_OK) == -1 && sys_mkdir(acct->conf.run, 0755, geteuid(), getegid()) == -1)
		fatal("cannot make %s: %s; see run: in the file", acct->conf.run, strerror(errno));
	path = conf_run_path(&acct->conf, "acct.sock");
	ctl = path ? ctl_open(count->loop, path, uid, gid, on_ask, acct) : NULL;
	if (!ctl)
		fatal("cannot answer at %s: %s", path ? path : "acct.sock", strerror(errno));
	free(path);
	return ctl;
}

static void
drop(unsigned uid, unsigned gid)
{
	const int keep[] = {CAP_NET_RAW, -1};

	if (sys_drop(uid, gid, keep) == -1)
		fatal("cannot give up privilege: %s", strerror(errno));
}

static int
try_capture(bool json)
{
	struct findings findings;
	char why[400];
	struct tap *tap = tap_open(ev_default_loop(0), NULL, NULL, why, sizeof(why));

	findings_begin(&findings, stdout, json);
	if (tap)
		findings_add(&findings, FOUND_OK, "capture", NULL, "packets of all taps, through one ring");
	else
		findings_add(&findings, FOUND_BROKEN, "capture",
		    "boot a kernel with CONFIG_PACKET (modprobe af_packet), or give CAP_NET_RAW",
		    "nothing is counted: %s", why);
	if (tap)
		tap_close(tap);
	return findings_end(&findings);
}

int
main(int argc, char **argv)
{
	struct sys_options options = sys_options(argc, argv, "tj", usage);
	static struct acct acct;
	struct conf_errors errors;
	struct ctl *ctl;
	unsigned uid, gid;

	log_open("lodge-acct", options.debug);
	if (options.other == 't')
		return try_capture(options.json);
	acct.file = options.file;
	if (conf_load(options.file, &acct.conf, &errors) == -1 || errors.n > 0)
		if (conf_report(&errors, stderr) != 0)
			return EXIT_INPUT;
	conf_errors_free(&errors);
	if (options.check)
		return print_plan(&acct.conf);

	acct.count.loop = ev_default_loop(0);
	acct.count.conf = &acct.conf;
	account_of(&acct.conf, &uid, &gid);
	if (!acct.count.loop || count_boot(acct.count.boot) == -1)
		fatal("cannot tell which kernel this is: %s", strerror(errno));
	ctl = take(&acct, uid, gid);
	drop(uid, gid);
	if (count_start(&acct.count) == -1)
		fatal("no memory");
	sys_notify("READY=1");
	log_info("counting %zu guests", acct.conf.n_guests);
	sys_run(acct.count.loop, on_reload, &acct);
	sys_notify("STOPPING=1");
	count_stop(&acct.count);
	ctl_close(ctl);
	tap_close(acct.count.tap);
	link_close(acct.count.link);
	journal_close(acct.count.journal);
	return EXIT_DONE;
}
