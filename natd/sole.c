/* One lodge-natd in a network; see sole.h. An abstract socket's name belongs to the network namespace. */
#include "natd/sole.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static const char name[] = "\0lodge-natd";

/* Anybody may take a name: that of somebody else's keeps nobody from working. */
static bool
held_by_root(const struct sockaddr_un *sa, socklen_t len)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct ucred holder = {.uid = (uid_t)-1};
	socklen_t size = sizeof(holder);
	bool held = fd != -1 && connect(fd, (const struct sockaddr *)sa, len) == 0 &&
		    getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &holder, &size) == 0 && holder.uid == 0;

	if (fd != -1)
		close(fd);
	return held;
}

/* Who asks is told by being let in. */
static void
on_asked(struct ev_loop *loop, ev_io *w, int events)
{
	int fd = accept4(w->fd, NULL, NULL, SOCK_CLOEXEC);

	(void)loop, (void)events;
	if (fd != -1)
		close(fd);
}

int
sole_take(struct ev_loop *loop)
{
	static ev_io io;
	struct sockaddr_un sa = {.sun_family = AF_UNIX};
	socklen_t len = offsetof(struct sockaddr_un, sun_path) + sizeof(name) - 1;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), saved;

	if (fd == -1)
		return -1;
	memcpy(sa.sun_path, name, sizeof(name) - 1);
	if (bind(fd, (struct sockaddr *)&sa, len) == 0 && listen(fd, 16) == 0) {
		ev_io_init(&io, on_asked, fd, EV_READ);
		ev_io_start(loop, &io);
		return 0;
	}
	saved = errno;
	close(fd);
	if (saved == EADDRINUSE && !held_by_root(&sa, len))
		return 0;
	errno = saved;
	return -1;
}
