/*
 * Rates that go on: server-sent events, one each second, of a guest's totals. However many look, the totals are read
 * once. Whether who looks may do so is asked each second, too.
 */
#ifndef WEB_LIVE_H
#define WEB_LIVE_H

#include "web/data.h"

#include <microhttpd.h>

enum {
	LIVE_STREAMS = 64, /* of all, and … */
	LIVE_PER_GUEST = 8, /* … of one guest */
	LIVE_S = 60, /* then it ends, and whoever asks again is looked at again */
};

struct live;
struct seat;

struct live_calls {
	void (*resumed)(void *); /* connections are to be gone on with */
	/* May they still look, who came on that seat with that token? */
	bool (*may)(void *, const struct seat *, const char *token, const char *guest);
	void *arg;
};

struct live *live_open(struct ev_loop *, struct data *, const struct live_calls *); /* NULL: no memory */
void live_end(struct live *); /* each stream that there is now */
void live_close(struct live *); /* before the daemons end: no connection stays suspended */
/* A response that goes on, for that connection; NULL: there is no room. */
struct MHD_Response *live_response(
    struct live *, struct MHD_Connection *, const struct seat *, struct span token, const char *guest);
unsigned live_streams(const struct live *);

/* What moved between two totals, in bit/s; a core. */
uint64_t live_rate(uint64_t before, uint64_t now, double seconds);

#endif
