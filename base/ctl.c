/* A daemon's control socket; see ctl.h. */
#include "base/ctl.h"
#include "base/ctl_place.h"
#include "base/log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PAUSE_SECONDS = 1, CLIENT_SECONDS = 5 };

struct client {
	struct ctl *ctl;
	ev_io io;
	ev_timer timer;
	bool open;
	char word[CTL_WORD];
	size_t got;
	char *answer;
	size_t sent, length;
};

struct ctl {
	struct ev_loop *loop;
	ev_io io;
	ev_timer pause; /* runs while there is no descriptor for another client */
	ctl_answer *answer;
	void *arg;
	struct client clients[CTL_CLIENTS];
	char path[CTL_PATH];
};

static void
client_close(struct client *c)
{
	ev_io_stop(c->ctl->loop, &c->io);
	ev_timer_stop(c->ctl->loop, &c->timer);
	close(c->io.fd);
	free(c->answer);
	c->answer = NULL;
	c->open = false;
}

static void
client_write(struct client *c)
{
	ssize_t n = send(c->io.fd, c->answer + c->sent, c->length - c->sent, MSG_NOSIGNAL);

	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n > 0)
		c->sent += (size_t)n;
	if (n == -1 || c->sent == c->length)
		client_close(c);
}

static void
client_answer(struct client *c)
{
	json_t *json = c->ctl->answer(c->ctl->arg, c->word);

	/* Its seconds are the client's, not those that the answer took. */
	ev_now_update(c->ctl->loop);
	ev_timer_stop(c->ctl->loop, &c->timer);
	ev_timer_set(&c->timer, CLIENT_SECONDS, 0);
	ev_timer_start(c->ctl->loop, &c->timer);
	if (!json)
		json = json_pack("{s:s}", "error", CTL_UNKNOWN "; try status");
	c->answer = json_dumps(json, JSON_COMPACT);
	json_decref(json);
	if (!c->answer) {
		client_close(c);
		return;
	}
	c->length = strlen(c->answer);
	ev_io_stop(c->ctl->loop, &c->io);
	ev_io_set(&c->io, c->io.fd, EV_WRITE);
	ev_io_start(c->ctl->loop, &c->io);
}

static void
client_read(struct client *c)
{
	ssize_t n = recv(c->io.fd, c->word + c->got, sizeof(c->word) - 1 - c->got, 0);
	char *end;

	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		client_close(c);
		return;
	}
	c->got += (size_t)n;
	c->word[c->got] = '\0';
	end = strchr(c->word, '\n');
	if (end) {
		*end = '\0';
		client_answer(c);
	} else if (c->got == sizeof(c->word) - 1) {
		client_close(c);
	}
}

static void
on_client(struct ev_loop *loop, ev_io *w, int events)
{
	(void)loop;
	if (events & EV_WRITE)
		client_write(w->data);
	else
		client_read(w->data);
}

static void
on_client_late(struct ev_loop *loop, ev_timer *w, int events)
{
	(void)loop, (void)events;
	client_close(w->data);
}

static void
on_ask(struct ev_loop *loop, ev_io *w, int events)
{
	struct ctl *ctl = w->data;
	int fd = accept4(w->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	struct client *c = ctl->clients;

	(void)events;
	if (fd == -1) {
		if (errno == EMFILE || errno == ENFILE) {
			/* Whoever asks stays readable until there is a descriptor: look again later, do not spin. */
			ev_io_stop(loop, w);
			ev_timer_set(&ctl->pause, PAUSE_SECONDS, 0);
			ev_timer_start(loop, &ctl->pause);
		}
		return;
	}
	while (c < ctl->clients + CTL_CLIENTS && c->open)
		c++;
	if (c == ctl->clients + CTL_CLIENTS) {
		close(fd);
		return;
	}
	*c = (struct client){.ctl = ctl, .open = true};
	ev_io_init(&c->io, on_client, fd, EV_READ);
	ev_timer_init(&c->timer, on_client_late, CLIENT_SECONDS, 0);
	c->io.data = c->timer.data = c;
	ev_io_start(loop, &c->io);
	ev_timer_start(loop, &c->timer);
}

static void
on_pause_over(struct ev_loop *loop, ev_timer *w, int events)
{
	struct ctl *ctl = w->data;

	(void)events;
	ev_io_start(loop, &ctl->io);
}

struct ctl *
ctl_open(struct ev_loop *loop, const char *path, unsigned uid, unsigned gid, ctl_answer *answer, void *arg)
{
	struct ctl *ctl = calloc(1, sizeof(*ctl));
	int fd = ctl ? ctl_bind(path, uid, gid, ctl->path) : -1, saved = errno;

	if (fd == -1) {
		free(ctl);
		errno = saved;
		return NULL;
	}
	ctl->loop = loop;
	ctl->answer = answer;
	ctl->arg = arg;
	ev_io_init(&ctl->io, on_ask, fd, EV_READ);
	ev_timer_init(&ctl->pause, on_pause_over, 0, 0);
	ctl->io.data = ctl->pause.data = ctl;
	ev_io_start(loop, &ctl->io);
	return ctl;
}

void
ctl_close(struct ctl *ctl)
{
	if (!ctl)
		return;
	for (struct client *c = ctl->clients; c < ctl->clients + CTL_CLIENTS; c++)
		if (c->open)
			client_close(c);
	ev_io_stop(ctl->loop, &ctl->io);
	ev_timer_stop(ctl->loop, &ctl->pause);
	close(ctl->io.fd);
	if (unlink(ctl->path) == -1 && errno != ENOENT)
		log_debug("%s stays: %s", ctl->path, strerror(errno));
	free(ctl);
}

void
ctl_reload_now(ctl_reload *reload, void *arg)
{
	char why[CTL_WHY];

	if (!reload(arg, false, why, sizeof(why)))
		log_error("reload refused: %s", why);
}

json_t *
ctl_answer_reload(const char *word, ctl_reload *reload, void *arg)
{
	bool only_try = strcmp(word, "try") == 0;
	char why[CTL_WHY];

	if (!only_try && strcmp(word, "reload") != 0)
		return NULL;
	if (reload(arg, only_try, why, sizeof(why)))
		return json_pack("{s:s}", "done", word);
	if (!only_try)
		log_error("reload refused: %s", why);
	return json_pack("{s:s}", "error", why);
}
