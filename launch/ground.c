/* What a host has to bear for any guest; see ground.h. */
#include "launch/ground.h"
#include "launch/apart.h"
#include "launch/cgroup.h"
#include "launch/host.h"
#include "launch/spawn.h"
#include "launch/tap.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	TRIED_MEMORY = 16 << 20,
	MIB_SHIFT = 20,
};

/* --- namespaces ----------------------------------------------------------------------------------- */

static struct outcome
nothing(unsigned uid)
{
	(void)uid;
	return (struct outcome){0};
}

static bool
try_namespaces(struct findings *f)
{
	static const struct {
		unsigned long flag;
		const char *name;
	} kinds[] = {{CLONE_NEWNS, "mount"}, {CLONE_NEWPID, "pid"}, {CLONE_NEWIPC, "ipc"},
	    {CLONE_NEWUTS, "uts"}, {CLONE_NEWNET, "network"}};
	char lost[64] = "";
	int error = 0;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		struct outcome o = apart_try(kinds[i].flag, nothing, 0);

		if (o.error == 0)
			continue;
		error = o.error;
		snprintf(lost + strlen(lost), sizeof(lost) - strlen(lost), "%s%s", lost[0] ? ", " : "",
		    kinds[i].name);
	}
	if (!error) {
		findings_add(f, FOUND_OK, "namespaces", NULL, "mount, pid, ipc, uts, network");
		return true;
	}
	findings_add(f, FOUND_BROKEN, "namespaces",
	    error == EPERM    ? "run it with CAP_SYS_ADMIN; in a container, ask its host for a privileged one"
	    : error == ENOSPC ? "raise the ceilings in /proc/sys/user/max_*_namespaces"
			      : "boot a kernel with CONFIG_NAMESPACES and each of these kinds",
	    "no guest gets a jail: %s: %s", lost, strerror(error));
	return false;
}

/* --- memory --------------------------------------------------------------------------------------- */

/* As a kernel does it: an unlinked file, mapped shared, for reading, writing and executing. */
static struct outcome
map_memory(unsigned uid)
{
	char *memory;
	int fd;

	(void)uid;
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == -1)
		return apart_failed("making the mounts private");
	if (mount("lodge-trial", "/tmp", "tmpfs", MS_NOSUID | MS_NODEV, "size=32m,nr_inodes=64,mode=0700") ==
	    -1)
		return apart_failed("mounting a tmpfs");
	fd = open("/tmp/memory", O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd == -1 || unlink("/tmp/memory") == -1 || ftruncate(fd, TRIED_MEMORY) == -1)
		return apart_failed("a file on it");
	memory = mmap(NULL, TRIED_MEMORY, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_SHARED, fd, 0);
	if (memory == MAP_FAILED)
		return apart_failed("mapping it executable");
	memset(memory, 1, TRIED_MEMORY);
	return (struct outcome){0};
}

static void
try_tmpfs(struct findings *f)
{
	struct outcome o = apart_try(CLONE_NEWNS, map_memory, 0);

	if (o.error == 0)
		findings_add(f, FOUND_OK, "tmpfs", NULL, "memory on a tmpfs of the guest's own, executable");
	else if (o.error == ECHILD)
		findings_add(f, FOUND_BROKEN, "tmpfs", "give this cgroup, or this host, more memory",
		    "a guest's memory cannot be written: %d MiB of it were too much",
		    TRIED_MEMORY >> MIB_SHIFT);
	else
		findings_add(f, FOUND_BROKEN, "tmpfs",
		    strcmp(o.step, "mapping it executable") == 0
			? "a guest's kernel needs tmpfs without noexec; look at what mounts or forbids it "
			  "here "
			  "(SELinux: execmem; a container's profile)"
			: "in a container, ask its host to allow mounts of tmpfs",
		    "no guest gets memory: %s: %s", o.step, strerror(o.error));
}

static void
try_room(const struct conf *conf, struct findings *f)
{
	uint64_t whole, available, promised = 0, room;

	if (host_memory(&whole, &available) == -1) {
		findings_add(f, FOUND_DEGRADED, "memory", "mount /proc",
		    "how much there is cannot be read: %s", strerror(errno));
		return;
	}
	room = host_memory_ceiling(whole);
	for (size_t i = 0; i < conf->n_guests; i++)
		promised += conf->guests[i].memory_bytes;
	if (available < GROUND_MEMORY || room < GROUND_MEMORY)
		findings_add(f, FOUND_BROKEN, "memory",
		    "end what needs it, or raise the ceiling of this cgroup",
		    "%llu MiB available of %llu; the smallest guest dies of it, later, with a bus error",
		    (unsigned long long)(available < room ? available : room) >> MIB_SHIFT,
		    (unsigned long long)whole >> MIB_SHIFT);
	else if (promised > room)
		findings_add(f, FOUND_DEGRADED, "memory", "lower memory: of some guests",
		    "the guests of the file are promised %llu MiB and there are %llu: when they use it, some "
		    "die",
		    (unsigned long long)promised >> MIB_SHIFT, (unsigned long long)room >> MIB_SHIFT);
	else
		findings_add(f, FOUND_OK, "memory", NULL,
		    "%llu MiB available of %llu, %llu promised to guests",
		    (unsigned long long)available >> MIB_SHIFT, (unsigned long long)room >> MIB_SHIFT,
		    (unsigned long long)promised >> MIB_SHIFT);
}

