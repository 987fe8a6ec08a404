/* One kernel on one image; see hold.h. */
#include "launch/hold.h"
#include "launch/kernel.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

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
		    inode == st.st_ino && makedev(major_, minor_) == st.st_dev && pid != getpid())
			found = pid;
	if (f)
		fclose(f);
	return found > 0 ? found : 0;
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

static void
explain(const char *path, int fd, char *why)
{
	char name[32];
	int pid = holder(fd);

	if (pid) {
		name_of(pid, name, sizeof(name));
		launch_why(
		    why, "image %s is in use by process %d (%s); one kernel on one image", path, pid, name);
	} else {
		launch_why(why, "image %s is in use by another process; one kernel on one image", path);
	}
}

int
hold_image(const char *path, char *why)
{
	struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

	if (fd == -1) {
		launch_why(why, "image %s: %s", path, strerror(errno));
		return -1;
	}
	if (flock(fd, LOCK_EX | LOCK_NB) == 0 &&
	    (fcntl(fd, F_OFD_GETLK, &whole) == -1 || whole.l_type == F_UNLCK))
		return fd;
	explain(path, fd, why);
	close(fd);
	return -1;
}
