/* Where a root tree comes from; see source.h. */
#include "launch/source.h"
#include "base/log.h"
#include "base/remedy.h"
#include "base/sys.h"
#include "base/tool.h"
#include "launch/base.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	ECHO_PORTS_MAX = 4,
	SMALL_ARGS_MAX = 256,
	PACKED = 3, /* a root tree takes as many times what it takes packed */
	SMALL_BYTES = 48 << 20, /* its tree and its image */
	DEBIAN_BYTES = 1200 << 20, /* with the base that is made first */
};

enum source
source_of(const char *from)
{
	struct stat st;

	if (strcmp(from, "debian-12") == 0)
		return SOURCE_DEBIAN;
	if (strcmp(from, "arch") == 0)
		return SOURCE_ARCH;
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

static int
unpack_told(const char *file, const char *tree)
{
	int result = unpack(file, tree);

	if (result == -1 && !tool_interrupted())
		log_error("%s is no tarball of a root (packed with gzip, xz, zstd or not at all), or is "
			  "damaged; tar -tf %s lists it",
		    file, file);
	return result;
}

/* The only directory in a directory, whatever files lie beside it; NULL: it is not so. The caller frees. */
static char *
only_dir(const char *path)
{
	DIR *d = opendir(path);
	struct dirent *entry;
	char *name = NULL;
	size_t n = 0;

	while (d && (entry = readdir(d))) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 ||
		    entry->d_type == DT_REG)
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

/* Some distributions pack their root below one folder (root.x86_64/, and a list beside it): that folder is the tree. */
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
	result = rename(inner, lifted);
	if (result == 0)
		result = tool_run(-1, NULL, (const char *[]){"rm", "-rf", "--", tree, NULL});
	if (result == 0)
		result = rename(lifted, tree);
	if (result == -1 && !tool_interrupted())
		log_error("%s: cannot be moved: %s", inner, remedy(errno, inner));
	free(name);
	return result;
}

static int
debian_fetch(const struct conf *conf, const char *work, const char *tree, bool refresh)
{
	char path[TOOL_PATH_MAX];
	int result = base_debian(conf, work, refresh, path);

	if (result == 0 && (result = unpack(path, tree)) == -1 && !tool_interrupted())
		log_error("%s cannot be unpacked; df -h %s shows whether there is room, lodge guest create "
			  "--refresh makes the base anew",
		    path, remedy_folder(work));
	return result;
}

static int
arch_fetch(const struct conf *conf, const char *work, const char *tree)
{
	char path[TOOL_PATH_MAX];

	if (base_arch(conf, path) == -1)
		return -1;
	return unpack_told(path, tree) == -1 ? -1 : lift(work, tree);
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
small_fetch(const struct guest *guest, const char *tree, bool own)
{
	const char *base = source_base(), *argv[SMALL_ARGS_MAX + 16];
	char script[TOOL_PATH_MAX], ports[ECHO_PORTS_MAX][8], names[SMALL_ARGS_MAX / 4][CONF_DOMAIN_MAX + 3];
	size_t n = 0, n_ports = echo_ports(guest, ports), used = 0;

	if (!base)
		return -1;
	tool_path(script, "%s/small", base);
	argv[n++] = "sh";
	argv[n++] = script;
	if (own)
		argv[n++] = "-o";
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

/* Of a folder, all it has on its disk. */
static unsigned long long
dir_bytes(const char *path)
{
	char line[64];

	if (tool_line((const char *[]){"du", "-sxk", "--", path, NULL}, line, sizeof(line)) == -1)
		return 0;
	return strtoull(line, NULL, 10) << 10;
}

static unsigned long long
tarball_bytes(const char *path)
{
	size_t n = strlen(path);
	bool plain = n > 4 && strcmp(path + n - 4, ".tar") == 0;
	struct stat st;

	return stat(path, &st) == -1 ? 0 : (unsigned long long)st.st_size * (plain ? 1 : PACKED);
}

unsigned long long
source_room(const struct conf *conf, const char *from)
{
	unsigned long long kept = base_debian_bytes(conf);

	switch (source_of(from)) {
	case SOURCE_DEBIAN:
		return kept ? 2 * PACKED * kept : DEBIAN_BYTES;
	case SOURCE_SMALL:
		return SMALL_BYTES;
	case SOURCE_DIR:
		return 2 * dir_bytes(from);
	case SOURCE_TARBALL:
		return 2 * tarball_bytes(from);
	case SOURCE_ARCH:
	case SOURCE_UNKNOWN:
		break;
	}
	return 0;
}

int
source_own(const struct guest *guest, const char *tree)
{
	return source_of(guest->disk.from) == SOURCE_SMALL ? small_fetch(guest, tree, true) : 0;
}

int
source_fetch(
    const struct conf *conf, const struct guest *guest, const char *work, const char *tree, bool refresh)
{
	const char *from = guest->disk.from;
	char inside[TOOL_PATH_MAX];

	switch (source_of(from)) {
	case SOURCE_DEBIAN:
		return debian_fetch(conf, work, tree, refresh);
	case SOURCE_ARCH:
		return arch_fetch(conf, work, tree);
	case SOURCE_SMALL:
		return small_fetch(guest, tree, false);
	case SOURCE_DIR:
		tool_path(inside, "%s/.", from);
		return tool_run(-1, NULL, (const char *[]){"cp", "-ax", "--", inside, tree, NULL});
	case SOURCE_TARBALL:
		return unpack_told(from, tree) == -1 ? -1 : lift(work, tree);
	case SOURCE_UNKNOWN:
		break;
	}
	log_error(
	    "guest %s: disk.from: %s: not there; name debian-12, arch, small, a root tarball or a folder",
	    guest->name, from);
	return -1;
}
