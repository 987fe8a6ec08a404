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
};

static void
reach(const char *path, struct reach *out)
{
	struct stat st;
	char *slash;

	snprintf(out->there, sizeof(out->there), "%s", path);
	out->missing[0] = '\0';
	while (lstat(out->there, &st) == -1 && (errno == ENOENT || errno == ENOTDIR)) {
		strcpy(out->missing, out->there);
		slash = strrchr(out->there, '/');
		if (!slash)
			strcpy(out->there, ".");
		else if (slash == out->there)
			strcpy(out->there, "/");
		else
			*slash = '\0';
		if (strcmp(out->there, out->missing) == 0)
			return;
	}
}

/* Of a file or folder. NULL: the path does not matter. */
static const char *
of_path(int error, const char *path, char *out, size_t room)
{
	static struct reach r;

	reach(path, &r);
	switch (error) {
	case EACCES:
	case EPERM:
		if (geteuid() != 0)
			return "try as root";
		snprintf(out, room,
		    "root may not either: lsattr -d %s, findmnt -T %s or the kernel's log (dmesg) may show "
		    "why",
		    r.there, r.there);
		return out;
	case ENOENT:
		if (!r.missing[0] || strcmp(r.missing, path) == 0)
			snprintf(out, room, "ls -l %s shows what is there", r.missing[0] ? r.there : path);
		else
			snprintf(out, room, "make its folder (mkdir -p %.*s), or name another place",
			    (int)(strrchr(path, '/') - path), path);
		return out;
	case ENOTDIR:
		snprintf(out, room, "%s is no folder; move it away, or name another place", r.there);
		return out;
	case EISDIR:
		return "it is a folder; name a file";
	case EEXIST:
		return "it is there already; move it away, or take another name";
	case ENOTEMPTY:
		snprintf(out, room, "ls -A %s shows what is left in it", path);
		return out;
	case ELOOP:
		snprintf(out, room, "it is a link, and none may stand there: readlink -f %s", path);
		return out;
	case ENOSPC:
	case EDQUOT:
		snprintf(out, room, "make room there: df -h %s and df -i %s show how much is left", r.there,
		    r.there);
		return out;
	case EROFS:
		snprintf(out, room,
		    "findmnt -T %s shows what is mounted there; name a place that can be written to",
		    r.there);
		return out;
	case EFBIG:
		snprintf(
		    out, room, "df -T %s names the file system, and ulimit -f what a file may have", r.there);
		return out;
	case EBUSY:
	case ETXTBSY:
	case EAGAIN:
		snprintf(out, room, "something uses it: fuser -v %s names it", path);
		return out;
	case EXDEV:
		snprintf(out, room, "findmnt -T %s: both have to lie in one file system", r.there);
		return out;
	case EIO:
	case EUCLEAN:
		snprintf(out, room, "the disk below %s fails; the kernel's log (dmesg) says more", r.there);
		return out;
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
		return NULL;
	}
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
		return "make room: df -h shows how much is left";
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

bool
remedy_is_right(int error)
{
	return error == EACCES || error == EPERM;
}
