/* Does something answer on a guest's port: one TCP connect at a time, closed as soon as it is known. */
#ifndef LAUNCH_PROBE_H
#define LAUNCH_PROBE_H

#include "base/addr.h"

#include <ev.h>

enum probe_result {
	PROBE_OPEN,
	PROBE_REFUSED, /* somebody is there, and nobody listens */
	PROBE_SILENT,
};

typedef void probe_done(void *arg, enum probe_result);

struct probe {
	struct ev_loop *loop;
	ev_io io;
	ev_timer timer;
	probe_done *done;
	void *arg;
	bool busy;
};

void probe_init(struct probe *, struct ev_loop *, probe_done *, void *arg);
/* Nothing while one is under way. The answer always comes through the loop. */
void probe_start(struct probe *, const struct addr *, double timeout_s);
void probe_cancel(struct probe *);

#endif
