/* What a guest's kernel can see of the host; see jail.h. */
#include "launch/jail.h"
#include "launch/cmdline.h"
#include "base/sys.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static const char *const kind_names[] = {
    [JAIL_PROGRAM] = "read-only",
    [JAIL_DEVICE] = "device",
    [JAIL_DATA] = "writable",
    [JAIL_INPUT] = "read-only",
};

static const unsigned long kind_flags[] = {
    [JAIL_PROGRAM] = MS_RDONLY | MS_NOSUID | MS_NODEV,
    [JAIL_DEVICE] = MS_NOSUID | MS_NOEXEC,
    [JAIL_DATA] = MS_NOSUID | MS_NODEV | MS_NOEXEC,
    [JAIL_INPUT] = MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC,
};

int
jail_add(struct jail *jail, enum jail_kind kind, const char *from, const char *to)
{
	struct jail_mount *m = &jail->mounts[jail->n];

	if (jail->n == JAIL_MOUNTS || strlen(from) >= sizeof(m->from) || strlen(to) >= sizeof(m->to))
		return -1;
	m->kind = kind;
	strcpy(m->from, from);
	strcpy(m->to, to);
	jail->n++;
	return 0;
}

/* Beside the program (a build directory), or where an installation keeps it. */
static int
add_preload(struct jail *jail, char *why)
{
	static const char *const places[] = {"lodge-preload.so", "../lib/lodge/lodge-preload.so"};
	char path[PATH_MAX];

	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
		int n = snprintf(path, sizeof(path), "%s%s", sys_bindir(), places[i]);

		if (n > 0 && (size_t)n < sizeof(path) && access(path, R_OK) == 0)
			return jail_add(jail, JAIL_PROGRAM, path, JAIL_PRELOAD);
	}
	launch_why(why, "lodge-preload.so is neither in %s nor in ../lib/lodge; install it", sys_bindir());
	return -1;
}

static int
add_libraries(struct jail *jail, const struct kernel *kernel, char *why)
{
	char to[2 * ABILITY_PATH];

	if (jail_add(jail, JAIL_PROGRAM, kernel->interp, kernel->interp) == -1)
		return -1;
	for (size_t i = 0; i < kernel->libraries.n; i++) {
		const char *path = kernel->libraries.path[i];

		snprintf(to, sizeof(to), JAIL_LIBRARIES "%s", strrchr(path, '/'));
		if (jail_add(jail, JAIL_PROGRAM, path, to) == -1)
			return -1;
	}
	return add_preload(jail, why);
}

int
jail_plan(const char *root, unsigned uid, unsigned long long memory_bytes, const char *kernel_path,
    const struct kernel *kernel, struct jail *out, char *why)
{
	out->n = 0;
	out->uid = uid;
	out->memory_bytes = memory_bytes + JAIL_MEMORY_SPARE;
	launch_why(why, "the jail of %s does not fit its ceilings; take shorter `run:` and `kernel:`", root);
	if (strlen(root) >= sizeof(out->root))
		return -1;
	strcpy(out->root, root);
	if (jail_add(out, JAIL_PROGRAM, kernel_path, JAIL_KERNEL) == -1 ||
	    jail_add(out, JAIL_DEVICE, "/dev/null", "/dev/null") == -1 ||
	    jail_add(out, JAIL_DEVICE, "/dev/random", "/dev/random") == -1 ||
	    jail_add(out, JAIL_DEVICE, "/dev/urandom", "/dev/urandom") == -1)
		return -1;
	return kernel->ability.dynamic ? add_libraries(out, kernel, why) : 0;
}

void
jail_print(const struct jail *jail, FILE *f)
{
	for (size_t i = 0; i < jail->n; i++) {
		const struct jail_mount *m = &jail->mounts[i];

		fprintf(f, "  %-24s %-9s %s\n", m->to, kind_names[m->kind], m->from);
	}
	fprintf(f, "  %-24s %-9s tmpfs of %llu MiB\n", JAIL_MEMORY, "writable", jail->memory_bytes >> 20);
	fprintf(f, "  %-24s %-9s tmpfs of 1 MiB\n", JAIL_RUN "/" JAIL_UML_DIR, "writable");
}

/* An empty file to mount on, below the current directory, with the directories above it. */
static int
make_place(const char *to)
{
	char path[ABILITY_PATH + 1];
	int fd;

	snprintf(path, sizeof(path), ".%s", to);
	for (char *slash = strchr(path + 2, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(path, 0755) == -1 && errno != EEXIST)
			return -1;
		*slash = '/';
	}
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0444);
	return fd == -1 ? -1 : close(fd);
}

static int
bind_one(const struct jail_mount *m)
{
	char to[ABILITY_PATH + 1];

	snprintf(to, sizeof(to), ".%s", m->to);
	if (make_place(m->to) == -1 || mount(m->from, to, NULL, MS_BIND, NULL) == -1)
		return -1;
	return mount(NULL, to, NULL, MS_BIND | MS_REMOUNT | kind_flags[m->kind], NULL);
}

/* The tmpfs of the guest's memory: the kernel maps it executable, hence no MS_NOEXEC. */
static int
mount_memory(const struct jail *jail)
{
	char options[160];

	snprintf(options, sizeof(options), "size=%llu,nr_inodes=64,mode=0700,uid=%u,gid=%u",
	    jail->memory_bytes, jail->uid, jail->uid);
	if (mkdir("." JAIL_MEMORY, 0755) == -1)
		return -1;
	return mount("lodge-memory", "." JAIL_MEMORY, "tmpfs", MS_NOSUID | MS_NODEV, options);
}

/* JAIL_RUN is root's, so that what the launcher puts there stays; only the folder in it is the guest's. */
static int
mount_run(const struct jail *jail)
{
	if (mkdir("." JAIL_RUN, 0755) == -1 ||
	    mount("lodge-run", "." JAIL_RUN, "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC,
		"size=1m,nr_inodes=64,mode=0755") == -1)
		return -1;
	if (mkdir("." JAIL_RUN "/" JAIL_UML_DIR, 0700) == -1)
		return -1;
	return chown("." JAIL_RUN "/" JAIL_UML_DIR, jail->uid, jail->uid);
}

static int
leave_host(void)
{
	if (syscall(SYS_pivot_root, ".", ".") == -1 || umount2(".", MNT_DETACH) == -1 || chdir("/") == -1)
		return -1;
	return mount(
	    NULL, "/", NULL, MS_BIND | MS_REMOUNT | MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL);
}

int
jail_enter(const struct jail *jail, const char **step)
{
	umask(0022);
	*step = "making the mounts private";
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == -1)
		return -1;
	*step = jail->root;
	if (mount("lodge-jail", jail->root, "tmpfs", MS_NOSUID, "size=1m,nr_inodes=128,mode=0755") == -1 ||
	    chdir(jail->root) == -1)
		return -1;
	for (size_t i = 0; i < jail->n; i++) {
		*step = jail->mounts[i].from;
		if (bind_one(&jail->mounts[i]) == -1)
			return -1;
	}
	*step = "the guest's memory";
	if (mount_memory(jail) == -1)
		return -1;
	*step = "the management socket's folder";
	if (mount_run(jail) == -1)
		return -1;
	*step = "leaving the host's root";
	if (leave_host() == -1)
		return -1;
	*step = JAIL_RUN;
	return open(JAIL_RUN, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}
