/* lodge-natd: makes the kernel's network equal to the file. */
#include "base/ctl.h"
#include "base/log.h"
#include "base/sys.h"
#include "conf/conf.h"
#include "natd/complain.h"
#include "natd/listeners.h"
#include "natd/natd.h"
#include "natd/print.h"
#include "natd/sole.h"
#include "natd/watch.h"

#include <errno.h>
#include <linux/capability.h>
#include <malloc.h>
#include <net/if.h>
#include <stdlib.h>
#include <unistd.h>

enum { LOST_CALM_S = 60 };

static const char usage[] =
    "usage: lodge-natd [-c FILE] [-n | -x] [-d]\n"
    "  -c FILE  the configuration (default " SYS_CONF_FILE ")\n"
    "  -n       check it, print what would be changed as a script; nothing when nothing would\n"
    "  -x       remove everything lodge-natd made, and end\n"
    "  -d       debug\n"
    "  -V, -h   version, this text\n";

/* The outside device and its IPv6 settings. -1: why, as a sentence, good until the next call. */
static int
host_learn(struct apply *apply, const struct conf *conf, struct plan_host *host, const char **why)
{
	static char missing[128];
	char path[FACT_NAME];
	ssize_t n;

	*host = (struct plan_host){
	    .ipv6 = sysctl_read("net/ipv6/conf/all/forwarding") != -1, .curbs = host->curbs};
	memcpy(host->wan, conf->wan, sizeof(host->wan));
	if (!*conf->wan && link_default_device(apply->link, host->wan) == -1) {
		*why = errno == ENOENT ? "wan: there is no default route; name the outside device as `wan:`"
				       : strerror(errno);
		return -1;
	}
	if (if_nametoindex(host->wan) == 0) {
		snprintf(missing, sizeof(missing),
		    "wan: no device %s; correct it, or leave it out for that of the default route",
		    host->wan);
		*why = missing;
		return -1;
	}
	snprintf(path, sizeof(path), "net/ipv6/conf/%s/accept_ra", host->wan);
	host->wan_accept_ra = sysctl_read(path);
	n = link_prefixes(apply->link, host->wan, host->wan_prefixes, PLAN_PREFIXES);
	host->n_wan_prefixes = n == -1 ? 0 : (size_t)n;
	return 0;
}

/* The new plan, once nothing stands in its way. -1: why, as a sentence. */
static int
replan(struct apply *apply, const struct conf *conf, struct plan_host *host, struct facts *want,
    const char **why)
{
	static struct plan_ports listening;

	if (host_learn(apply, conf, host, why) == -1)
		return -1;
	if (sock_listening(&listening) == 0)
		host->listening = &listening;
	*why = strerror(ENOMEM);
	if (plan_facts(conf, host, want) == -1)
		return -1;
	if (apply_check(apply, want) == 0) {
		apply->listening = listening;
		host->listening = host->listening ? &apply->listening : NULL;
		return 0;
	}
	*why = apply_why(apply);
	facts_free(want);
	return -1;
}

static void
reload(void *arg)
{
	struct natd *natd = arg;
	struct plan_host host = {.curbs = &natd->curbs};
	static struct plan_ports before;
	struct conf_errors errors;
	struct facts want;
	struct conf conf;
	const char *why;
	char text[512];

	if (conf_load(natd->file, &conf, &errors) == -1) {
		log_error("reload refused: %s", conf_first_error(&errors, text, sizeof(text)));
		conf_errors_free(&errors);
		return;
	}
	conf_errors_free(&errors);
	before = natd->apply.listening;
	if (replan(&natd->apply, &conf, &host, &want, &why) == -1) {
		log_error("reload refused: %s", why);
		conf_free(&conf);
		return;
	}
	if (host.listening) {
		listeners_say(&natd->want, &want);
		listeners_say_persons(&conf, &before, host.listening);
	}
	conf_free(&natd->conf);
	facts_free(&natd->want);
	natd->conf = conf;
	natd->want = want;
	natd->host = host;
	natd->wan_lost = false;
	hands_prune(natd);
	complain_anew();
	natd->status.refused = apply_facts(&natd->apply, &natd->want) == -1;
	natd->status.reloads++;
	natd_say_foreign(natd);
	log_info("reloaded%s: %zu changes, %d flows forgotten", natd->status.refused ? " in part" : "",
	    natd->apply.n_ops, natd->apply.n_forgotten > 0 ? natd->apply.n_forgotten : 0);
}

