/* The guest kernel's management console; see mconsole.h. */
#include "launch/mconsole.h"
#include "launch/cmdline.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define REPLY_NAME "reply"

enum { ANSWERS_A_TURN = 16 }; /* a guest that floods the socket waits for the loop like everybody */

struct mconsole {
	struct ev_loop *loop;
	ev_io io, notices;
	int run_fd;
	mconsole_answer *answer;
	mconsole_notice *notice;
	void *arg;
};

static void
on_answer(struct ev_loop *loop, ev_io *w, int events)
{
	struct mconsole *m = w->data;
	char bytes[MCMSG_BYTES + 1];
	struct mcmsg_reply reply;

	(void)loop, (void)events;
	for (int i = 0; i < ANSWERS_A_TURN; i++) {
		ssize_t n = recv(w->fd, bytes, sizeof(bytes), 0);

		if (n < 0)
			return;
		if (mcmsg_reply(span_of(bytes, (size_t)n), &reply) == 0 && !reply.more)
			m->answer(m->arg, &reply);
	}
}

/* False: nothing there. */
static bool
take_notice(struct mconsole *m)
{
	char bytes[MCMSG_NOTICE + 1];
	struct mcmsg_notice notice;
	ssize_t n = recv(m->notices.fd, bytes, sizeof(bytes), 0);

	if (n < 0)
		return false;
	if (mcmsg_notice(span_of(bytes, (size_t)n), &notice) == 0)
		m->notice(m->arg, &notice);
	return true;
}

static void
on_notice(struct ev_loop *loop, ev_io *w, int events)
{
	(void)loop, (void)events;
	for (int i = 0; i < ANSWERS_A_TURN && take_notice(w->data); i++)
		;
}

void
mconsole_drain(struct mconsole *m)
{
	on_notice(m->loop, &m->notices, EV_READ);
}

/* The name is relative, so the working directory is borrowed; the mode is the mask's, as a chmod could be lured. */
static int
bind_beside(int fd, int run_fd, const char *name)
{
	struct sockaddr_un sa = {.sun_family = AF_UNIX};
	int back = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	mode_t mask;
	int result = -1, saved;

	if (back == -1)
		return -1;
	strcpy(sa.sun_path, name);
	if (fchdir(run_fd) == 0) {
		mask = umask(0);
		result = bind(fd, (struct sockaddr *)&sa, sizeof(sa));
		saved = errno;
		umask(mask);
		if (fchdir(back) == -1)
			result = -1;
		errno = saved;
	}
	saved = errno;
	close(back);
	errno = saved;
	return result;
}

static int
socket_beside(int run_fd, const char *name)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), saved;

	if (fd == -1 || bind_beside(fd, run_fd, name) == 0)
		return fd;
	saved = errno;
	close(fd);
	errno = saved;
	return -1;
}

struct mconsole *
mconsole_open(struct ev_loop *loop, int run_fd, mconsole_answer *answer, mconsole_notice *notice, void *arg)
{
	struct mconsole *m = calloc(1, sizeof(*m));
	int fd = socket_beside(run_fd, REPLY_NAME), notices = socket_beside(run_fd, JAIL_NOTIFY), saved;

	if (!m || fd == -1 || notices == -1) {
		saved = errno;
		if (fd != -1)
			close(fd);
		if (notices != -1)
			close(notices);
		close(run_fd);
		free(m);
		errno = saved;
		return NULL;
	}
	*m =
	    (struct mconsole){.loop = loop, .run_fd = run_fd, .answer = answer, .notice = notice, .arg = arg};
	ev_io_init(&m->io, on_answer, fd, EV_READ);
	ev_io_init(&m->notices, on_notice, notices, EV_READ);
	m->io.data = m->notices.data = m;
	ev_io_start(loop, &m->io);
	ev_io_start(loop, &m->notices);
	return m;
}

void
mconsole_close(struct mconsole *m)
{
	if (!m)
		return;
	ev_io_stop(m->loop, &m->io);
	ev_io_stop(m->loop, &m->notices);
	close(m->io.fd);
	close(m->notices.fd);
	close(m->run_fd);
	free(m);
}

/*
 * The guest's own socket, if it is there; whatever lies in its place, no link is followed. Step by step, for openat2 is
 * one of the calls that RestrictSUIDSGID= of a unit takes away.
 */
static int
open_socket(int run_fd)
{
	static const char *const steps[] = {"uml", JAIL_UMID, "mconsole"};
	int at = run_fd, saved;
	struct stat st;

	_Static_assert(sizeof(JAIL_UML_DIR) == sizeof("uml/"), "steps begins with it");

	for (size_t i = 0; i < sizeof(steps) / sizeof(*steps) && at != -1; i++) {
		int next = openat(at, steps[i], O_PATH | O_NOFOLLOW | O_CLOEXEC);

		saved = errno;
		if (at != run_fd)
			close(at);
		errno = saved;
		at = next;
	}
	if (at == -1 || (fstat(at, &st) == 0 && S_ISSOCK(st.st_mode)))
		return at;
	close(at);
	errno = ENOTSOCK;
	return -1;
}

int
mconsole_ask(struct mconsole *m, const char *command)
{
	struct sockaddr_un sa = {.sun_family = AF_UNIX};
	char request[MCMSG_BYTES];
	size_t n = mcmsg_request(command, request);
	int there, saved;
	ssize_t sent;

	if (n == 0) {
		errno = EMSGSIZE;
		return -1;
	}
	there = open_socket(m->run_fd);
	if (there == -1)
		return -1;
	snprintf(sa.sun_path, sizeof(sa.sun_path), "/proc/self/fd/%d", there);
	sent = sendto(m->io.fd, request, n, MSG_DONTWAIT | MSG_NOSIGNAL, (struct sockaddr *)&sa, sizeof(sa));
	saved = errno;
	close(there);
	errno = saved;
	return sent == (ssize_t)n ? 0 : -1;
}
