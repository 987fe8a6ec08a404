/* lodge-natd: makes the kernel's network equal to the file. */
#include "base/ctl.h"
#include "base/log.h"
#include "base/sys.h"
#include "conf/conf.h"
#include "natd/feature.h"
#include "natd/listeners.h"
#include "natd/print.h"
#include "natd/renew.h"
#include "natd/sole.h"
#include "natd/tried.h"
#include "natd/watch.h"

#include <errno.h>
#include <linux/capability.h>
#include <malloc.h>
#include <stdlib.h>
#include <unistd.h>

static const char usage[] =
    "usage: lodge-natd [-c FILE] [-n | -t [-j] | -x] [-d]\n"
    "  -c FILE  the configuration (default " SYS_CONF_FILE ")\n"
    "  -n       check it, print what would be changed as a script; nothing when nothing would\n"
    "  -t       try what it needs of the kernel; with -j as JSON\n"
    "  -x       remove everything lodge-natd made, and end\n"
    "  -d       debug\n"
    "  -V, -h   version, this text\n";

/* What would change, as a script; nothing where nothing would. */
static int
check(struct natd *natd)
{
	struct facts have = {0};
	char text[FEATURE_TEXT], line[CURB_TEXT];
	const char *why;
	struct ops ops;

	if (apply_open(&natd->apply) == -1)
		fatal("cannot ask the kernel: %s", apply_why(&natd->apply));
	hands_load(natd);
	if (renew_host(&natd->apply, &natd->conf, &natd->host, &why) == -1)
		log_warn("%s", why);
	if (sock_listening(&natd->apply.listening) == 0)
		natd->host.listening = &natd->apply.listening;
	natd->host.missing = nft_missing(natd->apply.nft);
	if (plan_facts(&natd->conf, &natd->host, &natd->want) == -1)
		fatal("%s", strerror(ENOMEM));
	for (size_t i = 0; i < n_features; i++)
		if (natd->host.missing & features[i].bit & feature_used(&natd->conf))
			printf("# %s\n", feature_print(&features[i], text));
	for (size_t i = 0; i < natd->curbs.n; i++)
		printf("# ordered: %s\n", curb_print(&natd->curbs.list[i], line));
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
	if (renew_plan(&natd->apply, &natd->conf, &natd->host, &natd->want, &why) == -1)
		fatal("%s", why);
	apply_unread(&natd->apply); /* nobody watches them yet */
	if (sys_mkdir(natd->conf.run, 0755, 0, 0) == -1)
		fatal("%s: %s", natd->conf.run, strerror(errno));
	natd->status = (struct status){.conf = &natd->conf,
	    .wan = natd->host.wan,
	    .missing = &natd->host.missing,
	    .apply = &natd->apply,
	    .curbs = &natd->curbs};
	if (!ctl_open(loop, path, 0, curb_gid(&natd->conf), hands_answer, natd))
		fatal("%s: %s", path ? path : natd->conf.run, strerror(errno));
	free(path);
}

int
main(int argc, char **argv)
{
	static const int keep[] = {CAP_NET_ADMIN, -1};
	struct sys_options options = sys_options(argc, argv, "tjx", usage);
	struct ev_loop *loop = EV_DEFAULT;
	const struct facts none = {0};
	static struct natd natd;

	log_open("lodge-natd", options.debug);
	/* What a reload needs it needs again at the next: asking the kernel each time takes a fifth of it. */
	mallopt(M_MMAP_THRESHOLD, 64 << 20);
	mallopt(M_TRIM_THRESHOLD, 64 << 20);
	if (options.other == 'x')
		return remove_all();
	if (options.other == 't')
		return tried(&options);
	learn(&natd, &options);
	take(&natd, loop);
	if (sys_drop(0, 0, keep) == -1)
		fatal("cannot drop privilege: %s", strerror(errno));
	natd.watch = watch_open(loop, renew_on_change, &natd);
	if (!natd.watch)
		fatal("cannot watch the kernel's network: %s", strerror(errno));
	if (!natd_apply(&natd))
		fatal("the network is not as %s wants it; the lines above say why", natd.file);
	natd_say_foreign(&natd);
	if (natd.host.listening) {
		listeners_say(&natd.conf, &none, &natd.want);
		listeners_say_persons(&natd.conf, NULL, natd.host.listening);
	}
	pulse_start(loop, &natd);
	log_info("%zu guests behind %s, %zu changes", natd.conf.n_guests, natd.host.wan, natd.apply.n_ops);
	sys_notify("READY=1");
	return sys_run(loop, renew_on_signal, &natd);
}
