/* Is the guest alive; see health.h. */
#include "launch/health.h"
#include "launch/mconsole.h"
#include "launch/probe.h"

#include <stdio.h>
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
	health_heard *heard; /* NULL: nobody listens */
	void *heard_arg;
	bool answers, found, up_said;
	char said[HEALTH_SAID], panic[MCMSG_TEXT];
	unsigned unanswered;
	enum shutdown shutdown;
	ev_tstamp answers_since, open_since, refused_since; /* 0: not, or not yet */
};

/* For at least so many seconds, by now. */
static bool
lasts(const struct health *h, ev_tstamp since, int seconds)
{
	return since != 0 && ev_now(h->loop) - since >= seconds;
}

static void
begin(const struct health *h, ev_tstamp *since)
{
	if (*since == 0)
		*since = ev_now(h->loop);
}

/* How it is known that the guest is up, or NULL. */
static const char *
verdict(const struct health *h)
{
	if (!h->answers)
		return NULL;
	if (h->addr.port == 0 && h->up_said)
		return "it says that it is up";
	if (h->addr.port == 0)
		return lasts(h, h->answers_since, HEALTH_REFUSED_S) ? "its kernel answers; it says nothing"
								    : NULL;
	if (h->open_since != 0 && h->up_said)
		return "it says that it is up, and its port answers";
	if (lasts(h, h->open_since, HEALTH_WORD_S))
		return "its kernel and its port answer; it says nothing";
	if (lasts(h, h->refused_since, HEALTH_REFUSED_S))
		return "its kernel answers; its network too, but nothing on its port";
	return NULL;
}

static void
judge(struct health *h)
{
	const char *how = h->found ? NULL : verdict(h);

	if (!how)
		return;
	h->found = true;
	ev_timer_stop(h->loop, &h->tick);
	ev_timer_set(&h->tick, tick_up_s, tick_up_s);
	ev_timer_start(h->loop, &h->tick);
	h->alive(h->arg, how);
}

static void
on_answer(void *arg, const struct mcmsg_reply *reply)
{
	struct health *h = arg;

	h->answers = true;
	h->unanswered = 0;
	begin(h, &h->answers_since);
	judge(h);
	if (h->heard)
		h->heard(h->heard_arg, reply->failed, reply->text);
}

static void
on_notice(void *arg, const struct mcmsg_notice *notice)
{
	struct health *h = arg;

	if (notice->kind == MCMSG_PANIC) {
		snprintf(h->panic, sizeof(h->panic), "%.*s", (int)notice->text.len, notice->text.ptr);
	} else if (notice->kind == MCMSG_USER) {
		snprintf(h->said, sizeof(h->said), "%.*s", (int)notice->text.len, notice->text.ptr);
		h->up_said = h->up_said || span_is(notice->text, "up");
		judge(h);
	}
}

static void
on_port(void *arg, enum probe_result result)
{
	struct health *h = arg;

	if (result == PROBE_REFUSED)
		begin(h, &h->refused_since);
	if (result == PROBE_OPEN)
		begin(h, &h->open_since);
	judge(h);
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
	if (!h->found && h->answers && h->shutdown == NOT_ASKED && h->addr.port != 0)
		probe_start(&h->probe, &h->addr, port_timeout_s);
}

struct health *
health_open(
    struct ev_loop *loop, int run_fd, const struct ip *ip, unsigned port, health_alive *alive, void *arg)
{
	struct health *h = calloc(1, sizeof(*h));

	if (!h)
		return NULL;
	h->loop = loop;
	h->addr = (struct addr){*ip, (uint16_t)port};
	h->alive = alive;
	h->arg = arg;
	h->mconsole = mconsole_open(loop, run_fd, on_answer, on_notice, h);
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

int
health_ask(struct health *h, const char *command)
{
	return mconsole_ask(h->mconsole, command);
}

void
health_listen(struct health *h, health_heard *heard, void *arg)
{
	h->heard = heard;
	h->heard_arg = arg;
}

const char *
health_said(const struct health *h)
{
	return h->said;
}

struct span
health_panic(struct health *h)
{
	mconsole_drain(h->mconsole);
	return span_str(h->panic);
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
