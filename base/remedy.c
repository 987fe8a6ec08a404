/* What errno says, and the next thing to try; see remedy.h. */
#include "base/remedy.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A path as far as it is there, and the first part of it that is not ("": all is). */
struct reach {
	char there[PATH_MAX], missing[PATH_MAX];
	bool scrap; /* it leads to what is being made, gone when this is read: there is what that lies in */
};

/* The folder that it lies in; false: there is none above it. */
static bool
go_up(char *path)
{
	char *slash = strrchr(path, '/');

	if (strcmp(path, "/") == 0 || strcmp(path, ".") == 0)
		return false;
	if (!slash)
		strcpy(path, ".");
	else
		slash[slash == path] = '\0';
	return true;
}

static bool
is_scrap(const char *path)
{
	return strncmp(path, ".making-", 8) == 0 || strstr(path, "/.making-");
}

/* No path of ours: "df -h ." would be typed elsewhere. */
static bool
is_nowhere(const char *path)
{
	return !*path || strcmp(path, ".") == 0;
}

static void
reach(const char *path, struct reach *out)
{
	struct stat st;

	snprintf(out->there, sizeof(out->there), "%s", path);
	out->missing[0] = '\0';
	while (lstat(out->there, &st) == -1 && (errno == ENOENT || errno == ENOTDIR)) {
		strcpy(out->missing, out->there);
		if (!go_up(out->there))
			break;
	}
	out->scrap = is_scrap(out->there) || is_scrap(out->missing);
	while (is_scrap(out->there) && go_up(out->there))
		;
}

static void
go_to_folder(char *path)
{
	struct stat st;

	while ((stat(path, &st) == -1 || !S_ISDIR(st.st_mode)) && go_up(path))
		;
}

/* What to try, by what is known of the place, which is %1$s. NULL: as on the host, of which there is always something to say. */
struct advice {
	int errors[5]; /* up to the first 0 */
	bool of_folder; /* room, rights to write and the disk below are looked at in a folder that stays */
	const char *given; /* of the path as it was given, whatever of it is there */
	const char *there; /* of the part of it that is */
	const char *nowhere; /* of what is nowhere that could be named */
	const char *host; /* of no path */
};

static const struct advice advices[] = {
    {{EISDIR}, .given = "it is a folder; name a file"},
    {{EEXIST}, .given = "it is there already; move it away, or take another name"},
    {{ELOOP}, .given = "it is a link, and none may stand there: readlink -f %1$s"},
    {{ENODATA}, .given = "it is cut short; restore it from a backup",
	.host = "it is cut short; restore it from a backup"},
    {{ENAMETOOLONG}, .given = "take a shorter path"},
    {{ECONNREFUSED}, .given = "nobody answers there; lodge status shows what runs"},
    {{ETIMEDOUT, ECONNRESET, EPIPE, EPROTO},
	.given = "try again; the log of who should answer there may say why"},
    {{EACCES, EPERM},
	.there =
	    "root may not either: lsattr -d %1$s, findmnt -T %1$s or the kernel's log (dmesg) may show why",
	.host = "root may not either: lodge doctor says what this host forbids"},
    {{ENOENT}, .there = "ls -l %1$s shows what is there", .nowhere = "ls -l shows what is there"},
    {{ENOTDIR}, .there = "%1$s is no folder; move it away, or name another place",
	.nowhere = "name another place"},
    {{ENOTEMPTY}, .there = "ls -A %1$s shows what is left in it",
	.nowhere = "ls -A shows what is left in it"},
    {{ENOSPC, EDQUOT}, .of_folder = true,
	.there = "make room there: df -h %1$s and df -i %1$s show how much is left",
	.host = "make room: df -h and df -i show how much is left"},
    {{EROFS}, .of_folder = true,
	.there = "findmnt -T %1$s shows what is mounted there; name a place that can be written to",
	.nowhere = "findmnt shows what is mounted where; name a place that can be written to"},
    {{EFBIG}, .of_folder = true,
	.there = "df -T %1$s names the file system, and ulimit -f what a file may have",
	.nowhere = "df -hT names the file systems, and ulimit -f what a file may have"},
    {{EBUSY, ETXTBSY}, .there = "something uses it: fuser -v %1$s names it",
	.nowhere = "something uses it; try again"},
    {{EAGAIN}, .there = "something uses it: fuser -v %1$s names it",
	.nowhere = "something uses it; try again",
	.host = "too many processes or too little memory: ulimit -u, free -h"},
    {{EXDEV}, .there = "findmnt -T %1$s: both have to lie in one file system",
	.nowhere = "both have to lie in one file system; findmnt shows those there are"},
    {{EIO, EUCLEAN}, .of_folder = true,
	.there = "the disk below %1$s fails; the kernel's log (dmesg) says more",
	.nowhere = "the disk below it fails; the kernel's log (dmesg) says more"},
    {{ENOMEM}, .host = "free -h shows what memory is left"},
    {{EMFILE}, .host = "too many files are open: ulimit -n 4096, then again"},
    {{ENFILE}, .host = "the host has too many files open; raise it: sysctl fs.file-max"},
    {{EINTR}, .host = "try again"},
    {{ENOSYS, ENODEV, ENXIO, EOPNOTSUPP}, .host = "lodge doctor says what this host cannot do"},
};

static const struct advice *
advice_on(int error)
{
	static const struct advice none;

	for (size_t i = 0; i < sizeof(advices) / sizeof(*advices); i++)
		for (const int *e = advices[i].errors; *e; e++)
			if (*e == error)
				return &advices[i];
	return &none;
}

/* Of a file or folder, and the place that is meant. NULL: the path does not matter. */
static const char *
of_path(int error, const struct advice *a, const char *path, const char **place)
{
	static struct reach r;

	*place = path;
	if (a->given)
		return a->given;
	reach(path, &r);
	if (error == ENOENT && r.scrap)
		return "what was being made there is gone; try again";
	if (error == ENOENT && r.missing[0] && strcmp(r.missing, path) != 0) {
		snprintf(r.missing, sizeof(r.missing), "%s", path);
		go_up(r.missing);
		*place = r.missing;
		return "make its folder (mkdir -p %1$s), or name another place";
	}
	if (a->of_folder)
		go_to_folder(r.there);
	*place = r.there;
	return is_nowhere(r.there) ? a->nowhere : a->there;
}

const char *
remedy(int error, const char *path)
{
	static char text[2 * PATH_MAX + 512];
	const struct advice *a = advice_on(error);
	const char *format = NULL, *place = "";
	int saved = errno, n = snprintf(text, sizeof(text), "%s; ", strerror(error));

	if (path)
		format = of_path(error, a, path, &place);
	if (remedy_is_right(error) && geteuid() != 0)
		format = "try as root";
	else if (!format)
		format = a->host ? a->host
				 : "the kernel's log (dmesg) may say why, or strace -f of the same command";
	snprintf(text + n, sizeof(text) - (size_t)n, format, place);
	errno = saved;
	return text;
}

const char *
remedy_folder(const char *path)
{
	static struct reach r;
	int saved = errno;

	reach(path, &r);
	go_to_folder(r.there);
	errno = saved;
	return is_nowhere(r.there) ? "" : r.there;
}

bool
remedy_is_right(int error)
{
	return error == EACCES || error == EPERM;
}
