/* Bases of root trees, kept for the next guest; see base.h. */
#include "launch/base.h"
#include "base/log.h"
#include "base/remedy.h"
#include "base/scrap.h"
#include "base/sys.h"
#include "base/tool.h"

#include <errno.h>
#include <glob.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEBIAN_SUITE "bookworm"
#define DEBIAN_PACKAGES                                                                                      \
	"systemd,systemd-sysv,udev,dbus,kmod,openssh-server,iproute2,iputils-ping,ca-certificates,netbase,"  \
	"procps,nano"

enum { SHA256 = 64 };

/* FNV-1a of what goes in. */
static uint32_t
recipe(void)
{
	uint32_t hash = 2166136261u;

	for (const char *s = DEBIAN_SUITE "," DEBIAN_PACKAGES; *s; s++)
		hash = (hash ^ (unsigned char)*s) * 16777619u;
	return hash;
}

static void
debian_path(const struct conf *conf, char *path)
{
	tool_path(path, "%s/base/debian-12-%08x.tar.zst", conf->state, recipe());
}

unsigned long long
base_debian_bytes(const struct conf *conf)
{
	char path[TOOL_PATH_MAX];
	struct stat st;

	debian_path(conf, path);
	return stat(path, &st) == 0 ? (unsigned long long)st.st_size : 0;
}

static int
sum_of(const char *path, char sum[SHA256 + 1])
{
	if (tool_line((const char *[]){"sha256sum", "-b", path, NULL}, sum, SHA256 + 1) == -1)
		return -1;
	return strlen(sum) == SHA256 ? 0 : -1;
}

static void
sum_path(const char *path, char *out)
{
	tool_path(out, "%s.sha256", path);
}

/* Beside it, as sha256sum -c reads it. */
static int
sum_write(const char *made, const char *path)
{
	char sum[SHA256 + 1], to[TOOL_PATH_MAX];
	const char *name = strrchr(path, '/') + 1;
	FILE *out;

	if (sum_of(made, sum) == -1)
		return -1;
	sum_path(path, to);
	out = fopen(to, "we");
	if (!out)
		return -1;
	fprintf(out, "%s *%s\n", sum, name);
	return fclose(out) == EOF ? -1 : 0;
}

/* What was made is what is there. */
static bool
is_whole(const char *path)
{
	char was[SHA256 + 1] = "", is[SHA256 + 1], from[TOOL_PATH_MAX];
	FILE *in;
	bool read;

	if (access(path, R_OK) == -1)
		return false;
	sum_path(path, from);
	in = fopen(from, "re");
	read = in && fgets(was, sizeof(was), in);
	if (in)
		fclose(in);
	if (!read || sum_of(path, is) == -1 || strcmp(was, is) != 0) {
		if (!tool_interrupted())
			log_warn("%s is not what was made (%s); it is made anew", path,
			    read ? "its checksum differs" : "it has no checksum");
		return false;
	}
	return true;
}

/* The sum first: who is killed between has a base that is made anew, never one that nobody checked. */
static int
keep(const char *made, const char *path)
{
	if (sys_flush(made) == 0 && sum_write(made, path) == 0 && rename(made, path) == 0)
		return 0;
	if (!tool_interrupted())
		log_error("cannot keep %s: %s", path, remedy(errno, path));
	return -1;
}

/* In namespaces of its own, so that with it go its mounts and whatever a package's script started. */
static int
debian_make(const char *dir, const char *path, const char *work)
{
	char made[TOOL_PATH_MAX];
	int result;

	scrap_path(made, dir, "debian-12", ".tar.zst");
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

int
base_debian(const struct conf *conf, const char *work, bool refresh, char *path)
{
	char dir[TOOL_PATH_MAX];
	int fd = scrap_lock(tool_path(dir, "%s/base", conf->state)), result;

	if (fd == -1) {
		if (!tool_interrupted())
			log_error("cannot use %s: %s", dir, remedy(errno, dir));
		return -1;
	}
	debian_path(conf, path);
	result = !refresh && is_whole(path) ? 0 : debian_make(dir, path, work);
	close(fd);
	return result;
}

/* In Arch's own list beside it: the lines of its folder on a mirror. False: it is not there, or names another. */
static bool
listed_sum(const char *path, const char *list, char sum[SHA256 + 1])
{
	const char *base = strrchr(path, '/') + 1;
	char line[512], name[256];
	FILE *in = fopen(list, "re");
	bool found = false;

	while (in && !found && fgets(line, sizeof(line), in))
		found = sscanf(line, "%64[0-9a-f] %255s", sum, name) == 2 && strlen(sum) == SHA256 &&
			strcmp(name[0] == '*' ? name + 1 : name, base) == 0;
	if (in)
		fclose(in);
	return found;
}

static int
arch_check(const char *path, const char *list)
{
	char wanted[SHA256 + 1], is[SHA256 + 1];

	if (!listed_sum(path, list, wanted)) {
		log_warn("%s: unchecked, for %s does not name it; Arch publishes one beside it", path, list);
		return 0;
	}
	if (sum_of(path, is) == -1)
		return -1;
	if (strcmp(wanted, is) == 0)
		return 0;
	log_error("%s is not what %s says; fetch it again", path, list);
	return -1;
}

/* The newest. */
static void
arch_find(const char *pattern, char *path)
{
	struct stat st, newest = {0};
	glob_t found = {0};

	path[0] = '\0';
	if (glob(pattern, 0, NULL, &found) == 0)
		for (size_t i = 0; i < found.gl_pathc; i++) {
			size_t n = strlen(found.gl_pathv[i]);

			if (stat(found.gl_pathv[i], &st) == -1 || st.st_mtime < newest.st_mtime ||
			    (n > 4 && strcmp(found.gl_pathv[i] + n - 4, ".sig") == 0))
				continue;
			newest = st;
			tool_path(path, "%s", found.gl_pathv[i]);
		}
	globfree(&found);
}

int
base_arch(const struct conf *conf, char *path)
{
	char pattern[TOOL_PATH_MAX], list[TOOL_PATH_MAX];

	tool_path(pattern, "%s/base/archlinux-bootstrap-*.tar.*", conf->state);
	tool_path(list, "%s/base/sha256sums.txt", conf->state);
	arch_find(pattern, path);
	if (path[0])
		return arch_check(path, list);
	log_error("from: arch wants %s/base/archlinux-bootstrap-x86_64.tar.zst, and sha256sums.txt beside it "
		  "to check "
		  "it by; lodge fetches neither",
	    conf->state);
	log_error(
	    "get both from the folder iso/latest of a mirror that https://archlinux.org/download/ names; who "
	    "signed it: gpg --verify of the .sig that lies there");
	return -1;
}
