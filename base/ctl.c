/* A daemon's control socket; see ctl.h. */
#include "base/ctl.h"
#include "base/log.h"
#include "base/sys.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
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
	char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
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
		json = json_pack("{s:s}", "error", "unknown word; try status");
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

/* A socket that somebody answers is in use; one that nobody answers is left over. */
static int
clear_stale(const char *path)
{
	int fd = ctl_connect(path);

	if (fd != -1 || errno == EAGAIN) {
		if (fd != -1)
			close(fd);
		errno = EADDRINUSE;
		return -1;
	}
	if (errno == ECONNREFUSED && unlink(path) == -1)
		return -1;
	return errno == ENOENT || errno == ECONNREFUSED ? 0 : -1;
}

/*
 * Where the socket itself lies: what a link of root's points to, from its own folder on. So a daemon that is not root has
 * its socket in a folder of its own, below one of root's, and everybody asks at the same path as ever.
 */
static const char *
lies_at(const char *path, char *out, size_t room)
{
	const char *slash = strrchr(path, '/');
	size_t folder = slash ? (size_t)(slash + 1 - path) : 0;
	struct stat st;
	ssize_t n;

	if (lstat(path, &st) == -1 || !S_ISLNK(st.st_mode) || st.st_uid != 0 || folder >= room)
		return path;
	n = readlink(path, out + folder, room - folder);
	if (n <= 0 || (size_t)n >= room - folder)
		return path;
	out[folder + (size_t)n] = '\0';
	if (out[folder] == '/')
		memmove(out, out + folder, (size_t)n + 1);
	else
		memcpy(out, path, folder);
	return out;
}

static int
give(const char *path, unsigned uid, unsigned gid)
{
	if ((uid != geteuid() || gid != getegid()) && chown(path, uid, gid) == -1)
		return -1;
	return chmod(path, 0660);
}

struct ctl *
ctl_open(struct ev_loop *loop, const char *path, unsigned uid, unsigned gid, ctl_answer *answer, void *arg)
{
	char own[sizeof(((struct sockaddr_un *)0)->sun_path)];
	struct sockaddr_un sa;
	struct ctl *ctl;
	int fd = -1, saved;

	path = lies_at(path, own, sizeof(own));
	if (sys_unix(path, &sa) == -1 || clear_stale(path) == -1)
		return NULL;
	ctl = calloc(1, sizeof(*ctl));
	if (!ctl)
		return NULL;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd == -1 || bind(fd, (struct sockaddr *)&sa, sizeof(sa)) == -1)
		goto fail;
	if (give(path, uid, gid) == -1 || listen(fd, CTL_CLIENTS) == -1)
		goto fail;
	ctl->loop = loop;
	ctl->answer = answer;
	ctl->arg = arg;
	strcpy(ctl->path, path);
	ev_io_init(&ctl->io, on_ask, fd, EV_READ);
	ev_timer_init(&ctl->pause, on_pause_over, 0, 0);
	ctl->io.data = ctl->pause.data = ctl;
	ev_io_start(loop, &ctl->io);
	return ctl;
fail:
	saved = errno;
	if (fd != -1)
		close(fd);
	free(ctl);
	errno = saved;
	return NULL;
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
