/*
 * Preloaded into lodge and lodge-guest: of the calls that make, open, read, write, rename or remove something, the FAULT_AT-th of
 * the process fails with FAULT_ERRNO, and FAULT_HIT (a file) gets its name. Children that are other programs are left alone.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static bool
fails(const char *call, const char *what)
{
	static long at = -1, n;
	const char *hit = getenv("FAULT_HIT");
	char line[4200];
	int fd, len;

	if (at == -1) {
		const char *words = getenv("FAULT_AT");

		at = words && hit && strncmp(program_invocation_short_name, "lodge", 5) == 0 ? atol(words) : 0;
	}
	/* What the C library looks up for itself is no business of lodge's. */
	if (at == 0 || (what && (strncmp(what, "/etc/", 5) == 0 || strncmp(what, "/usr/", 5) == 0)) || ++n != at)
		return false;
	fd = (int)syscall(SYS_openat, AT_FDCWD, hit, O_WRONLY | O_CREAT | O_APPEND, 0644);
	len = snprintf(line, sizeof(line), "%s %s\n", call, what ? what : "-");
	syscall(SYS_write, fd, line, (size_t)len);
	syscall(SYS_close, fd);
	errno = atoi(getenv("FAULT_ERRNO"));
	return true;
}

#define NEXT(call) ((__typeof__(&call))dlsym(RTLD_NEXT, #call))
#define INT(call, what, params, args)                                                                        \
	int call params                                                                                      \
	{                                                                                                    \
		return fails(#call, what) ? -1 : NEXT(call) args;                                            \
	}
#define BYTES(call, params, args)                                                                            \
	ssize_t call params                                                                                  \
	{                                                                                                    \
		return fails(#call, NULL) ? -1 : NEXT(call) args;                                            \
	}

INT(mkdir, path, (const char *path, mode_t mode), (path, mode))
INT(rename, from, (const char *from, const char *to), (from, to))
INT(renameat2, from, (int a, const char *from, int b, const char *to, unsigned flags), (a, from, b, to, flags))
INT(unlink, path, (const char *path), (path))
INT(chmod, path, (const char *path, mode_t mode), (path, mode))
INT(symlink, to, (const char *from, const char *to), (from, to))
INT(fsync, NULL, (int fd), (fd))
INT(fchmod, NULL, (int fd, mode_t mode), (fd, mode))
INT(fchown, NULL, (int fd, uid_t uid, gid_t gid), (fd, uid, gid))
INT(ftruncate, NULL, (int fd, off_t size), (fd, size))
INT(flock, NULL, (int fd, int how), (fd, how))
INT(pipe2, NULL, (int fds[2], int flags), (fds, flags))
BYTES(pread, (int fd, void *bytes, size_t n, off_t at), (fd, bytes, n, at))
BYTES(pwrite, (int fd, const void *bytes, size_t n, off_t at), (fd, bytes, n, at))

int
open(const char *path, int flags, ...)
{
	va_list args;
	mode_t mode;

	va_start(args, flags);
	mode = flags & (O_CREAT | __O_TMPFILE) ? va_arg(args, mode_t) : 0;
	va_end(args);
	return fails("open", path) ? -1 : NEXT(open)(path, flags, mode);
}

int
openat(int dir, const char *path, int flags, ...)
{
	va_list args;
	mode_t mode;

	va_start(args, flags);
	mode = flags & (O_CREAT | __O_TMPFILE) ? va_arg(args, mode_t) : 0;
	va_end(args);
	return fails("openat", path) ? -1 : NEXT(openat)(dir, path, flags, mode);
}

FILE *
fopen(const char *path, const char *mode)
{
	return fails("fopen", path) ? NULL : NEXT(fopen)(path, mode);
}

int
fclose(FILE *file)
{
	int result = NEXT(fclose)(file);

	return fails("fclose", NULL) ? EOF : result;
}

int
fflush(FILE *file)
{
	int result = NEXT(fflush)(file);

	return file && file != stderr && fails("fflush", NULL) ? EOF : result;
}

DIR *
opendir(const char *path)
{
	return fails("opendir", path) ? NULL : NEXT(opendir)(path);
}

char *
realpath(const char *path, char *out)
{
	return fails("realpath", path) ? NULL : NEXT(realpath)(path, out);
}
