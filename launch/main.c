/* lodge-guest: launches, jails and watches one guest. See lodge-guest.8. */
#include "launch/cgroup.h"
#include "launch/image.h"
#include "launch/trial.h"
#include "launch/watch.h"
#include "base/log.h"
#include "base/remedy.h"
#include "base/sys.h"

#include <errno.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char usage[] = "usage: lodge-guest [-nd] [-c file] name\n"
			    "       lodge-guest -w [-d] [-c file] name   wait for the word start\n"
			    "       lodge-guest -i [-d] [-c file] name   make the guest's image and exit\n"
			    "       lodge-guest -r [-d] [-c file] name   the same, from a base made anew\n"
			    "       lodge-guest -t [-dj] [-c file] [kernel]   try what guests need, and boot "
			    "the kernel to userspace\n"
			    "       lodge-guest -h | -V\n";

/*
 * What every launch takes again: namespaces and mounts, another uid, ownership of the image, the tap, a signal to
 * another uid's process, what lies in the jail's folder of another uid's.
 */
static const int keep[] = {CAP_SYS_ADMIN, CAP_SETUID, CAP_SETGID, CAP_CHOWN, CAP_FOWNER, CAP_NET_ADMIN,
    CAP_KILL, CAP_DAC_OVERRIDE, -1};

static struct conf *
load(const char *file)
{
	struct conf *conf = calloc(1, sizeof(*conf));
	struct conf_errors errors = {0};
	int result = conf ? conf_load(file, conf, &errors) : -1;
	int status;

	if (!conf)
		fatal("%s: %s", file, remedy(ENOMEM, NULL));
	status = conf_report(&errors, stderr);
	conf_errors_free(&errors);
	if (result == -1)
		exit(status ? status : EXIT_INPUT);
	return conf;
}

static enum launched
plan(const struct conf *conf, const struct guest *guest, struct launch *out, char *why)
{
	char *root = conf_run_path(conf, "guests/%s", guest->name);
	enum launched result = LAUNCH_LATER;

	if (root)
		result = launch_plan(conf, guest, root, out, why);
	else
		launch_why(why, "%s", remedy(ENOMEM, NULL));
	free(root);
	return result;
}

static int
print_plan(const struct conf *conf, const struct guest *guest)
{
	static struct launch launch;
	char why[LAUNCH_WHY];
	enum launched result = plan(conf, guest, &launch, why);

	if (result != LAUNCHED) {
		log_error("%s: %s", guest->name, why);
		return result == LAUNCH_NEVER ? EXIT_INPUT : EXIT_SYSTEM;
	}
	launch_print(&launch, stdout);
	if (why[0])
		log_warn("%s: %s", guest->name, why);
	return EXIT_DONE;
}

/* What would fail at every launch fails now, and with the status that says whose turn it is. */
static void
check_first(const struct conf *conf, const struct guest *guest)
{
	static struct launch launch;
	char why[LAUNCH_WHY];

	if (plan(conf, guest, &launch, why) == LAUNCH_NEVER)
		fatal_input("%s: %s", guest->name, why);
}

static int
run(struct conf *conf, const struct guest *guest, bool wait)
{
	struct ev_loop *loop = ev_default_loop(0);
	struct watch *watch;
	char *failed, name[CONF_GUEST_NAME_MAX + 1];

	strcpy(name, guest->name);
	watch = watch_open(loop, conf, name, &failed);
	if (!watch && errno == EADDRINUSE)
		fatal("%s is launched already: %s is answered; lodge status %s shows it", name, failed, name);
	if (!watch)
		fatal("%s: %s", failed ? failed : name, remedy(errno, failed));
	cgroup_sweep(conf->run);
	if (sys_drop(0, 0, keep) == -1)
		fatal("giving up privilege: %s", remedy(errno, NULL));
	if (wait)
		sys_notify("READY=1\nSTATUS=waiting for start");
	else
		watch_start(watch);
	sys_run(loop, watch_reload, watch);
	sys_notify("STOPPING=1");
	do
		watch_end(watch);
	while (!watch_ended(watch) && sys_run(loop, NULL, NULL) == 0);
	watch_close(watch);
	return EXIT_DONE;
}

/* On a host where there is no file yet, too. */
static int
try_host(const char *file, const char *kernel, bool json)
{
	struct conf conf;
	struct conf_errors errors;
	struct findings findings;
	int result = conf_load_any(file, &conf, &errors), status = conf_report(&errors, stderr);

	conf_errors_free(&errors);
	if (result == -1)
		return status;
	findings_begin(&findings, stdout, json);
	trial_boot(&conf, kernel ? kernel : conf.kernel, &findings);
	conf_free(&conf);
	return findings_end(&findings);
}

/* All but watching: done at once. */
static int
do_once(const struct conf *conf, const struct guest *guest, const struct sys_options *options)
{
	if (options->check)
		return print_plan(conf, guest);
	return image_make(conf, guest, options->other == 'r') == -1 ? EXIT_SYSTEM : EXIT_DONE;
}

int
main(int argc, char **argv)
{
	struct sys_options options = sys_options(argc, argv, "irtwj", usage);
	const struct guest *guest = NULL;
	struct conf *conf;
	int status;

	log_open("lodge-guest", options.debug);
	if (argc - options.first != 1 && !(options.other == 't' && argc == options.first)) {
		fputs(usage, stderr);
		return EXIT_INPUT;
	}
	if (getuid() != 0 && !options.check)
		fatal("namespaces, mounts and another uid need root; run it as root");
	if (options.other == 't')
		return try_host(options.file, argv[options.first], options.json);
	conf = load(options.file);
	guest = conf_guest(conf, argv[options.first]);
	if (!guest)
		fatal_input(
		    "%s has no guest %s; lodge check shows those it has", options.file, argv[options.first]);
	if (!options.check && (options.other == 0 || options.other == 'w')) {
		check_first(conf, guest);
		return run(conf, guest, options.other == 'w');
	}
	status = do_once(conf, guest, &options);
	conf_free(conf);
	free(conf);
	return status;
}
