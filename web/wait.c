/* Requests that wait a moment; see wait.h. */
#include "web/wait.h"
#include "base/sys.h"
#include "web/door.h"

#include <stdio.h>
#include <stdlib.h>

#define LOOK_S 0.01 /* whether it is still worth it */

struct wait {
	struct waits *all;
	bool used, sleeps;
	double begun_s;
	struct MHD_Connection *connection;
	struct need need;
	char guest[CONF_GUEST_NAME_MAX + 1]; /* the need's */
};

struct waits {
	struct ev_loop *loop;
	struct data *data;
	void (*resumed)(void *);
	void *arg;
	ev_timer look;
	unsigned asleep;
	struct wait list[DOOR_SEATS];
};

static void
wake(struct wait *w)
{
	w->sleeps = false;
	w->all->asleep--;
	MHD_resume_connection(w->connection);
}

static void
look(void *arg)
{
	struct waits *all = arg;
	unsigned before = all->asleep;

	if (before == 0)
		return;
	for (size_t i = 0; i < DOOR_SEATS; i++) {
		struct wait *w = &all->list[i];

		if (w->sleeps && !data_wait(all->data, &w->need, sys_seconds() - w->begun_s))
			wake(w);
	}
	if (all->asleep == 0)
		ev_timer_stop(all->loop, &all->look);
	if (all->asleep < before)
		all->resumed(all->arg);
}

static void
on_look(struct ev_loop *loop, ev_timer *timer, int events)
{
	(void)loop, (void)events;
	look(timer->data);
}

struct waits *
waits_open(struct ev_loop *loop, struct data *data, void (*resumed)(void *), void *arg)
{
	struct waits *all = calloc(1, sizeof(*all));

	if (!all)
		return NULL;
	all->loop = loop;
	all->data = data;
	all->resumed = resumed;
	all->arg = arg;
	ev_timer_init(&all->look, on_look, 0, LOOK_S);
	all->look.data = all;
	data_on_change(data, look, all);
	return all;
}

void
waits_close(struct waits *all)
{
	data_on_change(all->data, NULL, NULL);
	ev_timer_stop(all->loop, &all->look);
	for (size_t i = 0; i < DOOR_SEATS; i++)
		if (all->list[i].sleeps)
			wake(&all->list[i]);
	all->data = NULL; /* nobody waits any more */
}

static struct wait *
wait_new(struct waits *all)
{
	for (size_t i = 0; i < DOOR_SEATS; i++) {
		if (all->list[i].used)
			continue;
		all->list[i] = (struct wait){.all = all, .used = true, .begun_s = sys_seconds()};
		return &all->list[i];
	}
	return NULL;
}

bool
wait_for(struct waits *all, struct wait **of, struct MHD_Connection *c, const struct need *need)
{
	struct wait *w = *of;

	if (!all->data || !data_wait(all->data, need, w ? sys_seconds() - w->begun_s : 0))
		return false;
	if (!w && !(w = *of = wait_new(all)))
		return false;
	w->connection = c;
	w->need = *need;
	snprintf(w->guest, sizeof(w->guest), "%s", need->guest ? need->guest : "");
	w->need.guest = w->guest;
	w->sleeps = true;
	if (all->asleep++ == 0)
		ev_timer_again(all->loop, &all->look);
	MHD_suspend_connection(c);
	return true;
}

void
wait_over(struct wait *w)
{
	if (w)
		w->used = false;
}
