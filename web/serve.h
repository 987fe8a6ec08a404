/*
 * The page, served: connections come through the door, libmicrohttpd reads requests and writes answers (one daemon for
 * plain HTTP, one for TLS, both in our loop), and here is decided who asks and what they get.
 */
#ifndef WEB_SERVE_H
#define WEB_SERVE_H

#include "conf/conf.h"

#include <ev.h>
#include <jansson.h>

struct serve;

/* fd: listens; uid: see door.h. NULL: why says it. The conf outlives it. */
struct serve *serve_open(struct ev_loop *, const struct conf *, int fd, unsigned uid, char *why, size_t room);
void serve_close(struct serve *);
/* Another conf, which the old one may follow to its end. */
void serve_reload(struct serve *, const struct conf *);
json_t *serve_status(const struct serve *);

#endif
