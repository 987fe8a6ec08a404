/* Where a root tree comes from; see source.h. */
#include "launch/source.h"
#include "base/log.h"
#include "base/scrap.h"
#include "base/sys.h"
#include "base/tool.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ECHO_PORTS_MAX = 4, SMALL_ARGS_MAX = 256 };

#define DEBIAN_SUITE "bookworm"
#define DEBIAN_PACKAGES                                                                                      \
	"systemd,systemd-sysv,udev,dbus,kmod,openssh-server,iproute2,iputils-ping,ca-certificates,netbase,"  \
	"procps,nano"

enum source
source_of(const char *from)
{
	struct stat st;

	if (strcmp(from, "debian-12") == 0)
		return SOURCE_DEBIAN;
	if (strcmp(from, "small") == 0)
		return SOURCE_SMALL;
	if (from[0] != '/' || stat(from, &st) == -1)
		return SOURCE_UNKNOWN;
	if (S_ISDIR(st.st_mode))
		return SOURCE_DIR;
	return S_ISREG(st.st_mode) ? SOURCE_TARBALL : SOURCE_UNKNOWN;
}

const char *
source_base(void)
{
	static const char *const places[] = {"../launch/base", "../share/lodge/base"};
	static char path[TOOL_PATH_MAX];

	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
		tool_path(path, "%s%s", sys_bindir(), places[i]);
		if (access(path, X_OK) == 0)
			return path;
	}
	log_error("the files for guests are missing: neither %s%s nor %s%s exists; reinstall lodge",
	    sys_bindir(), places[0], sys_bindir(), places[1]);
	return NULL;
}

static int
unpack(const char *file, const char *tree)
{
	/* GNU tar detects gzip, xz and zstd by itself. */
	return tool_run(-1, NULL,
	    (const char *[]){"tar", "-x", "-p", "--numeric-owner", "--xattrs", "--xattrs-include=*", "-C",
		tree, "-f", file, NULL});
}

/* The only entry of a directory, when it is a directory itself; NULL: it is not so. The caller frees. */
static char *
only_dir(const char *path)
{
	DIR *d = opendir(path);
	struct dirent *entry;
	char *name = NULL;
	size_t n = 0;

	while (d && (entry = readdir(d))) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		if (n++ == 0 && entry->d_type == DT_DIR)
			name = strdup(entry->d_name);
	}
	if (d)
		closedir(d);
	if (n != 1) {
		free(name);
		name = NULL;
	}
	return name;
}

/* Some distributions pack their root below one folder (root.x86_64/): that folder is the tree. */
static int
lift(const char *work, const char *tree)
{
	char inner[TOOL_PATH_MAX], lifted[TOOL_PATH_MAX];
	char *name = only_dir(tree);
	int result;

	if (!name)
		return 0;
	tool_path(inner, "%s/%s", tree, name);
	tool_path(lifted, "%s/lifted", work);
	result = rename(inner, lifted) == -1 || rmdir(tree) == -1 || rename(lifted, tree) == -1 ? -1 : 0;
	if (result == -1)
		log_error("%s: cannot be moved: %s", inner, strerror(errno));
	free(name);
	return result;
}

/* A new recipe makes a new base: the name carries a hash (FNV-1a) of what goes in. */
static uint32_t
recipe(void)
{
	uint32_t hash = 2166136261u;

	for (const char *s = DEBIAN_SUITE "," DEBIAN_PACKAGES; *s; s++)
		hash = (hash ^ (unsigned char)*s) * 16777619u;
	return hash;
}

static int
keep(const char *made, const char *path)
{
	int fd = open(made, O_RDONLY | O_CLOEXEC);
	int result = fd == -1 || fsync(fd) == -1 || rename(made, path) == -1 ? -1 : 0;

	if (result == -1)
		log_error("cannot keep %s: %s", path, strerror(errno));
	if (fd != -1)
		close(fd);
	return result;
}

