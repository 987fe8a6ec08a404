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
/* Once privilege is given up: who reads the ledger begins. -1: errno. */
int serve_start(struct serve *);
/* false: Redis, or a name server, is still waited for; what serve_open was given has to stay as it is. */
bool serve_close(struct serve *);
/* Another conf; the old one is freed when nothing reads by it any more. */
void serve_reload(struct serve *, const struct conf *, struct conf *old);
json_t *serve_status(const struct serve *);

#endif
