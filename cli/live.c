/* The disk of a guest that runs, copied; see live.h. */
#include "cli/live.h"
#include "base/hold.h"
#include "base/log.h"
#include "base/remedy.h"
#include "base/sys.h"
#include "base/tool.h"
#include "base/whole.h"
#include "cli/cli.h"
#include "cli/room.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { CHUNK = 64 << 10, PATIENCE_MS = 30000, LOOK_MS = 100, LINE = 256 };

struct live {
	const char *name, *image, *out;
	unsigned long long besides;
	int from, to;
	int held; /* the connection that holds the guest still; -1: it runs */
	char *new, *old; /* CHUNK bytes each */
};

/* --- the copy -------------------------------------------------------------------------------------- */

/* Where there is nothing any more there is nothing here; to make a hole of a hole costs a file system much. */
static int
empty(const struct live *l, off_t at, off_t end)
{
	off_t data = at < end ? lseek(l->to, at, SEEK_DATA) : end;

	if (data == -1 && errno != ENXIO)
		return -1;
	if (data == -1 || data >= end ||
	    fallocate(l->to, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, at, end - at) == 0)
		return 0;
	return -1;
}

/* It was still all the while, for it would have been told. */
static bool
was_held(int fd)
{
	char byte;

	return recv(fd, &byte, 1, MSG_DONTWAIT) == -1 && (errno == EAGAIN || errno == EINTR);
}

/* Nobody wants it any more. */
static bool
is_in_vain(const struct live *l)
{
	if (tool_interrupted())
		errno = EINTR;
	else if (l->held != -1 && !was_held(l->held))
		errno = ECANCELED;
	else
		return false;
	return true;
}

/* Only what differs is written. */
static int
copy_data(const struct live *l, off_t at, off_t end)
{
	while (at < end) {
		size_t some = end - at < CHUNK ? (size_t)(end - at) : CHUNK;

		if (is_in_vain(l) || whole_read(l->from, l->new, some, at) == -1 ||
		    whole_read(l->to, l->old, some, at) == -1)
			return -1;
		if (memcmp(l->new, l->old, some) != 0 && whole_write(l->to, l->new, some, at) == -1)
			return -1;
		at += (off_t)some;
	}
	return 0;
}

/* From its beginning to its end: of a disk on a base, what tells whose a sector is lies before the sectors. */
static int
copy_all(const struct live *l)
{
	off_t end = lseek(l->from, 0, SEEK_END), at = 0;

	while (at < end) {
		off_t data = lseek(l->from, at, SEEK_DATA), hole;

		if (data == -1 && errno != ENXIO)
			return -1;
		if (data == -1)
			data = end;
		if (empty(l, at, data) == -1)
			return -1;
		hole = data < end ? lseek(l->from, data, SEEK_HOLE) : end;
		if (hole == -1 || copy_data(l, data, hole) == -1)
			return -1;
		at = hole;
	}
	return 0;
}

/* --- the pause ------------------------------------------------------------------------------------- */

/* What the launcher says, without the end of its line. -1: errno. */
static int
hear(int fd, char line[LINE])
{
	struct pollfd pfd = {.fd = fd, .events = POLLIN};
	double until = sys_seconds() + PATIENCE_MS / 1000.0;
	size_t n = 0;

	while (n + 1 < LINE && !memchr(line, '\n', n)) {
		ssize_t got;

		if (poll(&pfd, 1, LOOK_MS) != 1) {
			if (!tool_interrupted() && sys_seconds() < until)
				continue;
			errno = tool_interrupted() ? EINTR : ETIMEDOUT;
			return -1;
		}
		got = recv(fd, line + n, LINE - 1 - n, 0);
		if (got <= 0) {
			errno = got == 0 ? ECONNRESET : errno;
			return -1;
		}
		n += (size_t)got;
	}
	line[n] = '\0';
	line[strcspn(line, "\n")] = '\0';
	return 0;
}

