/* Does something answer on a guest's port; see probe.h. */
#include "launch/probe.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

void
probe_cancel(struct probe *p)
{
	if (!p->busy)
		return;
	ev_timer_stop(p->loop, &p->timer);
	ev_io_stop(p->loop, &p->io);
	if (p->io.fd != -1)
		close(p->io.fd);
	p->busy = false;
}

static void
finish(struct probe *p, enum probe_result result)
{
	probe_cancel(p);
	p->done(p->arg, result);
}

static void
on_connected(struct ev_loop *loop, ev_io *w, int events)
{
	socklen_t n = sizeof(int);
	int error = 0;

	(void)loop, (void)events;
	if (getsockopt(w->fd, SOL_SOCKET, SO_ERROR, &error, &n) == -1)
		error = errno;
	finish(w->data, error == 0 ? PROBE_OPEN : error == ECONNREFUSED ? PROBE_REFUSED : PROBE_SILENT);
}

static void
on_timeout(struct ev_loop *loop, ev_timer *w, int events)
{
	(void)loop, (void)events;
	finish(w->data, PROBE_SILENT);
}

void
probe_init(struct probe *p, struct ev_loop *loop, probe_done *done, void *arg)
{
	*p = (struct probe){.loop = loop, .done = done, .arg = arg};
	ev_io_init(&p->io, on_connected, -1, EV_WRITE);
	ev_timer_init(&p->timer, on_timeout, 1, 0);
	p->io.data = p->timer.data = p;
}

void
probe_start(struct probe *p, const struct addr *addr, double timeout_s)
{
	struct sockaddr_storage sa;
	socklen_t len = addr_to_sockaddr(addr, &sa);
	int fd;

	if (p->busy)
		return;
	fd = socket(sa.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd == -1)
		return;
	p->busy = true;
	ev_io_set(&p->io, fd, EV_WRITE);
	ev_timer_set(&p->timer, timeout_s, 0);
	ev_timer_start(p->loop, &p->timer);
	if (connect(fd, (struct sockaddr *)&sa, len) == -1 && errno != EINPROGRESS) {
		/* No route yet: the timer answers, so that a caller is never called from its own call. */
		return;
	}
	ev_io_start(p->loop, &p->io);
}
