/*
 * Rates that go on: server-sent events, one each second, of a guest's totals. However many look at one guest, its
 * totals are read once.
 */
#ifndef WEB_LIVE_H
#define WEB_LIVE_H

#include "web/data.h"

#include <ev.h>
#include <microhttpd.h>

enum {
	LIVE_STREAMS = 64, /* of all, and … */
	LIVE_PER_GUEST = 8, /* … of one guest */
	LIVE_S = 60, /* then it ends, and whoever asks again is looked at again */
};

struct live;

struct live *live_open(struct ev_loop *, struct data *, void (*resumed)(void *), void *arg);
void live_end(struct live *); /* each stream that there is now */
void live_close(struct live *); /* before the daemons end: no connection stays suspended */
/* A response that goes on, for that connection; NULL: there is no room. */
struct MHD_Response *live_response(struct live *, struct MHD_Connection *, const char *guest);
unsigned live_streams(const struct live *);

/* What moved between two totals, in bit/s; a core. */
uint64_t live_rate(uint64_t before, uint64_t now, double seconds);

#endif
