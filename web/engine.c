/* One of libmicrohttpd's daemons in our loop; see engine.h. */
#include "web/engine.h"
#include "base/log.h"
#include "web/cert.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

enum {
	IDLE_S = 30, /* of a connection on which nothing moves */
	REQUEST_BYTES = 16 << 10, /* of a request's head, and room for an answer's */
};

void
engine_run(struct engine *e)
{
	MHD_UNSIGNED_LONG_LONG ms;

	if (!e->daemon)
		return;
	MHD_run(e->daemon);
	ev_timer_stop(e->loop, &e->timer);
	if (MHD_get_timeout(e->daemon, &ms) == MHD_NO)
		return;
	ev_timer_set(&e->timer, (double)ms / 1000.0, 0);
	ev_timer_start(e->loop, &e->timer);
}

static void
on_ready(struct ev_loop *loop, ev_io *w, int events)
{
	(void)loop, (void)events;
	engine_run(w->data);
}

static void
on_time(struct ev_loop *loop, ev_timer *w, int events)
{
	(void)loop, (void)events;
	engine_run(w->data);
}

/* Its words are of strangers' bytes, and count for nothing here. */
static void
on_words(void *arg, const char *format, va_list args)
{
	char text[256];

	(void)arg;
	vsnprintf(text, sizeof(text), format, args);
	text[strcspn(text, "\n")] = '\0';
	log_debug("%s", text);
}

int
engine_start(
    struct engine *e, struct ev_loop *loop, const struct engine_calls *calls, unsigned connections, bool tls)
{
	const union MHD_DaemonInfo *info;
	unsigned flags = MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET | MHD_ALLOW_SUSPEND_RESUME |
			 MHD_USE_ERROR_LOG | (tls ? MHD_USE_TLS : 0);
	struct MHD_OptionItem more[] = {
	    {MHD_OPTION_HTTPS_CERT_CALLBACK, 0, (void *)cert_now},
	    {MHD_OPTION_END, 0, NULL},
	};

	e->loop = loop;
	e->daemon =
	    MHD_start_daemon(flags, 0, NULL, NULL, calls->request, calls->arg, MHD_OPTION_EXTERNAL_LOGGER,
		on_words, NULL, MHD_OPTION_CONNECTION_LIMIT, connections, MHD_OPTION_CONNECTION_TIMEOUT,
		(unsigned)IDLE_S, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)REQUEST_BYTES,
		MHD_OPTION_NOTIFY_COMPLETED, calls->completed, calls->arg, MHD_OPTION_NOTIFY_CONNECTION,
		calls->connection, calls->arg, MHD_OPTION_ARRAY, tls ? more : more + 1, MHD_OPTION_END);
	info = e->daemon ? MHD_get_daemon_info(e->daemon, MHD_DAEMON_INFO_EPOLL_FD) : NULL;
	if (!info)
		return -1;
	ev_io_init(&e->io, on_ready, info->epoll_fd, EV_READ);
	ev_timer_init(&e->timer, on_time, 0, 0);
	e->io.data = e->timer.data = e;
	ev_io_start(loop, &e->io);
	return 0;
}

void
engine_stop(struct engine *e)
{
	if (!e->daemon)
		return;
	ev_io_stop(e->loop, &e->io);
	ev_timer_stop(e->loop, &e->timer);
	MHD_stop_daemon(e->daemon);
	e->daemon = NULL;
}

bool
engine_take(struct engine *e, int fd, const struct addr *client)
{
	struct sockaddr_storage sa;
	socklen_t n = addr_to_sockaddr(client, &sa);

	if (MHD_add_connection(e->daemon, fd, (struct sockaddr *)&sa, n) != MHD_YES)
		return false;
	engine_run(e);
	return true;
}