/* A connection: as long as it is there the guest stands still. -1: said, and *status. */
static int
hold(const struct conf *conf, const char *name, int *status)
{
	char *path = conf_run_path(conf, "guests/%s/pause.sock", name), line[LINE];
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_un sa;

	*status = EXIT_DONE;
	if (fd == -1 || !path || sys_unix(path, &sa) == -1 ||
	    connect(fd, (struct sockaddr *)&sa, sizeof(sa)) == -1)
		*status = cli_fail(EXIT_SYSTEM,
		    "%s cannot be held still: %s: %s; without --live it is shut down meanwhile", name,
		    path ? path : "", strerror(errno));
	else if (hear(fd, line) == -1)
		*status = errno == EINTR ? EXIT_SYSTEM
					 : cli_fail(EXIT_SYSTEM, "%s: its launcher does not answer: %s", name,
					       remedy(errno, path));
	else if (strcmp(line, "stopped") != 0)
		*status = cli_fail(EXIT_SYSTEM,
		    "%s cannot be held still: %s; without --live it is shut down meanwhile", name,
		    strncmp(line, "error ", 6) == 0 ? line + 6 : line);
	free(path);
	if (*status == EXIT_DONE)
		return fd;
	if (fd != -1)
		close(fd);
	return -1;
}

/* --- both ------------------------------------------------------------------------------------------ */

static int
failed(const struct live *l)
{
	return errno == EINTR ? EXIT_SYSTEM : cli_unread(errno == ENODATA ? l->image : l->out);
}

/* One that is long is done again: the next one, for which the guest waits, takes as long, and much lies in memory by now. */
static int
copy_running(const struct live *l)
{
	double took = 0;

	for (int i = 0; i == 0 || (i == 1 && took > HOLD_STILL_MAX_S / 2.0); i++) {
		double from = sys_seconds();

		if (copy_all(l) == -1)
			return failed(l);
		took = sys_seconds() - from;
	}
	if (took <= HOLD_STILL_MAX_S)
		return EXIT_DONE;
	return cli_fail(EXIT_SYSTEM,
	    "%s would have to stand still for %.0f s, and does for %d s at the most; leave out --live",
	    l->name, took, HOLD_STILL_MAX_S);
}

static int
copy_still(const struct conf *conf, struct live *l, bool clones)
{
	double from;
	int status, result;
	bool held;

	l->held = hold(conf, l->name, &status);
	if (l->held == -1)
		return status;
	from = sys_seconds();
	if (!hold_is_current(l->from, l->image)) {
		close(l->held);
		return cli_fail(EXIT_SYSTEM, "%s: its disk was replaced meanwhile; try again", l->name);
	}
	result = clones ? ioctl(l->to, FICLONE, l->from) : copy_all(l);
	if (result == -1)
		status = errno == ECANCELED ? EXIT_DONE : failed(l);
	held = was_held(l->held);
	close(l->held);
	if (status == EXIT_DONE && !held)
		return cli_fail(EXIT_SYSTEM,
		    "%s went on before its disk was copied; try again, or without --live", l->name);
	if (status == EXIT_DONE)
		log_info("%s stood still for %.0f ms", l->name, (sys_seconds() - from) * 1000);
	return status;
}

static int
check_room(const struct live *l)
{
	struct stat st;

	if (fstat(l->from, &st) == -1)
		return cli_errno(l->image);
	return room_check(l->out, (unsigned long long)st.st_blocks * 512 + l->besides, "a copy of its disk",
	    "make room, or leave out --live");
}

static int
copy(const struct conf *conf, struct live *l)
{
	off_t size = lseek(l->from, 0, SEEK_END);
	bool clones;
	int status;

	if (size == -1 || ftruncate(l->to, size) == -1)
		return failed(l);
	clones = ioctl(l->to, FICLONE, l->from) == 0;
	status = clones ? EXIT_DONE : check_room(l);
	if (status == EXIT_DONE && !clones)
		status = copy_running(l);
	return status == EXIT_DONE ? copy_still(conf, l, clones) : status;
}

int
live_copy(const struct conf *conf, const struct guest *guest, const char *image, const char *out,
    unsigned long long besides)
{
	struct live l = {.name = guest->name,
	    .image = image,
	    .out = out,
	    .besides = besides,
	    .from = -1,
	    .to = -1,
	    .held = -1,
	    .new = malloc(CHUNK),
	    .old = malloc(CHUNK)};
	int status;

	l.from = open(image, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (l.from != -1)
		l.to = open(out, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (l.from == -1 || l.to == -1 || !l.new || !l.old)
		status = cli_errno(l.from == -1 ? image : out);
	else
		status = copy(conf, &l);
	if (l.from != -1)
		close(l.from);
	if (l.to != -1)
		close(l.to);
	free(l.new);
	free(l.old);
	return status;
}
