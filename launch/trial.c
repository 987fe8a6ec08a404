/* Does this kernel work on this host; see trial.h. */
#include "launch/trial.h"
#include "launch/guest.h"
#include "launch/spawn.h"
#include "launch/tiny.h"
#include "base/log.h"
#include "base/sys.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
	TRIAL_MEMORY = 64 << 20,
	TRIAL_TEXT = 64 << 10,
	TRIAL_MS = 20000,
	TRIAL_SHOWN = 600, /* bytes of the last words */
};

#define TRIAL_INITRD "/initrd"

struct trial {
	char folder[32], root[48], initrd[48];
	struct kernel kernel;
	struct jail jail;
	struct cmdline words, environment;
	char text[TRIAL_TEXT];
	size_t n;
	double seconds;
};

static int
write_initrd(const char *path, const char *bytes, size_t n)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	/* Whatever the caller's mask: the kernel reads it as another uid. */
	ssize_t written = fd == -1 || fchmod(fd, 0644) == -1 ? -1 : write(fd, bytes, n);

	if (fd != -1)
		close(fd);
	return written == (ssize_t)n ? 0 : -1;
}

static int
make_folder(struct trial *t)
{
	static char initrd[TINY_BYTES];
	size_t n = tiny_initrd(initrd);

	strcpy(t->folder, "/tmp/lodge-trial-XXXXXX");
	if (!mkdtemp(t->folder))
		return -1;
	snprintf(t->root, sizeof(t->root), "%s/root", t->folder);
	snprintf(t->initrd, sizeof(t->initrd), "%s/initrd", t->folder);
	return sys_mkdir(t->root, 0755, 0, 0) == -1 || write_initrd(t->initrd, initrd, n) == -1 ? -1 : 0;
}

static void
remove_folder(const struct trial *t)
{
	unlink(t->initrd);
	rmdir(t->root);
	rmdir(t->folder);
}

static enum launched
plan(struct trial *t, const struct conf *conf, unsigned uid, char *why)
{
	enum launched result = kernel_learn(conf->kernel, uid, &t->kernel, why);

	if (result != LAUNCHED)
		return result;
	if (jail_plan(t->root, uid, TRIAL_MEMORY, conf->kernel, &t->kernel, &t->jail, why) == -1 ||
	    jail_add(&t->jail, JAIL_INPUT, t->initrd, TRIAL_INITRD) == -1 ||
	    cmdline_environment(&t->kernel.ability, t->kernel.padding, &t->environment) == -1)
		return LAUNCH_NEVER;
	cmdline_add(&t->words, JAIL_KERNEL);
	cmdline_add(&t->words, "mem=%dK", TRIAL_MEMORY >> 10);
	cmdline_add(&t->words, "initrd=" TRIAL_INITRD);
	cmdline_add(&t->words, "noreboot");
	cmdline_add(&t->words, "uml_dir=" JAIL_UML_DIR);
	cmdline_add(&t->words, "umid=" JAIL_UMID);
	cmdline_add(&t->words, "con=null");
	cmdline_add(&t->words, "con0=fd:0,fd:1");
	return LAUNCHED;
}

/* Until the kernel has gone or the time is over. */
static void
read_console(struct trial *t, int master)
{
	double end = sys_seconds() + TRIAL_MS / 1000.0;
	struct pollfd pfd = {.fd = master, .events = POLLIN};

	while (t->n < TRIAL_TEXT && sys_seconds() < end && poll(&pfd, 1, TRIAL_MS) == 1) {
		ssize_t n = read(master, t->text + t->n, TRIAL_TEXT - t->n);

		if (n <= 0)
			return;
		t->n += (size_t)n;
		if (t->seconds == 0 && memmem(t->text, t->n, TINY_WORD, strlen(TINY_WORD)))
			t->seconds = sys_seconds();
	}
}

static enum launched
boot(struct trial *t, unsigned uid, int *status, char *why)
{
	struct spawn spawn = {.jail = &t->jail,
	    .words = &t->words,
	    .environment = &t->environment,
	    .hostname = "trial",
	    .uid = uid,
	    .cpu = -1,
	    .tap_fd = -1};
	struct spawned spawned;
	double begin = sys_seconds();
	int master, result;

	if (openpty(&master, &spawn.console_fd, NULL, NULL, NULL) == -1) {
		launch_why(why, "a terminal for the console: %s", strerror(errno));
		remove_folder(t);
		return LAUNCH_LATER;
	}
	fcntl(master, F_SETFD, FD_CLOEXEC);
	result = spawn_guest(&spawn, &spawned, why);
	close(spawn.console_fd);
	remove_folder(
	    t); /* the jail stands, and holds what it needs of it: from here on an interrupt leaves nothing */
	if (result == 0) {
		read_console(t, master);
		close(spawned.run_fd);
		kill(spawned.pid, SIGKILL);
		waitpid(spawned.pid, status, 0);
	}
	close(master);
	t->seconds = t->seconds ? t->seconds - begin : 0;
	return result == 0 ? LAUNCHED : LAUNCH_LATER;
}

static void
show_last(const struct trial *t, FILE *f)
{
	size_t from = t->n > TRIAL_SHOWN ? t->n - TRIAL_SHOWN : 0;

	for (size_t i = from; i < t->n; i++)
		if (t->text[i] == '\n' || (t->text[i] >= 0x20 && t->text[i] < 0x7f))
			fputc(t->text[i], f);
	fputc('\n', f);
}

static int
report(const struct trial *t, const char *kernel, int status, FILE *f)
{
	struct span text = span_of(t->text, t->n);
	const char *with = t->kernel.padding ? " (with the preload's padding)" : "";
	struct guest_ending end;

	if (t->seconds > 0) {
		fprintf(f, "%s: %s boots to userspace in %.1f s%s\n", kernel, t->kernel.ability.version,
		    t->seconds, with);
		return EXIT_DONE;
	}
	end = guest_end(&(struct guest_clues){.wait_status = status, .console = text});
	if (memmem(t->text, t->n, "ptrace set fp regs failed", 25))
		strcpy(end.why,
		    "it cannot hold this CPU's extended state; build a newer one: lodge kernel build");
	fprintf(
	    f, "%s: %s does not boot to userspace%s: %s\n", kernel, t->kernel.ability.version, with, end.why);
	show_last(t, f);
	return EXIT_SYSTEM;
}

int
trial_boot(const struct conf *conf, FILE *f)
{
	static struct trial trial;
	char why[LAUNCH_WHY] = "";
	unsigned uid = conf->uids; /* the network's own number, so no guest's */
	enum launched result;
	int status = 0;

	if (make_folder(&trial) == -1) {
		log_error("%s: %s", trial.folder, strerror(errno));
		remove_folder(&trial);
		return EXIT_SYSTEM;
	}
	result = plan(&trial, conf, uid, why);
	if (result == LAUNCHED)
		result = boot(&trial, uid, &status, why);
	else
		remove_folder(&trial);
	if (result == LAUNCHED)
		return report(&trial, conf->kernel, status, f);
	log_error("%s", why);
	return result == LAUNCH_NEVER ? EXIT_INPUT : EXIT_SYSTEM;
}