/* Whether the way out is there; said once when it is lost, and when it is back. */
static bool
find_wan(struct natd *natd, struct plan_host *host)
{
	const char *why;

	if (host_learn(&natd->apply, &natd->conf, host, &why) == -1) {
		if (!natd->wan_lost)
			log_error("%s; until then guests have no way out", why);
		natd->wan_lost = true;
		return false;
	}
	if (natd->wan_lost)
		log_info("wan: %s is there again", host->wan);
	natd->wan_lost = false;
	return true;
}

static bool
is_same_outside(const struct plan_host *a, const struct plan_host *b)
{
	return strcmp(a->wan, b->wan) == 0 && a->wan_accept_ra == b->wan_accept_ra &&
	       a->n_wan_prefixes == b->n_wan_prefixes &&
	       memcmp(a->wan_prefixes, b->wan_prefixes, a->n_wan_prefixes * sizeof(*a->wan_prefixes)) == 0;
}

/* The device is another, as the default route may be without `wan:` in the file, or it is a new one of that name, or has other prefixes. */
static bool
follow_wan(struct natd *natd)
{
	struct plan_host host = {.curbs = &natd->curbs};
	struct facts want;

	if (!find_wan(natd, &host)) {
		host = natd->host; /* but for what went with the device */
		host.wan_accept_ra = -1;
		host.n_wan_prefixes = 0;
	}
	host.listening = natd->host.listening;
	if (is_same_outside(&host, &natd->host) || plan_facts(&natd->conf, &host, &want) == -1)
		return false;
	if (strcmp(host.wan, natd->host.wan) != 0)
		log_info("the default route moved from %s to %s", natd->host.wan, host.wan);
	facts_free(&natd->want);
	natd->want = want;
	natd->host = host;
	return true;
}

/* Messages of the kernel's may be lost many times on end: one line, and the number in the status. */
static void
say_lost(struct natd *natd)
{
	unsigned long lost = watch_lost(natd->watch);

	if (lost > natd->status.lost && ev_now(EV_DEFAULT) - natd->lost_told > LOST_CALM_S) {
		log_warn("the kernel told more changes than there was room for: all is read and compared");
		natd->lost_told = ev_now(EV_DEFAULT);
	}
	natd->status.lost = lost;
}

static void
on_change(void *arg)
{
	struct natd *natd = arg;

	say_lost(natd);
	if (follow_wan(natd))
		natd->status.refused = apply_facts(&natd->apply, &natd->want) == -1;
	else
		natd_repair(natd);
}

/* What would change, as a script; nothing where nothing would. */
static int
check(struct natd *natd)
{
	struct facts have = {0};
	char text[CURB_TEXT];
	const char *why;
	struct ops ops;

	if (apply_open(&natd->apply) == -1)
		fatal("cannot ask the kernel: %s", apply_why(&natd->apply));
	hands_load(natd);
	if (host_learn(&natd->apply, &natd->conf, &natd->host, &why) == -1)
		log_warn("%s", why);
	if (sock_listening(&natd->apply.listening) == 0)
		natd->host.listening = &natd->apply.listening;
	if (plan_facts(&natd->conf, &natd->host, &natd->want) == -1)
		fatal("%s", strerror(ENOMEM));
	for (size_t i = 0; i < natd->curbs.n; i++)
		printf("# ordered: %s\n", curb_print(&natd->curbs.list[i], text));
	if (apply_read(&natd->apply, &natd->want, &have) == -1)
		printf("# what is there cannot be read: %s\n# this is all that is wanted\n",
		    apply_why(&natd->apply));
	if (diff_facts(&have, &natd->want, &ops) == -1)
		fatal("%s", strerror(ENOMEM));
	print_ops(&ops, stdout);
	ops_free(&ops);
	facts_free(&have);
	return EXIT_DONE;
}

