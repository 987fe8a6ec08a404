/* Who asks a daemon's control socket, or many at once; see ctl.h. */
#include "base/ctl.h"
#include "base/sys.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum {
	TEXT_ROOM = 4096,
	ANSWER_MAX = 64 << 20,
	AGAIN_MS = 20, /* where too many wait to be heard */
};

int
ctl_connect(const char *path)
{
	struct sockaddr_un sa;
	int fd, saved;

	if (sys_unix(path, &sa) == -1)
		return -1;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd == -1)
		return -1;
	if (connect(fd, (struct sockaddr *)&sa, sizeof(sa)) == -1) {
		saved = errno;
		close(fd);
		errno = saved;
		return -1;
	}
	return fd;
}

/* No more is to come of it. */
static void
call_end(struct ctl_call *c, int error)
{
	if (c->fd != -1)
		close(c->fd);
	c->fd = -1;
	if (error == 0 && c->text)
		c->answer = json_loads(c->text, 0, NULL);
	c->error = c->answer ? 0 : error ? error : EPROTO;
	free(c->text);
	c->text = NULL;
}

/* EAGAIN stays as its error while nobody takes the connection. */
static void
call_connect(struct ctl_call *c)
{
	char request[CTL_WORD + 1];
	int n = snprintf(request, sizeof(request), "%s\n", c->word);

	if (n >= CTL_WORD) {
		call_end(c, EMSGSIZE);
		return;
	}
	c->fd = ctl_connect(c->path);
	c->error = c->fd == -1 ? errno : 0;
	if (c->fd != -1 && send(c->fd, request, (size_t)n, MSG_NOSIGNAL) != n)
		call_end(c, errno);
}

static bool
is_waiting(const struct ctl_call *c)
{
	return c->fd == -1 && c->error == EAGAIN;
}

/* As many as there is room for. How many are open then. */
static size_t
connect_all(struct ctl_call *calls, size_t n)
{
	size_t open = 0;

	for (size_t i = 0; i < n; i++)
		open += calls[i].fd != -1;
	for (size_t i = 0; i < n && open < CTL_CALLS; i++) {
		if (!is_waiting(&calls[i]))
			continue;
		call_connect(&calls[i]);
		open += calls[i].fd != -1;
	}
	return open;
}

void
ctl_begin(struct ctl_call *calls, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct ctl_call *c = &calls[i];

		*c = (struct ctl_call){
		    .path = c->path, .word = c->word, .error = c->path ? EAGAIN : c->error, .fd = -1};
	}
	connect_all(calls, n);
}

/* Some of what there is of the answer; its end ends the call. False: there is no more now. */
static bool
call_read(struct ctl_call *c)
{
	ssize_t n;
	char *more;

	if (!c->text || c->room - c->got < TEXT_ROOM) {
		more = c->room < ANSWER_MAX ? realloc(c->text, c->room = c->room * 2 + 2 * TEXT_ROOM) : NULL;
		if (!more) {
			call_end(c, ENOMEM);
			return false;
		}
		c->text = more;
	}
	n = recv(c->fd, c->text + c->got, c->room - 1 - c->got, 0);
	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (n > 0)
		c->got += (size_t)n;
	c->text[c->got] = '\0';
	if (n <= 0)
		call_end(c, n == 0 ? 0 : errno);
	return n > 0;
}

/* Those that are open, one poll for all of them; false: there is nobody to wait for. */
static bool
look_at_all(struct ctl_call *calls, size_t n, int wait_ms)
{
	struct pollfd fds[CTL_CALLS];
	struct ctl_call *polled[CTL_CALLS];
	size_t open = connect_all(calls, n), at = 0;
	bool waiting = false;

	for (size_t i = 0; i < n; i++) {
		waiting |= is_waiting(&calls[i]);
		if (calls[i].fd == -1)
			continue;
		polled[at] = &calls[i];
		fds[at++] = (struct pollfd){.fd = calls[i].fd, .events = POLLIN};
	}
	if (open == 0 && !waiting)
		return false;
	if (waiting && open < CTL_CALLS && wait_ms > AGAIN_MS)
		wait_ms = AGAIN_MS;
	if (poll(fds, at, wait_ms) > 0)
		for (size_t i = 0; i < at; i++)
			if (fds[i].revents)
				while (call_read(polled[i]))
					;
	return true;
}

void
ctl_gather(struct ctl_call *calls, size_t n, int timeout_ms)
{
	double until = sys_seconds() + timeout_ms / 1e3, left;

	do {
		left = until - sys_seconds();
	} while (look_at_all(calls, n, left > 0 ? (int)(left * 1e3) + 1 : 0) && left > 0);
}

void
ctl_await(struct ctl_call *calls, size_t n, int timeout_ms)
{
	ctl_gather(calls, n, timeout_ms);
	for (size_t i = 0; i < n; i++)
		if (calls[i].fd != -1 || is_waiting(&calls[i]))
			call_end(&calls[i], ETIMEDOUT);
}

json_t *
ctl_ask(const char *path, const char *word, int timeout_ms)
{
	struct ctl_call call = {.path = path, .word = word};

	ctl_begin(&call, 1);
	ctl_await(&call, 1, timeout_ms);
	errno = call.error;
	return call.answer;
}

bool
ctl_is_down(int error)
{
	return error == ENOENT || error == ECONNREFUSED;
}