/* In namespaces of its own, so that with it go its mounts and whatever a package's script started. */
static int
debian_make(const char *dir, const char *path, const char *work)
{
	char made[TOOL_PATH_MAX];
	int result;

	scrap_path(made, dir, "debian-12", ".tar");
	log_info("making %s from the Debian archive, once (a minute or so)", path);
	result = tool_run(-1, work,
	    (const char *[]){"unshare", "--mount", "--pid", "--fork", "--kill-child=SIGKILL", "--mount-proc",
		"mmdebstrap", "--quiet", "--mode=root", "--variant=minbase", "--include=" DEBIAN_PACKAGES,
		DEBIAN_SUITE, made, NULL});
	if (result == 0)
		result = keep(made, path);
	else if (!tool_interrupted())
		log_error("the Debian base was not made; it takes mmdebstrap on this host and a way to the "
			  "Debian archive");
	if (result == -1)
		unlink(made);
	return result;
}

/* One maker at a time; who waited finds it made. */
static int
debian_fetch(const struct conf *conf, const char *work, const char *tree)
{
	char dir[TOOL_PATH_MAX], path[TOOL_PATH_MAX], lock[TOOL_PATH_MAX];
	int fd, result = -1;

	tool_path(dir, "%s/base", conf->state);
	tool_path(path, "%s/debian-12-%08x.tar", dir, recipe());
	tool_path(lock, "%s/.lock", dir);
	if (sys_mkdir(dir, 0700, 0, 0) == -1 || (fd = open(lock, O_RDWR | O_CREAT | O_CLOEXEC, 0600)) == -1) {
		log_error("cannot use %s: %s", dir, strerror(errno));
		return -1;
	}
	if (flock(fd, LOCK_EX) == 0) {
		scrap_sweep(dir);
		result = access(path, R_OK) == 0 ? 0 : debian_make(dir, path, work);
	}
	close(fd);
	if (result == 0 && (result = unpack(path, tree)) == -1 && !tool_interrupted())
		log_error("%s cannot be unpacked; remove it and it is made anew", path);
	return result;
}

/* The first ports of each range, as the guest sees them: something there shall answer. */
static size_t
echo_ports(const struct guest *guest, char ports[][8])
{
	size_t n = 0;

	for (size_t i = 0; i < guest->n_forwards && n + 2 <= ECHO_PORTS_MAX; i++) {
		const struct forward *f = &guest->forwards[i];

		if (f->hi == f->lo)
			continue;
		snprintf(ports[n++], 8, "%u", f->to);
		snprintf(ports[n++], 8, "%u", f->to + 1u);
	}
	return n;
}

static int
small_fetch(const struct guest *guest, const char *tree)
{
	const char *base = source_base(), *argv[SMALL_ARGS_MAX + 16];
	char script[TOOL_PATH_MAX], ports[ECHO_PORTS_MAX][8], names[SMALL_ARGS_MAX / 4][CONF_DOMAIN_MAX + 3];
	size_t n = 0, n_ports = echo_ports(guest, ports), used = 0;

	if (!base)
		return -1;
	tool_path(script, "%s/small", base);
	argv[n++] = "sh";
	argv[n++] = script;
	for (size_t i = 0; i < guest->n_domains && used + 2 <= SMALL_ARGS_MAX / 4; i++) {
		const struct domain *d = &guest->domains[i];

		if (d->kind != DOMAIN_EXACT)
			snprintf(names[used++], sizeof(*names), "*.%s", d->name);
		if (d->kind != DOMAIN_BELOW)
			snprintf(names[used++], sizeof(*names), "%s", d->name);
	}
	for (size_t i = 0; i < used; i++) {
		argv[n++] = "-d";
		argv[n++] = names[i];
	}
	for (size_t i = 0; i < n_ports; i++) {
		argv[n++] = "-e";
		argv[n++] = ports[i];
	}
	argv[n++] = guest->name;
	argv[n++] = tree;
	argv[n] = NULL;
	return tool_run(-1, NULL, argv);
}

int
source_fetch(const struct conf *conf, const struct guest *guest, const char *work, const char *tree)
{
	const char *from = guest->disk.from;
	char inside[TOOL_PATH_MAX];

	switch (source_of(from)) {
	case SOURCE_DEBIAN:
		return debian_fetch(conf, work, tree);
	case SOURCE_SMALL:
		return small_fetch(guest, tree);
	case SOURCE_DIR:
		tool_path(inside, "%s/.", from);
		return tool_run(-1, NULL, (const char *[]){"cp", "-ax", "--", inside, tree, NULL});
	case SOURCE_TARBALL:
		return unpack(from, tree) == -1 ? -1 : lift(work, tree);
	case SOURCE_UNKNOWN:
		break;
	}
	log_error("guest %s: disk.from: %s: not there", guest->name, from);
	return -1;
}
