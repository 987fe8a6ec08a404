/* Does this kernel work on this host; see trial.h. */
#include "launch/trial.h"
#include "launch/ground.h"
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
	TRIAL_TEXT = 64 << 10,
	TRIAL_MS = 20000,
	TRIAL_END_MS = 2000,
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
	bool late; /* it ran still when the time was over */
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
plan(struct trial *t, const char *kernel, unsigned uid, char *why)
{
	enum launched result = kernel_learn(kernel, uid, &t->kernel, why);

	if (result != LAUNCHED)
		return result;
	if (jail_plan(t->root, uid, GROUND_MEMORY, kernel, &t->kernel, &t->jail, why) == -1 ||
	    jail_add(&t->jail, JAIL_INPUT, t->initrd, TRIAL_INITRD) == -1 ||
	    cmdline_environment(&t->kernel.ability, t->kernel.padding, &t->environment) == -1)
		return LAUNCH_NEVER;
	cmdline_add(&t->words, JAIL_KERNEL);
	cmdline_add(&t->words, "mem=%dK", GROUND_MEMORY >> 10);
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
	/* What it does from now on was not looked at: it may come up yet, and power off. */
	t->late = t->seconds == 0 && sys_seconds() >= end;
}

/* One whose console is closed is about to end, and how is what we want to know. */
static void
await_end(struct trial *t, pid_t pid, int *status)
{
	struct timespec moment = {.tv_nsec = 10000000};

	for (int i = 0; t->seconds == 0 && i < TRIAL_END_MS / 10; i++) {
		if (waitpid(pid, status, WNOHANG) == pid)
			return;
		nanosleep(&moment, NULL);
	}
	t->late = t->seconds == 0;
	kill(pid, SIGKILL);
	while (waitpid(pid, status, 0) == -1 && errno == EINTR)
		;
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
		launch_why(why,
		    "a terminal for the console: %s; sysctl kernel.pty shows how many there are and may be",
		    strerror(errno));
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
		await_end(t, spawned.pid, status);
	}
	close(master);
	t->seconds = t->seconds ? t->seconds - begin : 0;
	return result == 0 ? LAUNCHED : LAUNCH_LATER;
}

static void
show_last(const struct trial *t)
{
	size_t from = t->n > TRIAL_SHOWN ? t->n - TRIAL_SHOWN : 0;
	char line[TRIAL_SHOWN + 1];
	size_t n = 0;

	for (size_t i = from; i < t->n; i++) {
		if (t->text[i] >= 0x20 && t->text[i] < 0x7f)
			line[n++] = t->text[i];
		if (n && (t->text[i] == '\n' || i + 1 == t->n)) {
			log_warn("console: %.*s", (int)n, line);
			n = 0;
		}
	}
}

/* Why it did not come to userspace, and what to do: what it said itself goes before how it ended. */
static const char *
diagnose(const struct trial *t, int status, char *why)
{
	static const struct {
		const char *words, *why, *next;
	} known[] = {
	    {"ptrace set fp regs failed",
		"it cannot hold this CPU's extended state, and no preload repairs that in this one",
		"build a newer one: lodge kernel build; then set `kernel:` to it"},
	    {"ptrace: ", "it may not trace its processes", "allow ptrace"},
	    {"check_ptrace", "it may not trace its processes as it has to", "allow ptrace"},
	    {"check_sysemu", "it may not trace its processes as it has to", "allow ptrace"},
	    {"start_ptraced_child", "it may not trace its processes", "allow ptrace"},
	    {"not mounted noexec", "its memory may not be executed", "see the line of tmpfs"},
	    {"Bus error - the host", "there was no room for its memory", "see the line of memory"},
	};
	struct guest_ending end;

	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
		if (memmem(t->text, t->n, known[i].words, strlen(known[i].words))) {
			strcpy(why, known[i].why);
			return known[i].next;
		}
	if (t->late) {
		snprintf(why, GUEST_WHY, "not within %d s, and no word why", TRIAL_MS / 1000);
		return "on a slow or busy host a guest may come up all the same; it gets more time";
	}
	end = guest_end(&(struct guest_clues){.wait_status = status, .console = span_of(t->text, t->n)});
	strcpy(why, end.why);
	return "read its last words above; try another: lodge kernel build";
}

static void
report(const struct trial *t, const char *kernel, int status, struct findings *f)
{
	const struct ability *ability = &t->kernel.ability;
	char why[GUEST_WHY];
	const char *next;

	if (t->seconds > 0) {
		findings_add(f, FOUND_OK, "kernel", NULL, "%s: %s boots to userspace in %.1f s%s", kernel,
		    ability->version, t->seconds,
		    t->kernel.padding ? ", with the preload's padding for this CPU" : "");
		if (cmdline_uplink(ability) != UPLINK_VEC)
			findings_add(f, FOUND_DEGRADED, "kernel", "build one: lodge kernel build",
			    "it has no vector driver that a tap can be handed to: its network is slower");
		return;
	}
	next = diagnose(t, status, why);
	show_last(t);
	findings_add(f, FOUND_BROKEN, "kernel", next, "%s: %s does not boot to userspace%s: %s", kernel,
	    ability->version, t->kernel.padding ? " in spite of the preload's padding" : "", why);
}

static void
try_kernel(const char *kernel, unsigned uid, struct findings *f)
{
	static struct trial trial = {.folder = "/tmp/lodge-trial-XXXXXX"};
	char why[LAUNCH_WHY] = "";
	enum launched result;
	int status = 0;

	if (make_folder(&trial) == -1) {
		findings_add(f, FOUND_BROKEN, "kernel", "make /tmp writable", "not tried: %s: %s",
		    trial.folder, strerror(errno));
		remove_folder(&trial);
		return;
	}
	result = plan(&trial, kernel, uid, why);
	if (result == LAUNCHED)
		result = boot(&trial, uid, &status, why);
	else
		remove_folder(&trial);
	if (result == LAUNCHED)
		report(&trial, kernel, status, f);
	else
		findings_add(f, FOUND_BROKEN, "kernel", NULL, "%s", why);
}

void
trial_boot(const struct conf *conf, const char *kernel, struct findings *f)
{
	unsigned uid = conf->uids; /* the network's own number, so no guest's */

	if (ground_try(conf, uid, f))
		try_kernel(kernel, uid, f);
	else
		findings_add(
		    f, FOUND_BROKEN, "kernel", "mend that first", "%s: not tried: no jail for it", kernel);
}
