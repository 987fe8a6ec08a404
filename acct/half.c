/* One file of the journal's pairs; see half.h. */
#include "acct/half.h"
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static int
open_writable(const struct half *half)
{
	return open(half->path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640);
}

int
half_open(struct half *half, unsigned uid, unsigned gid)
{
	struct stat st;

	half->fd = open_writable(half);
	if (half->fd != -1 && fstat(half->fd, &st) == 0 && st.st_uid == uid && st.st_gid == gid)
		return 0;
	if (half->fd != -1)
		return fchown(half->fd, uid, gid);
	if (errno != EROFS)
		return -1;
	half->readonly = true;
	half->fd = open(half->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	return half->fd == -1 && errno != ENOENT ? -1 : 0;
}

int
half_read(const struct half *half, struct bytes *out)
{
	struct stat st = {0};

	*out = (struct bytes){0};
	if (half->fd == -1)
		return 0;
	if (fstat(half->fd, &st) == -1)
		return -1;
	if (st.st_size > BOOK_BYTES_MAX) {
		errno = EFBIG;
		return -1;
	}
	out->room = (size_t)st.st_size + 1;
	out->ptr = malloc(out->room);
	if (!out->ptr)
		return -1;
	while (out->len < (size_t)st.st_size) {
		ssize_t n =
		    pread(half->fd, out->ptr + out->len, (size_t)st.st_size - out->len, (off_t)out->len);

		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1) {
			free(out->ptr);
			out->ptr = NULL;
			return -1;
		}
		if (n == 0)
			break;
		out->len += (size_t)n;
	}
	return 0;
}

static int
move_aside(const struct half *half)
{
	char bad[PATH_MAX + 8];

	snprintf(bad, sizeof(bad), "%s.bad", half->path);
	return rename(half->path, bad);
}

int
half_aside(struct half *half, unsigned uid, unsigned gid, const char *what)
{
	log_error("%s %s; kept as %s.bad", half->path, what, half->path);
	if (half->readonly) {
		half->aside = true;
		return 0;
	}
	if (move_aside(half) == -1)
		return -1;
	close(half->fd);
	return half_open(half, uid, gid);
}

/* The file system may be writable by now. */
static int
open_again(struct half *half)
{
	int fd;

	if (half->aside && move_aside(half) == -1)
		return -1;
	half->aside = false;
	fd = open_writable(half);
	if (fd == -1)
		return -1;
	if (half->fd != -1)
		close(half->fd);
	half->fd = fd;
	half->readonly = false;
	return 0;
}

int
half_write(struct half *half, const struct bytes *bytes)
{
	if (half->readonly && open_again(half) == -1)
		return -1;
	for (size_t done = 0; done < bytes->len;) {
		ssize_t n = pwrite(half->fd, bytes->ptr + done, bytes->len - done, (off_t)done);

		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return -1;
		done += (size_t)n;
	}
	return fdatasync(half->fd);
}
