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
	bool
	    scrap; /* it leads to what is being made, which is gone when this is read: there is what that lies in */
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

/* Of what is nowhere that could be named; NULL: as of the host. */
static const char *
of_no_place(int error)
{
	switch (error) {
	case ENOENT:
		return "ls -l shows what is there";
	case ENOTDIR:
		return "name another place";
	case ENOTEMPTY:
		return "ls -A shows what is left in it";
	case EROFS:
		return "findmnt shows what is mounted where; name a place that can be written to";
	case EFBIG:
		return "df -hT names the file systems, and ulimit -f what a file may have";
	case EBUSY:
	case ETXTBSY:
	case EAGAIN:
		return "something uses it; try again";
	case EXDEV:
		return "both have to lie in one file system; findmnt shows those there are";
	case EIO:
	case EUCLEAN:
		return "the disk below it fails; the kernel's log (dmesg) says more";
	default:
		return NULL;
	}
}

/* Of one that is there. */
static const char *
of_place(int error, const char *there, char *out, size_t room)
{
	switch (error) {
	case EACCES:
	case EPERM:
		if (geteuid() != 0)
			return "try as root";
		snprintf(out, room,
		    "root may not either: lsattr -d %s, findmnt -T %s or the kernel's log (dmesg) may show "
		    "why",
		    there, there);
		return out;
	case ENOENT:
		snprintf(out, room, "ls -l %s shows what is there", there);
		return out;
	case ENOTDIR:
		snprintf(out, room, "%s is no folder; move it away, or name another place", there);
		return out;
	case ENOTEMPTY:
		snprintf(out, room, "ls -A %s shows what is left in it", there);
		return out;
	case ENOSPC:
	case EDQUOT:
		snprintf(
		    out, room, "make room there: df -h %s and df -i %s show how much is left", there, there);
		return out;
	case EROFS:
		snprintf(out, room,
		    "findmnt -T %s shows what is mounted there; name a place that can be written to", there);
		return out;
	case EFBIG:
		snprintf(
		    out, room, "df -T %s names the file system, and ulimit -f what a file may have", there);
		return out;
	case EBUSY:
	case ETXTBSY:
	case EAGAIN:
		snprintf(out, room, "something uses it: fuser -v %s names it", there);
		return out;
	case EXDEV:
		snprintf(out, room, "findmnt -T %s: both have to lie in one file system", there);
		return out;
	case EIO:
	case EUCLEAN:
		snprintf(out, room, "the disk below %s fails; the kernel's log (dmesg) says more", there);
		return out;
	default:
		return NULL;
	}
}

/* Where room, rights to write and the disk below are looked at: in a folder that stays. */
static bool
is_of_folder(int error)
{
	return error == ENOSPC || error == EDQUOT || error == EROFS || error == EFBIG || error == EIO ||
	       error == EUCLEAN;
}

/* Of a file or folder. NULL: the path does not matter. */
static const char *
of_path(int error, const char *path, char *out, size_t room)
{
	static struct reach r;

	reach(path, &r);
	if (is_of_folder(error))
		go_to_folder(r.there);
	switch (error) {
	case EISDIR:
		return "it is a folder; name a file";
	case EEXIST:
		return "it is there already; move it away, or take another name";
	case ELOOP:
		snprintf(out, room, "it is a link, and none may stand there: readlink -f %s", path);
		return out;
	case ENODATA:
		return "it is cut short; restore it from a backup";
	case ENAMETOOLONG:
		return "take a shorter path";
	case ECONNREFUSED:
		return "nobody answers there; lodge status shows what runs";
	case ETIMEDOUT:
	case ECONNRESET:
	case EPIPE:
	case EPROTO:
		return "try again; the log of who should answer there may say why";
	default:
		break;
	}
	if (error == ENOENT && r.scrap)
		return "what was being made there is gone; try again";
	if (error == ENOENT && r.missing[0] && strcmp(r.missing, path) != 0) {
		snprintf(out, room, "make its folder (mkdir -p %.*s), or name another place",
		    (int)(strrchr(path, '/') - path), path);
		return out;
	}
	return is_nowhere(r.there) ? of_no_place(error) : of_place(error, r.there, out, room);
}

static const char *
of_host(int error)
{
	switch (error) {
	case EACCES:
	case EPERM:
		return geteuid() != 0 ? "try as root"
				      : "root may not either: lodge doctor says what this host forbids";
	case ENOMEM:
		return "free -h shows what memory is left";
	case EAGAIN:
		return "too many processes or too little memory: ulimit -u, free -h";
	case EMFILE:
		return "too many files are open: ulimit -n 4096, then again";
	case ENFILE:
		return "the host has too many files open; raise it: sysctl fs.file-max";
	case ENOSPC:
	case EDQUOT:
		return "make room: df -h and df -i show how much is left";
	case ENODATA:
		return "it is cut short; restore it from a backup";
	case EINTR:
		return "try again";
	case ENOSYS:
	case ENODEV:
	case ENXIO:
	case EOPNOTSUPP:
		return "lodge doctor says what this host cannot do";
	default:
		return "the kernel's log (dmesg) may say why, or strace -f of the same command";
	}
}

const char *
remedy(int error, const char *path)
{
	static char text[2 * PATH_MAX + 512], next[2 * PATH_MAX + 256];
	int saved = errno;
	const char *try = path ? of_path(error, path, next, sizeof(next)) : NULL;

	snprintf(text, sizeof(text), "%s; %s", strerror(error), try ? try : of_host(error));
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
