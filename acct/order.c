/* Orders to lodge-natd in the loop; see order.h. */
#include "acct/order.h"
#include "base/ctl.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ANSWER_S = 5, ANSWER_BYTES = 1024 };

struct order {
	struct ev_loop *loop;
	order_done *done;
	void *arg;
	ev_io io;
	ev_timer late;
	bool busy;
	char answer[ANSWER_BYTES];
	size_t got;
};

static void
stop(struct order *o)
{
	ev_io_stop(o->loop, &o->io);
	ev_timer_stop(o->loop, &o->late);
	close(o->io.fd);
	o->busy = false;
}

static void
finish(struct order *o, const char *why)
{
	json_t *json = why ? NULL : json_loadb(o->answer, o->got, 0, NULL);
	const char *error = json_string_value(json_object_get(json, "error"));

	stop(o);
	if (!why && !json_object_get(json, "done"))
		why = error ? error : "its answer is none";
	o->done(o->arg, why, json_is_true(json_object_get(json, "lifted")));
	json_decref(json);
}

static void
on_answer(struct ev_loop *loop, ev_io *io, int events)
{
	struct order *o = io->data;
	ssize_t n = recv(io->fd, o->answer + o->got, sizeof(o->answer) - o->got, 0);

	(void)loop, (void)events;
	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n > 0)
		o->got += (size_t)n;
	if (n == -1)
		finish(o, strerror(errno));
	else if (n == 0 || o->got == sizeof(o->answer))
		finish(o, o->got == 0 ? "it ended before it answered" : NULL);
}

static void
on_late(struct ev_loop *loop, ev_timer *late, int events)
{
	(void)loop, (void)events;
	finish(late->data, "it does not answer");
}

struct order *
order_open(struct ev_loop *loop, order_done *done, void *arg)
{
	struct order *o = calloc(1, sizeof(*o));

	if (!o)
		return NULL;
	o->loop = loop;
	o->done = done;
	o->arg = arg;
	return o;
}

void
order_close(struct order *o)
{
	if (o && o->busy)
		stop(o);
	free(o);
}

bool
order_is_busy(const struct order *o)
{
	return o->busy;
}

int
order_send(struct order *o, const char *path, const char *line)
{
	struct iovec part[] = {{(char *)line, strlen(line)}, {(char *)"\n", 1}};
	struct msghdr message = {.msg_iov = part, .msg_iovlen = 2};
	int fd = ctl_connect(path), saved;

	if (fd == -1)
		return -1;
	/* A short line always fits into a new socket. */
	if (sendmsg(fd, &message, MSG_NOSIGNAL) == -1) {
		saved = errno;
		close(fd);
		errno = saved;
		return -1;
	}
	o->busy = true;
	o->got = 0;
	ev_io_init(&o->io, on_answer, fd, EV_READ);
	ev_timer_init(&o->late, on_late, ANSWER_S, 0);
	o->io.data = o->late.data = o;
	ev_io_start(o->loop, &o->io);
	ev_timer_start(o->loop, &o->late);
	return 0;
}
