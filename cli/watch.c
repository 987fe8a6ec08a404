/* A screen that is drawn again and again; see watch.h. */
#include "cli/watch.h"
#include "base/remedy.h"
#include "base/sys.h"
#include "cli/cli.h"
#include "cli/screen.h"

#include <errno.h>
#include <ev.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

enum { SIGNALS = 7 };

struct watching {
	const struct watch *watch;
	long left;
	int status, fatal_signal;
	struct ev_loop *loop;
	ev_timer tick;
	ev_io key;
	ev_signal signals[SIGNALS];
};

static void
end(struct watching *w, int status)
{
	w->status = status;
	ev_break(w->loop, EVBREAK_ALL);
}

/* How long a look takes does not put off the next one. */
static void
on_tick(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct watching *w = timer->data;
	int status = w->watch->look(w->watch->arg);

	(void)loop, (void)events;
	if (status != EXIT_DONE) {
		end(w, status);
		return;
	}
	w->watch->show(w->watch->arg);
	if (ferror(stdout))
		end(w, EXIT_SYSTEM);
	else if (w->left > 0 && --w->left == 0)
		end(w, EXIT_DONE);
}

static void
on_key(struct ev_loop *loop, ev_io *io, int events)
{
	struct watching *w = io->data;
	char keys[64];
	ssize_t n = read(STDIN_FILENO, keys, sizeof(keys));

	(void)events;
	if (n == 0 || (n == -1 && errno != EAGAIN && errno != EINTR))
		ev_io_stop(loop, io);
	else if (n > 0 && (memchr(keys, 'q', (size_t)n) || memchr(keys, 'Q', (size_t)n)))
		end(w, EXIT_DONE);
}

/* Whoever is stopped gives the screen back and takes it again. */
static void
on_stop(struct watching *w)
{
	screen_close();
	raise(SIGSTOP);
	screen_open();
	w->watch->show(w->watch->arg);
}

static void
on_signal(struct ev_loop *loop, ev_signal *watcher, int events)
{
	struct watching *w = watcher->data;

	(void)loop, (void)events;
	if (watcher->signum == SIGWINCH) {
		w->watch->show(w->watch->arg);
	} else if (watcher->signum == SIGTSTP) {
		on_stop(w);
	} else if (watcher->signum == SIGCONT) {
		screen_again();
		w->watch->show(w->watch->arg);
	} else {
		w->fatal_signal = watcher->signum == SIGINT ? 0 : watcher->signum;
		end(w, EXIT_DONE);
	}
}

static void
hear(struct watching *w)
{
	static const int signals[SIGNALS] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGWINCH, SIGCONT};

	for (int i = 0; i < SIGNALS; i++) {
		ev_signal_init(&w->signals[i], on_signal, signals[i]);
		w->signals[i].data = w;
		ev_signal_start(w->loop, &w->signals[i]);
	}
	ev_io_init(&w->key, on_key, STDIN_FILENO, EV_READ);
	w->key.data = w;
	if (isatty(STDIN_FILENO))
		ev_io_start(w->loop, &w->key);
}

int
watch_run(const struct watch *watch)
{
	struct watching w = {.watch = watch, .left = watch->left, .loop = ev_default_loop(0)};

	if (!w.loop)
		return cli_fail(EXIT_SYSTEM, "cannot wait for events: %s", remedy(errno, NULL));
	if (watch->screen) {
		hear(&w);
		if (screen_open() == -1)
			return cli_fail(EXIT_SYSTEM,
			    "the terminal does not obey: %s; in a pipe (| cat) it needs none",
			    strerror(errno));
		screen_draw("", 0);
	}
	ev_timer_init(&w.tick, on_tick, watch->at_once ? 0 : watch->every_s, watch->every_s);
	w.tick.data = &w;
	ev_timer_start(w.loop, &w.tick);
	ev_run(w.loop, 0);
	screen_close();
	if (w.fatal_signal) {
		signal(w.fatal_signal, SIG_DFL);
		raise(w.fatal_signal);
	}
	return w.status;
}
