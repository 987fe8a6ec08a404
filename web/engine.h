/* One of libmicrohttpd's daemons in our loop: it reads requests and writes answers; connections are brought to it. */
#ifndef WEB_ENGINE_H
#define WEB_ENGINE_H

#include "base/addr.h"

#include <ev.h>
#include <microhttpd.h>

/* Whom it calls, as libmicrohttpd does. */
struct engine_calls {
	MHD_AccessHandlerCallback request;
	MHD_RequestCompletedCallback completed;
	MHD_NotifyConnectionCallback connection;
	void *arg;
};

struct engine {
	struct ev_loop *loop;
	struct MHD_Daemon *daemon; /* NULL: not started, and the others do nothing */
	ev_io io;
	ev_timer timer;
};

/* connections: so many at once. With TLS the certificate is cert_now's. -1: libmicrohttpd does not start. */
int engine_start(
    struct engine *, struct ev_loop *, const struct engine_calls *, unsigned connections, bool tls);
void engine_stop(struct engine *);
/* false: it did not take the descriptor, and closed it. */
bool engine_take(struct engine *, int fd, const struct addr *client);
/* Does what is due: connections were resumed. */
void engine_run(struct engine *);

#endif