static void
be_sole(struct ev_loop *loop)
{
	if (sole_take(loop) == 0)
		return;
	fatal("%s", errno == EADDRINUSE
			? "lodge-natd is running already in this network; stop it, or reload it with SIGHUP"
			: strerror(errno));
}

static int
remove_all(void)
{
	struct facts nothing = {0};
	struct apply apply;

	if (apply_open(&apply) == -1)
		fatal("cannot ask the kernel: %s", apply_why(&apply));
	be_sole(EV_DEFAULT);
	if (apply_facts(&apply, &nothing) == -1)
		return EXIT_SYSTEM;
	log_info(apply.n_ops ? "removed %zu facts" : "nothing to remove", apply.n_ops);
	return EXIT_DONE;
}

/* What needs no right, then what does; a mistake leaves the kernel as it is. */
static void
learn(struct natd *natd, const struct sys_options *options)
{
	struct conf_errors errors;
	int status;

	natd->file = options->file;
	conf_load(options->file, &natd->conf, &errors);
	status = conf_report(&errors, stderr);
	conf_errors_free(&errors);
	if (status != EXIT_DONE)
		exit(status);
	if (options->check)
		exit(check(natd));
}

static void
take(struct natd *natd, struct ev_loop *loop)
{
	char *path = conf_run_path(&natd->conf, "natd.sock");
	const char *why;

	if (geteuid() != 0)
		fatal("it changes the host's network: run it as root");
	if (apply_open(&natd->apply) == -1)
		fatal("cannot ask the kernel: %s", apply_why(&natd->apply));
	be_sole(loop);
	hands_load(natd);
	if (curbs_prepare(&natd->conf) == -1)
		fatal("%s/natd: %s", natd->conf.state, strerror(errno));
	if (replan(&natd->apply, &natd->conf, &natd->host, &natd->want, &why) == -1)
		fatal("%s", why);
	apply_unread(&natd->apply); /* nobody watches them yet */
	if (sys_mkdir(natd->conf.run, 0755, 0, 0) == -1)
		fatal("%s: %s", natd->conf.run, strerror(errno));
	natd->status = (struct status){
	    .conf = &natd->conf, .wan = natd->host.wan, .apply = &natd->apply, .curbs = &natd->curbs};
	if (!ctl_open(loop, path, 0, curb_gid(&natd->conf), hands_answer, natd))
		fatal("%s: %s", path ? path : natd->conf.run, strerror(errno));
	free(path);
}

int
main(int argc, char **argv)
{
	static const int keep[] = {CAP_NET_ADMIN, -1};
	struct sys_options options = sys_options(argc, argv, "x", usage);
	struct ev_loop *loop = EV_DEFAULT;
	const struct facts none = {0};
	static struct natd natd;

	log_open("lodge-natd", options.debug);
	/* What a reload needs it needs again at the next: asking the kernel each time takes a fifth of it. */
	mallopt(M_MMAP_THRESHOLD, 64 << 20);
	mallopt(M_TRIM_THRESHOLD, 64 << 20);
	if (options.other == 'x')
		return remove_all();
	learn(&natd, &options);
	take(&natd, loop);
	if (sys_drop(0, 0, keep) == -1)
		fatal("cannot drop privilege: %s", strerror(errno));
	natd.watch = watch_open(loop, on_change, &natd);
	if (!natd.watch)
		fatal("cannot watch the kernel's network: %s", strerror(errno));
	if (apply_facts(&natd.apply, &natd.want) == -1)
		fatal("the network is not as %s wants it; the lines above say why", natd.file);
	natd_say_foreign(&natd);
	if (natd.host.listening) {
		listeners_say(&none, &natd.want);
		listeners_say_persons(&natd.conf, NULL, natd.host.listening);
	}
	pulse_start(loop, &natd);
	log_info("%zu guests behind %s, %zu changes", natd.conf.n_guests, natd.host.wan, natd.apply.n_ops);
	sys_notify("READY=1");
	return sys_run(loop, reload, &natd);
}
