/* The guest's world stopped for a while; see pause.h. */
#include "launch/pause.h"
#include "base/hold.h"
#include "base/log.h"
#include "base/sys.h"
#include "launch/listen.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static const double look_s = 0.02;

enum step { FREE, SYNCING, STOPPING, HELD, GOING };

struct pause {
	struct ev_loop *loop;
	ev_io door, holder; /* holder.fd -1: nobody */
	ev_timer tick; /* runs while it is not free */
	const char *name;
	struct console *console;
	struct health *health; /* of a kernel that was up and has not ended, else NULL */
	bool up; /* and it is to be held by who asks */
	enum step step;
	double since, stopped_at; /* sys_seconds: of the step; it was told to stop */
	uint64_t said; /* the console's place when it was asked to write all out */
	char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
};

static void
step_to(struct pause *p, enum step step)
{
	p->step = step;
	p->since = sys_seconds();
	if (step == FREE)
		ev_timer_stop(p->loop, &p->tick);
	else if (!ev_is_active(&p->tick))
		ev_timer_start(p->loop, &p->tick);
}

static void
tell(struct pause *p, const char *format, const char *what)
{
	char line[128];
	int n = snprintf(line, sizeof(line), format, what);

	if (p->holder.fd != -1 && send(p->holder.fd, line, (size_t)n, MSG_NOSIGNAL | MSG_DONTWAIT) == -1)
		log_debug("%s: who holds it still is not told: %s", p->name, strerror(errno));
}

static void
send_away(struct pause *p, const char *why)
{
	if (p->holder.fd == -1)
		return;
	if (why)
		tell(p, "error %s\n", why);
	ev_io_stop(p->loop, &p->holder);
	close(p->holder.fd);
	ev_io_set(&p->holder, -1, EV_READ);
}

/* Asked again at each tick until the kernel has taken it: a world that stays stopped is worse than all else. */
static void
go(struct pause *p)
{
	if (!p->health || health_ask(p->health, "go") == 0) {
		if (p->step == HELD)
			log_info(
			    "%s: goes on, after %.0f ms", p->name, (sys_seconds() - p->stopped_at) * 1000);
		step_to(p, FREE);
	} else {
		step_to(p,
		    errno == ENOENT || errno == ECONNREFUSED ? FREE : GOING); /* it has ended, or is busy */
	}
}

static void
end(struct pause *p, const char *why)
{
	send_away(p, why);
	if (p->step == SYNCING)
		step_to(p, FREE);
	else if (p->step == STOPPING || p->step == HELD)
		go(p);
}

static void
stop(struct pause *p)
{
	p->stopped_at = sys_seconds();
	if (health_ask(p->health, "stop") == -1)
		end(p, "its management console does not take it");
	else
		step_to(p, STOPPING);
}

/*
 * The kernel stops its world in a worker and takes `go` in an interrupt: one that comes before the worker has run is lost. So
 * whoever hears «stopped» and did not wait for it says it again.
 */
static void
on_late_stop(struct pause *p)
{
	log_debug("%s: has stopped when nobody waited for it any more", p->name);
	if (health_ask(p->health, "go") == -1) {
		send_away(p, "its management console does not take it");
		step_to(p, GOING);
	}
}

static void
on_heard(void *arg, bool failed, struct span text)
{
	struct pause *p = arg;

	if (p->step == SYNCING && failed) {
		log_warn("%s: its kernel cannot write out what it has in memory: %.*s", p->name,
		    (int)text.len, text.ptr);
		stop(p);
	} else if (p->step == STOPPING && span_is(text, "stopped")) {
		step_to(p, HELD);
		log_info("%s: its world is stopped, for a copy of its disk", p->name);
		tell(p, "%s\n", "stopped");
	} else if (p->health && p->step != HELD && span_is(text, "stopped")) {
		on_late_stop(p);
	}
}

static bool
is_written(struct pause *p)
{
	static const char words[] = "Emergency Sync complete";
	struct span text = console_since(p->console, p->said);

	return memmem(text.ptr, text.len, words, sizeof(words) - 1) != NULL;
}

static void
on_tick(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct pause *p = timer->data;
	double lasts = sys_seconds() - p->since;

	(void)loop, (void)events;
	if (p->step == SYNCING && (lasts > PAUSE_SYNC_S || is_written(p))) {
		if (lasts > PAUSE_SYNC_S)
			log_warn("%s: does not say that it has written all out", p->name);
		stop(p);
	} else if (p->step == STOPPING && lasts > PAUSE_STOP_S) {
		end(p, "its kernel does not stop");
	} else if (p->step == HELD && lasts > HOLD_STILL_MAX_S) {
		log_warn("%s: was held still for %d s, which is too long", p->name, HOLD_STILL_MAX_S);
		end(p, "too long");
	} else if (p->step == GOING) {
		go(p);
	}
}

static void
on_holder(struct ev_loop *loop, ev_io *w, int events)
{
	char byte;

	(void)loop, (void)events;
	/* Nothing is asked here: whatever comes is the end. */
	if (recv(w->fd, &byte, 1, MSG_DONTWAIT) != -1 || (errno != EAGAIN && errno != EINTR))
		end(w->data, NULL);
}

static void
on_door(struct ev_loop *loop, ev_io *w, int events)
{
	struct pause *p = w->data;
	int fd = accept4(w->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	const char *why = !p->up	    ? "error it is not up\n"
			  : p->step != FREE ? "error somebody else holds it still\n"
					    : NULL;

	(void)events;
	if (fd == -1)
		return;
	if (why) {
		if (send(fd, why, strlen(why), MSG_NOSIGNAL) == -1)
			log_debug("%s: who wants to hold it still is not told", p->name);
		close(fd);
		return;
	}
	ev_io_set(&p->holder, fd, EV_READ);
	ev_io_start(loop, &p->holder);
	p->said = console_total(p->console);
	step_to(p, SYNCING);
	if (health_ask(p->health, "sysrq s") == -1)
		end(p, "its management console does not take it");
}

void
pause_up(struct pause *p, struct health *health)
{
	p->health = health;
	p->up = true;
	health_listen(health, on_heard, p);
}

void
pause_not_up(struct pause *p, const char *why)
{
	p->up = false;
	end(p, why);
}

void
pause_ended(struct pause *p)
{
	p->up = false;
	p->health = NULL;
	send_away(p, "it has ended");
	step_to(p, FREE);
}

bool
pause_holds(const struct pause *p)
{
	return p->step == HELD;
}

struct pause *
pause_open(struct ev_loop *loop, const char *path, const char *name, struct console *console)
{
	struct pause *p = calloc(1, sizeof(*p));
	int fd = p ? listen_at(path, SOCK_STREAM, 1) : -1;

	if (fd == -1) {
		free(p);
		return NULL;
	}
	p->loop = loop;
	p->name = name;
	p->console = console;
	strcpy(p->path, path);
	ev_io_init(&p->door, on_door, fd, EV_READ);
	ev_io_init(&p->holder, on_holder, -1, EV_READ);
	ev_timer_init(&p->tick, on_tick, look_s, look_s);
	p->door.data = p->holder.data = p->tick.data = p;
	ev_io_start(loop, &p->door);
	return p;
}

void
pause_close(struct pause *p)
{
	if (!p)
		return;
	end(p, "its launcher goes");
	ev_timer_stop(p->loop, &p->tick);
	ev_io_stop(p->loop, &p->door);
	close(p->door.fd);
	unlink(p->path);
	free(p);
}
