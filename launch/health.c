/* Is the guest alive; see health.h. */
#include "launch/health.h"
#include "launch/mconsole.h"
#include "launch/probe.h"

#include <stdlib.h>

static const double tick_starting_s = 0.1, tick_up_s = 5, port_timeout_s = 1;

enum {
	UNANSWERED_MAX = 3, /* questions in a row, and the console counts as silent */
};

enum shutdown { NOT_ASKED, ASKING, SENT };

struct health {
	struct ev_loop *loop;
	struct mconsole *mconsole;
	struct probe probe;
	ev_timer tick;
	struct addr addr;
	health_alive *alive;
	void *arg;
	bool answers, found;
	unsigned unanswered;
	enum shutdown shutdown;
	ev_tstamp refused_since; /* 0: not refused */
};

static void
on_answer(void *arg, const struct mcmsg_reply *reply)
{
	struct health *h = arg;

	(void)reply;
	h->answers = true;
	h->unanswered = 0;
}

static void
found(struct health *h, const char *how)
{
	h->found = true;
	ev_timer_stop(h->loop, &h->tick);
	ev_timer_set(&h->tick, tick_up_s, tick_up_s);
	ev_timer_start(h->loop, &h->tick);
	h->alive(h->arg, how);
}

static void
on_port(void *arg, enum probe_result result)
{
	struct health *h = arg;

	if (result == PROBE_REFUSED && h->refused_since == 0)
		h->refused_since = ev_now(h->loop);
	if (h->found || !h->answers)
		return;
	if (result == PROBE_OPEN)
		found(h, "its kernel and its port 22 answer");
	else if (result == PROBE_REFUSED && ev_now(h->loop) - h->refused_since >= HEALTH_REFUSED_S)
		found(h, "its kernel answers; its network too, but nothing on port 22");
}

static void
on_tick(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct health *h = timer->data;

	(void)loop, (void)events;
	/* What is sent arrives, and once: an init that hears it often in a row, like systemd, reboots at once. */
	if (h->shutdown != ASKING)
		mconsole_ask(h->mconsole, "version");
	else if (mconsole_ask(h->mconsole, "cad") == 0)
		h->shutdown = SENT;
	if (++h->unanswered > UNANSWERED_MAX)
		h->answers = false;
	if (!h->found && h->answers && h->shutdown == NOT_ASKED)
		probe_start(&h->probe, &h->addr, port_timeout_s);
}

struct health *
health_open(struct ev_loop *loop, int run_fd, const struct ip *ip, health_alive *alive, void *arg)
{
	struct health *h = calloc(1, sizeof(*h));

	if (!h)
		return NULL;
	h->loop = loop;
	h->addr = (struct addr){*ip, HEALTH_PORT};
	h->alive = alive;
	h->arg = arg;
	h->mconsole = mconsole_open(loop, run_fd, on_answer, h);
	if (!h->mconsole) {
		free(h);
		return NULL;
	}
	probe_init(&h->probe, loop, on_port, h);
	ev_timer_init(&h->tick, on_tick, tick_starting_s, tick_starting_s);
	h->tick.data = h;
	ev_timer_start(loop, &h->tick);
	return h;
}

void
health_close(struct health *h)
{
	if (!h)
		return;
	ev_timer_stop(h->loop, &h->tick);
	probe_cancel(&h->probe);
	mconsole_close(h->mconsole);
	free(h);
}

bool
health_console_answers(const struct health *h)
{
	return h->answers;
}

void
health_shutdown(struct health *h)
{
	if (h->shutdown != NOT_ASKED)
		return;
	h->shutdown = ASKING;
	probe_cancel(&h->probe);
	ev_timer_stop(h->loop, &h->tick);
	ev_timer_set(&h->tick, 0, tick_starting_s);
	ev_timer_start(h->loop, &h->tick);
}
