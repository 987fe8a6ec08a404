/* One kernel on one image; see hold.h. */
#include "base/hold.h"
#include "base/remedy.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

enum { TRIES = 100 };

/* Which other process has a lock on this file, by the kernel's list; 0: none that is seen from here. */
static int
holder(int fd)
{
	unsigned major_, minor_;
	unsigned long inode;
	struct stat st;
	char line[256];
	int pid, found = 0;
	FILE *f = fopen("/proc/locks", "re");

	while (f && fstat(fd, &st) == 0 && found == 0 && fgets(line, sizeof(line), f))
		if (sscanf(line, "%*d: %*s %*s %*s %d %x:%x:%lu", &pid, &major_, &minor_, &inode) == 4 &&
		    inode == st.st_ino && makedev(major_, minor_) == st.st_dev && pid > 0 && pid != getpid())
			found = pid;
	if (f)
		fclose(f);
	return found;
}

static void
name_of(int pid, char *out, size_t room)
{
	char path[64];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	f = fopen(path, "re");
	if (!f || !fgets(out, (int)room, f))
		snprintf(out, room, "?");
	out[strcspn(out, "\n")] = '\0';
	if (f)
		fclose(f);
}

/* errno: why it is not locked. */
static void
explain(const char *path, int fd, char *why, size_t room)
{
	int pid = errno == EAGAIN ? holder(fd) : 0;
	char name[32];

	if (pid) {
		name_of(pid, name, sizeof(name));
		snprintf(why, room,
		    "image %s is in use by process %d (%s); one kernel on one image, so end that first", path,
		    pid, name);
	} else if (errno == EAGAIN) {
		snprintf(why, room,
		    "image %s is in use by another process; one kernel on one image, fuser -v %s names it",
		    path, path);
	} else {
		snprintf(why, room, "image %s cannot be locked: %s", path, remedy(errno, path));
	}
}

/* -1: errno, EAGAIN where somebody else has it. */
static int
lock(int fd, enum hold hold)
{
	struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

	if (flock(fd, LOCK_EX | LOCK_NB) == -1)
		return -1;
	if (hold == HOLD_FROM_KERNELS)
		return fcntl(fd, F_OFD_SETLK, &whole);
	if (fcntl(fd, F_OFD_GETLK, &whole) == 0 && whole.l_type != F_UNLCK) {
		errno = EAGAIN;
		return -1;
	}
	return 0;
}

bool
hold_is_current(int fd, const char *path)
{
	struct stat held, named;

	return fstat(fd, &held) == 0 && stat(path, &named) == 0 && held.st_dev == named.st_dev &&
	       held.st_ino == named.st_ino;
}

int
hold_image(const char *path, enum hold hold, char *why, size_t room)
{
	for (int i = 0; i < TRIES; i++) {
		int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

		if (fd == -1) {
			snprintf(why, room, "image %s: %s", path, remedy(errno, path));
			return -1;
		}
		if (lock(fd, hold) == -1) {
			explain(path, fd, why, room);
			close(fd);
			return -1;
		}
		if (hold_is_current(fd, path))
			return fd;
		close(fd);
	}
	snprintf(why, room, "image %s is another file again and again; who replaces it?", path);
	return -1;
}