/* --- tracing and the filter ----------------------------------------------------------------------- */

static struct outcome
trace_child(unsigned uid)
{
	struct outcome outcome = {0};
	int status;
	pid_t pid;

	if (setgroups(0, NULL) == -1 || setresgid(uid, uid, uid) == -1 || setresuid(uid, uid, uid) == -1)
		return apart_failed("becoming another uid");
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	pid = fork();
	if (pid == 0) {
		/* Or, stopped, it would outlive a tracer that the alarm ended. */
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) == -1)
			_exit(errno);
		raise(SIGSTOP);
		_exit(0);
	}
	if (pid == -1 || waitpid(pid, &status, 0) == -1)
		return apart_failed("a process to trace");
	if (!WIFSTOPPED(status)) {
		errno = WIFEXITED(status) ? WEXITSTATUS(status) : ECHILD;
		return apart_failed("PTRACE_TRACEME");
	}
	/* What a kernel needs beside being told: to take a system call for its own. */
	if (ptrace(PTRACE_SYSEMU, pid, NULL, NULL) == -1)
		outcome = apart_failed("PTRACE_SYSEMU");
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	return outcome;
}

/* 0 and 1 do not hinder a process that traces its own children. */
static int
yama_scope(void)
{
	FILE *f = fopen("/proc/sys/kernel/yama/ptrace_scope", "re");
	int scope = 0;

	if (f && fscanf(f, "%d", &scope) != 1)
		scope = 0;
	if (f)
		fclose(f);
	return scope;
}

static void
try_trace(unsigned uid, struct findings *f)
{
	struct outcome o = apart_try(0, trace_child, uid);

	if (o.error == 0)
		findings_add(f, FOUND_OK, "ptrace", NULL, "allowed to an ordinary uid");
	else if (yama_scope() >= 2)
		findings_add(f, FOUND_BROKEN, "ptrace", "sysctl kernel.yama.ptrace_scope=1",
		    "forbidden by Yama: kernel.yama.ptrace_scope is %d; a guest's kernel traces its "
		    "processes",
		    yama_scope());
	else
		findings_add(f, FOUND_BROKEN, "ptrace",
		    "a container's seccomp profile forbids it, mostly: allow ptrace there",
		    "forbidden: %s: %s; a guest's kernel traces its processes", o.step, strerror(o.error));
}

static struct outcome
filter_self(unsigned uid)
{
	uint32_t action = SECCOMP_RET_ERRNO;

	(void)uid;
	if (syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == -1)
		return apart_failed("seccomp");
	return (struct outcome){0};
}

static void
try_filter(struct findings *f)
{
	struct outcome o = apart_try(0, filter_self, 0);

	if (o.error == 0)
		findings_add(f, FOUND_OK, "seccomp", NULL, "a guest's kernel gets a filter of system calls");
	else
		findings_add(f, FOUND_DEGRADED, "seccomp", "boot a kernel with CONFIG_SECCOMP_FILTER",
		    "%s: guests run without a filter of system calls, one wall less", strerror(o.error));
}

/* --- the tap and the cgroup ----------------------------------------------------------------------- */

static struct outcome
attach_tap(unsigned uid)
{
	int fd;

	(void)uid;
	fd = tap_try();
	return fd == -1 ? apart_failed("a tap") : (struct outcome){0};
}

static void
try_tap(struct findings *f)
{
	struct outcome o = apart_try(CLONE_NEWNET, attach_tap, 0);

	if (o.error == 0)
		findings_add(f, FOUND_OK, "tun", NULL, "taps with segmentation offload");
	else if (o.error == ENOENT || o.error == ENODEV || o.error == ENXIO)
		findings_add(f, FOUND_BROKEN, "tun",
		    "modprobe tun; in a container, ask its host for /dev/net/tun",
		    "no guest gets a network: /dev/net/tun: %s", strerror(o.error));
	else
		findings_add(f, FOUND_BROKEN, "tun",
		    "it takes root, CAP_NET_ADMIN and a /dev/net/tun that may be opened",
		    "no guest gets a network: a tap: %s", strerror(o.error));
}

static void
try_cgroup(struct findings *f)
{
	struct cgroup cgroup;

	cgroup_open("trial", "/", GROUND_MEMORY, SPAWN_PROCESSES, &cgroup);
	cgroup_close(&cgroup);
	cgroup_remove("trial", "/");
	if (cgroup.missing[0])
		findings_add(f, FOUND_DEGRADED, "cgroup",
		    "mount the unified hierarchy (cgroup2), and run each launcher alone in a cgroup of its "
		    "own",
		    "%s", cgroup.text);
	else
		findings_add(f, FOUND_OK, "cgroup", NULL, "%s", cgroup.text);
}

bool
ground_try(const struct conf *conf, unsigned uid, struct findings *f)
{
	bool bears = try_namespaces(f);

	try_tmpfs(f);
	try_room(conf, f);
	try_trace(uid, f);
	try_filter(f);
	try_tap(f);
	try_cgroup(f);
	return bears;
}
